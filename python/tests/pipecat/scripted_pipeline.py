"""A bot in a real pipeline of Pipecat, about a call that does what the test says."""

import asyncio
from contextlib import asynccontextmanager

from pipecat.frames.frames import (
    InputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner
from scripted_call import ScriptedCall

from trunkline.events import Ended
from trunkline.pipecat import SIPParams, SIPTransport
from trunkline.pipecat.transport import EVENTS

BYE = Ended("remote", "hangup", None, None)
FRAME = bytes(range(1, 129)) * 5

WITHIN_S = 30.0
"""Longer than anything here takes on a loaded machine."""


class Tap(FrameProcessor):
    """Keeps what passes between the input and the output."""

    def __init__(self):
        super().__init__()
        self.seen = []

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        self.seen.append(frame)
        if not isinstance(frame, InputAudioRawFrame):
            await self.push_frame(frame, direction)

    def of(self, kind):
        return [frame for frame in self.seen if isinstance(frame, kind)]


class Bot:
    """A pipeline about a call, and the events that its transport told, in their order."""

    def __init__(self, call, params=None, gateway=None):
        self.call = call
        self.transport = SIPTransport(params or SIPParams(), call=call, gateway=gateway)
        self.tap = Tap()
        self.after = Tap()
        self.worker = PipelineWorker(
            Pipeline([self.transport.input(), self.tap, self.transport.output(), self.after]),
            enable_rtvi=False,
            idle_timeout_secs=None,
        )
        self.told = []
        for event in EVENTS:
            self.transport.add_event_handler(event, self._noting(event))

    def _noting(self, event):
        def note(transport, *args):
            self.told.append((event, *args))

        return note

    @property
    def events(self):
        return [event for event, *_ in self.told]

    def data_of(self, wanted):
        (args,) = [args for event, *args in self.told if event == wanted]
        return args[0]

    async def run(self):
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        await runner.run()

    async def say(self, *frames):
        await self.worker.queue_frames(frames)

    async def speak(self, frames=10):
        audio = FRAME * frames
        await self.say(TTSStartedFrame(), TTSAudioRawFrame(audio, 16_000, 1), TTSStoppedFrame())


async def until(condition):
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def on_the_line(call=None, **how):
    """A bot whose pipeline runs, hung up in the end by whoever has not yet."""
    call = call or ScriptedCall()
    bot = Bot(call, **how)
    running = asyncio.create_task(bot.run())
    try:
        call.answer()
        await until(lambda: "on_client_connected" in bot.events)
        # The output starts after the input that told of this.
        await until(lambda: bot.after.seen)
        yield bot
    finally:
        call.end(BYE)
        await bot.worker.cancel()
        await asyncio.wait_for(running, WITHIN_S)
