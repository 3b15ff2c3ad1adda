"""A bot that says back what it hears, on any transport it is run with.

Nothing in it is of one transport but a line in `transport_params`, and it runs under Pipecat's own
runner as well as under `python -m trunkline.pipecat`. SIGUSR1 has it write down what it holds.
"""

from notes import note, note_holdings_on_signal, only_warnings
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.types import RunnerArguments
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from pipecat.workers.runner import WorkerRunner

from trunkline.pipecat import SIPParams, create_transport

transport_params = {
    "sip": lambda: SIPParams(),
    "twilio": lambda: FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True),
}


class Echo(FrameProcessor):
    """Turns what comes in into what goes out."""

    async def process_frame(self, frame: Frame, direction: FrameDirection):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
        await self.push_frame(frame, direction)


async def bot(runner_args: RunnerArguments):
    transport = await create_transport(runner_args, transport_params)
    worker = PipelineWorker(
        Pipeline([transport.input(), Echo(), transport.output()]), enable_rtvi=False
    )

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(transport, client):
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=runner_args.handle_sigint)
    await runner.add_workers(worker)
    await runner.run()
    note("any", "over")


only_warnings()
note_holdings_on_signal()

if __name__ == "__main__":
    from pipecat.runner.run import main

    main()
