"""A transport with many calls, and one whose bot dials, over real calls between two gateways."""

import asyncio
from contextlib import asynccontextmanager

from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from trunkline import Call, Gateway
from trunkline.events import Audio
from trunkline.pipecat import SIPParams, SIPTransport

CALLS = 5
TONE = (b"\x00\x20" * 20 + b"\x00\xe0" * 20) * 8
LOUD = 0x1000


class Echo(FrameProcessor):
    async def process_frame(self, frame: Frame, direction: FrameDirection):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
        await self.push_frame(frame, direction)


@asynccontextmanager
async def two_gateways(answer: str = "open"):
    """One for bots and one for whom they talk to, each of which may call the other."""
    bots = SIPParams(
        host="127.0.0.1", port=0, rtp_port_range="42000-42999", dial_allow=["sip:*"]
    ).configuration()
    phones = {
        "sip": {"listen": ["udp://127.0.0.1:0"], "rtp_ports": "43000-43999"},
        "dial": {"allow": ["sip:*"]},
        "apps": {"phone": {"type": "python", "answer": answer}},
        "routes": [{"app": "phone"}],
    }
    async with await Gateway.start(bots) as first, await Gateway.start(phones) as second:
        yield first, second


def address(gateway: Gateway) -> str:
    port = next(port for transport, _, port in gateway.addresses if transport == "udp")
    return f"sip:bot@127.0.0.1:{port}"


async def hears_itself(call: Call) -> None:
    """Speaks on a call until it hears that again."""
    speaking = asyncio.create_task(speak(call))
    try:
        async with asyncio.timeout(10):
            async for event in call:
                if isinstance(event, Audio) and loudest(event.samples) > LOUD:
                    return
    finally:
        speaking.cancel()
    raise AssertionError(f"the call ended before the echo came: {call.ended}")


async def speak(call: Call) -> None:
    while True:
        await call.play(TONE)


def loudest(samples: bytes) -> int:
    return max(abs(sample) for sample in memoryview(samples).cast("h"))


def echo_of(transport: SIPTransport, session_id: str | None = None) -> PipelineWorker:
    ends = transport.input(session_id), transport.output(session_id)
    return PipelineWorker(Pipeline([ends[0], Echo(), ends[1]]), enable_rtvi=False)


async def test_one_transport_has_a_pipeline_for_each_of_many_callers():
    async with two_gateways() as (bots, phones):
        transport = SIPTransport(SIPParams(), gateway=bots)
        transport.set_pipeline_factory(lambda session_id: echo_of(transport, session_id))
        gone, addresses = [], set()
        transport.add_event_handler(
            "on_client_connected", lambda _, who: addresses.add(who["addr"])
        )
        transport.add_event_handler("on_client_disconnected", lambda _, who: gone.append(who["id"]))
        serving = asyncio.create_task(transport.run())
        calls = [await phones.dial(address(bots)) for _ in range(CALLS)]
        await asyncio.gather(*(hears_itself(call) for call in calls))
        calls[0].hangup()
        async with asyncio.timeout(10):
            while len(gone) < 1:
                await asyncio.sleep(0.01)
        assert not serving.done() and not calls[1].ended
        serving.cancel()
        await asyncio.wait({serving}, timeout=10)
        async with asyncio.timeout(10):
            for call in calls:
                while await call.event() is not None:
                    pass
        assert len(gone) == len(set(gone)) == CALLS
        assert addresses == {address(phones).removeprefix("sip:bot@")}
        assert {call.ended.by for call in calls[1:]} == {"remote"}


async def test_a_bot_calls_somebody_and_hears_and_is_heard():
    async with two_gateways() as (bots, phones):
        transport = SIPTransport(SIPParams(), gateway=bots)
        worker = echo_of(transport)
        told = []
        for event in ("on_dialout_answered", "on_dialout_stopped", "on_client_disconnected"):
            transport.add_event_handler(event, lambda *_, event=event: told.append(event))
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())
        accepting = asyncio.create_task(phones.accept())
        session_id, error = await transport.start_dialout(address(phones))
        assert error is None and transport.call.id == session_id
        call = await accepting
        await hears_itself(call)
        assert await transport.stop_dialout(session_id) is None
        async with asyncio.timeout(10):
            while await call.event() is not None:
                pass
        assert call.ended.by == "remote"
        await worker.cancel()
        await asyncio.wait_for(running, 10)
        assert told == ["on_dialout_answered", "on_dialout_stopped", "on_client_disconnected"]


async def test_a_call_that_rings_is_given_up_when_the_bot_says_so():
    async with two_gateways(answer="manual") as (bots, phones):
        transport = SIPTransport(SIPParams(), gateway=bots)
        dialling = asyncio.create_task(transport.start_dialout(address(phones)))
        call = await phones.accept()
        assert await transport.stop_dialout() is None
        assert await dialling == ("", "cancelled")
        async with asyncio.timeout(10):
            while await call.event() is not None:
                pass
        assert call.ended.by == "remote"
