"""A bot that says back what it hears, until a key gives it an order; it writes down what happens.

1: speaks for ten seconds. 2: is interrupted. 3: presses keys. 4: transfers the call. 5: says a word
and ends its pipeline. 6: hangs up with a frame. 7: cancels its pipeline. 8: fails. 9: the task that
it runs in is cancelled.
Whom the caller dials says what is to go wrong before that: `early` has the bot end before its
pipeline runs, `broken` has it raise, `cancel-N` cancels its pipeline after so many turns of the
loop, `abort-N` the task that it runs in. With `events` it writes down every event.
"""

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable

from notes import note, note_holdings_on_signal, only_warnings
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndWorkerFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    OutputAudioRawFrame,
    OutputDTMFFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.types import RunnerArguments
from pipecat.workers.runner import WorkerRunner

from trunkline.pipecat import (
    SIPHangupFrame,
    SIPParams,
    SIPPlayoutInterruptedFrame,
    SIPTransferFrame,
    SIPTransport,
    create_transport,
)
from trunkline.pipecat.transport import EVENTS

RATE_HZ = 16_000
TONE_HZ = 600
SPEECH_S, WORD_S = 10, 0.3
# Nobody is there, and TCP says so at once.
ELSEWHERE = "sip:elsewhere@127.0.0.1:9;transport=tcp"

transport_params = {"sip": lambda: SIPParams(dial_allow=[ELSEWHERE])}


class Orders(FrameProcessor):
    """Does what the keys say."""

    def __init__(self, call: str):
        super().__init__()
        self.call = call
        self.echoes = True
        self.worker: PipelineWorker | None = None
        self.task = asyncio.current_task()

    async def process_frame(self, frame: Frame, direction: FrameDirection):
        await super().process_frame(frame, direction)
        match frame:
            case InputAudioRawFrame():
                if self.echoes:
                    await self.push_frame(
                        OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
                    )
            case InputDTMFFrame():
                await self.pressed(frame.button.value)
            case BotStartedSpeakingFrame():
                note(self.call, "speaks")
                await self.push_frame(frame, direction)
            case BotStoppedSpeakingFrame():
                note(self.call, "stops")
                await self.push_frame(frame, direction)
            case SIPPlayoutInterruptedFrame():
                note(self.call, "cut off", heard_ms=frame.heard_ms)
                await self.push_frame(frame, direction)
            case _:
                await self.push_frame(frame, direction)

    async def pressed(self, key: str):
        note(self.call, "key", key=key)
        self.echoes = False
        match key:
            case "1":
                await self.speak(SPEECH_S)
            case "2":
                note(self.call, "interrupts")
                await self.broadcast_interruption()
            case "3":
                await self.push_frame(OutputDTMFFrame.from_string("42#"))
            case "4":
                await self.push_frame(SIPTransferFrame(target=ELSEWHERE))
            case "5":
                await self.speak(WORD_S)
                await self.push_frame(EndWorkerFrame(), FrameDirection.UPSTREAM)
            case "6":
                await self.push_frame(SIPHangupFrame())
            case "7":
                await self.worker.cancel()
            case "8":
                raise RuntimeError("this bot fails when told to")
            case "9":
                await self.abort()

    async def abort(self):
        self.task.cancel()

    async def speak(self, seconds: float):
        """As a fast voice does: all of it at once, in pieces of 100 ms."""
        await self.push_frame(TTSStartedFrame())
        speech = tone(seconds)
        piece = RATE_HZ // 10 * 2
        for at in range(0, len(speech), piece):
            await self.push_frame(TTSAudioRawFrame(speech[at : at + piece], RATE_HZ, 1))
        await self.push_frame(TTSStoppedFrame())


def tone(seconds: float) -> bytes:
    step = math.tau * TONE_HZ / RATE_HZ
    samples = [int(10_000 * math.sin(step * at)) for at in range(int(RATE_HZ * seconds))]
    return struct.pack(f"<{len(samples)}h", *samples)


async def bot(runner_args: RunnerArguments):
    call = runner_args.call_data.from_number
    note(call, "begins")
    try:
        await converse(call, runner_args)
    finally:
        note(call, "over")


async def converse(call: str, runner_args: RunnerArguments):
    called = runner_args.call_data
    if called.to_number.startswith("broken"):
        raise RuntimeError("this bot is broken")
    transport = await create_transport(runner_args, transport_params)
    orders = Orders(call)
    worker = PipelineWorker(
        Pipeline([transport.input(), orders, transport.output()]), enable_rtvi=False
    )
    orders.worker = worker

    @transport.event_handler("on_client_connected")
    async def on_client_connected(transport, client):
        note(call, "connected")

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(transport, client):
        note(call, "disconnected")
        await worker.cancel()

    @transport.event_handler("on_transfer_result")
    async def on_transfer_result(transport, data):
        note(call, "transferred" if data["error"] is None else "not transferred")

    if called.to_number.startswith("events"):
        note_every_event(call, transport)
    if called.to_number.startswith("early"):
        return
    runner = WorkerRunner(handle_sigint=runner_args.handle_sigint)
    await runner.add_workers(worker)
    what, _, turns = called.to_number.partition("-")
    if what in ("cancel", "abort"):
        cancel = worker.cancel if what == "cancel" else orders.abort
        orders.cancelling = asyncio.create_task(after(int(turns), cancel))
    await runner.run()


def note_every_event(call: str, transport: SIPTransport):
    for event in EVENTS:

        @transport.event_handler(event)
        async def on_event(transport, *data, event=event):
            note(call, event)


async def after(turns: int, cancel: Callable[[], Awaitable[None]]):
    for _ in range(turns):
        await asyncio.sleep(0)
    await cancel()


only_warnings()
note_holdings_on_signal()
