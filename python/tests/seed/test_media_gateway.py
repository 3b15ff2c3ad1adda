"""Calls by their names, with their audio in queues."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import pytest
from provider_end import TWILIO_CONNECTED, TWILIO_START, FakeWebSocket, run

from sip_voice_transport import AudioCodecError, SIPMediaGateway, SipTransport, TwilioProvider
from sip_voice_transport.media_gateway import QUEUE_MAX

CALL = "CA0123456789abcdef0123456789abcdef"


async def over_twilio() -> tuple[SipTransport, FakeWebSocket]:
    """A call over a stream that has begun."""
    websocket, provider = FakeWebSocket(), TwilioProvider()
    websocket.says(TWILIO_START)
    await provider.connect(websocket, TWILIO_CONNECTED)
    return SipTransport(provider), websocket


def media(chunk: int) -> dict[str, Any]:
    payload = base64.b64encode(b"\xff" * 160).decode()
    return {
        "event": "media",
        "media": {"track": "inbound", "chunk": str(chunk), "payload": payload},
    }


class Told(SIPMediaGateway):
    """Writes down what it is told of calls."""

    def __init__(self, pipeline: Any = None) -> None:
        super().__init__(pipeline)
        self.told: list[Any] = []

    async def on_call_started(self, call_id: str, metadata: Mapping[str, Any]) -> None:
        self.told.append(("started", call_id, metadata["caller_id"], metadata["config"]))

    async def on_call_ended(self, call_id: str, reason: str) -> None:
        self.told.append(("ended", call_id, reason))


@pytest.mark.parametrize(("rate", "piece"), [(16000, 640), (8000, 320)])
def test_a_pipeline_hears_and_speaks_at_its_own_rate(rate: int, piece: int) -> None:
    heard: list[int] = []

    async def pipeline(gateway: SIPMediaGateway, call_id: str) -> None:
        queue = gateway.get_audio_queue(call_id)
        assert queue is not None
        for _ in range(5):
            chunk = await queue.get()
            heard.append(len(chunk))
            await gateway.send_audio(call_id, chunk)
        recording = gateway.get_recording_buffer(call_id)
        assert recording is not None
        assert len(recording) >= 5 * piece
        gateway.clear_recording_buffer(call_id)
        assert gateway.get_recording_buffer(call_id) == b""
        await gateway.clear_output_buffer(call_id)

    async def scenario() -> None:
        gateway = Told(pipeline)
        await gateway.initialize({"sample_rate": rate})
        transport, websocket = await over_twilio()
        websocket.says(*(media(chunk) for chunk in range(1, 11)))
        await gateway.on_session(transport, None)
        assert gateway.told == [("started", CALL, "+15125550100", None), ("ended", CALL, "hangup")]
        assert heard == [piece] * 5
        assert websocket.events("media")
        assert websocket.events("clear")
        assert gateway.get_audio_queue(CALL) is None
        await gateway.send_audio(CALL, bytes(piece))
        await transport.close()

    run(scenario())


def test_a_pipeline_ends_with_its_call() -> None:
    cancelled = asyncio.Event()

    async def pipeline(gateway: SIPMediaGateway, call_id: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def scenario() -> None:
        gateway = Told(pipeline)
        transport, websocket = await over_twilio()
        websocket.says({"event": "stop", "stop": {}})
        await gateway.on_session(transport, None)
        assert cancelled.is_set()
        assert gateway.told[-1] == ("ended", CALL, "hangup")

    run(scenario())


def test_a_pipeline_that_fails_ends_its_call_as_an_error() -> None:
    async def pipeline(gateway: SIPMediaGateway, call_id: str) -> None:
        raise RuntimeError("a bug")

    async def scenario() -> None:
        gateway = Told(pipeline)
        transport, _ = await over_twilio()
        with pytest.raises(RuntimeError, match="a bug"):
            await gateway.on_session(transport, None)
        assert gateway.told[-1] == ("ended", CALL, "error")
        await transport.close()

    run(scenario())


def test_whoever_does_not_listen_loses_the_oldest() -> None:
    async def scenario() -> None:
        gateway = SIPMediaGateway()
        transport, websocket = await over_twilio()
        session = asyncio.create_task(gateway.on_session(transport, None))
        await asyncio.sleep(0)
        for number in range(QUEUE_MAX + 1):
            await gateway.on_audio_received(CALL, number.to_bytes(2, "little"))
        queue = gateway.get_audio_queue(CALL)
        assert queue is not None
        assert (queue.qsize(), queue.get_nowait()) == (QUEUE_MAX, b"\x01\x00")
        await gateway.cleanup()
        await session
        assert websocket.closed_with == (1000, "")

    run(scenario())


def test_a_rate_that_nobody_converts_is_an_error() -> None:
    with pytest.raises(AudioCodecError):
        run(SIPMediaGateway().initialize({"sample_rate": 11025}))
    assert SIPMediaGateway().name == "sip"
