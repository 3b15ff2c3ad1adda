"""A Pipecat bot that says back what it hears, run by Pipecat's own runner.

Key 1: a minute of a tone. Key 2: the bot is interrupted, and falls silent. Key #: it hangs up.
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
from pipecat.runner.utils import create_transport
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 24000
TONE_HZ = 600
TONE_S = 60
# Pipecat sends one message of this length after the other, and each before the one before it has
# been played: so much at least waits at the gateway while the bot speaks.
PIECE_10MS = 200


class Echo(FrameProcessor):
    """Says back what it hears until it speaks of its own."""

    def __init__(self):
        super().__init__()
        self.echoes = True

    async def process_frame(self, frame: Frame, direction: FrameDirection):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            if self.echoes:
                await self.say(frame.audio, frame.sample_rate)
        elif isinstance(frame, InputDTMFFrame):
            await self.pressed(frame.button.value)
        else:
            await self.push_frame(frame, direction)

    async def pressed(self, key: str):
        print(f"key {key}", flush=True)
        if key == "1":
            self.echoes = False
            await self.say(tone(), RATE_HZ)
        elif key == "2":
            await self.broadcast_interruption()
        elif key == "#":
            await self.push_frame(EndWorkerFrame())

    async def say(self, audio: bytes, rate_hz: int):
        await self.push_frame(OutputAudioRawFrame(audio, rate_hz, num_channels=1))


def tone() -> bytes:
    step = math.tau * TONE_HZ / RATE_HZ
    second = [int(10000 * math.sin(step * at)) for at in range(RATE_HZ)]
    return struct.pack(f"<{RATE_HZ}h", *second) * TONE_S


def both_ways(**more):
    return lambda: FastAPIWebsocketParams(
        audio_in_enabled=True,
        audio_out_enabled=True,
        audio_out_10ms_chunks=PIECE_10MS,
        **more,
    )


async def bot(arguments: RunnerArguments):
    telephony = {name: both_ways() for name in ("twilio", "telnyx", "plivo", "exotel")}
    websocket = both_ways(serializer=ProtobufFrameSerializer(), add_wav_header=False)
    transport = await create_transport(arguments, telephony | {"websocket": websocket})
    echo = Echo()
    worker = PipelineWorker(Pipeline([transport.input(), echo, transport.output()]))

    # Pipecat's own protobuf frames have no word for a key.
    @worker.rtvi.event_handler("on_client_message")
    async def on_client_message(rtvi, message):
        if message.type == "dtmf":
            await echo.pressed(message.data["digit"])

    @transport.event_handler("on_client_connected")
    async def on_client_connected(transport, client):
        called = arguments.call_data
        if called and called.from_number:
            print(f"call from {called.from_number} to {called.to_number}", flush=True)

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(transport, client):
        print("the caller is gone", flush=True)
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()
    print("the bot has ended", flush=True)


if __name__ == "__main__":
    from pipecat.runner.run import main

    main()
