"""A Pipecat bot on the telephone. It needs no keys of any service.

    python pipecat_bot.py -t sip

Then call sip:bot@127.0.0.1: it plays a tone, says back what it hears, and hangs up at key #. Put
your speech-to-text, language model and text-to-speech in the place of `Echo`.
"""

import math
import struct

from pipecat.frames.frames import (
    EndWorkerFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    OutputAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.types import RunnerArguments
from pipecat.transports.base_transport import BaseTransport
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from pipecat.workers.runner import WorkerRunner

from trunkline.pipecat import SIPParams, create_transport

transport_params = {
    "sip": lambda: SIPParams(),
    "twilio": lambda: FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True),
}

RATE_HZ = 16_000


class Echo(FrameProcessor):
    """Says back what it hears."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
        elif isinstance(frame, InputDTMFFrame) and frame.button.value == "#":
            frame = EndWorkerFrame()
        await self.push_frame(frame, direction)


def greeting() -> OutputAudioRawFrame:
    """Half a second of a tone."""
    step = math.tau * 600 / RATE_HZ
    samples = [int(8000 * math.sin(step * at)) for at in range(RATE_HZ // 2)]
    pcm = struct.pack(f"<{len(samples)}h", *samples)
    return OutputAudioRawFrame(pcm, RATE_HZ, num_channels=1)


async def bot(runner_args: RunnerArguments) -> None:
    """One call; the runner calls this for each."""
    transport = await create_transport(runner_args, transport_params)
    worker = PipelineWorker(Pipeline([transport.input(), Echo(), transport.output()]))

    @transport.event_handler("on_client_connected")
    async def on_client_connected(transport: BaseTransport, client: object) -> None:
        await worker.queue_frames([greeting()])

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(transport: BaseTransport, client: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=runner_args.handle_sigint)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    from trunkline.pipecat import main

    main()
