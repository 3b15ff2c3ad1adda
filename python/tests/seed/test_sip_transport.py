"""A call as an application has it: over a stream, over SIP, and over a provider of its own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

import pytest
from provider_end import TWILIO_CONNECTED, TWILIO_START, FakeWebSocket, SipCall, run
from sound import tone

from sip_voice_transport import (
    CANONICAL_CHANNELS,
    CANONICAL_SAMPLE_RATE,
    CANONICAL_SAMPLE_WIDTH,
    BaseSipProvider,
    BaseTransport,
    ProviderConnectionError,
    SipTransport,
    TwilioProvider,
)
from trunkline.events import Answered, Audio, Cleared, Dtmf, Ended, MarkPlayed


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


def seconds_sent(websocket: FakeWebSocket) -> float:
    payloads = (message["media"]["payload"] for message in websocket.events("media"))
    return sum(len(base64.b64decode(payload)) for payload in payloads) / 8000


async def plays(websocket: FakeWebSocket) -> None:
    """A provider that plays what it gets, and answers marks when they are reached."""
    loop, dry_at = asyncio.get_running_loop(), 0.0
    async for message in websocket.messages():
        if message["event"] == "media":
            size = len(base64.b64decode(message["media"]["payload"]))
            dry_at = max(dry_at, loop.time()) + size / 8000
        elif message["event"] == "clear":
            dry_at = 0.0
        elif message["event"] == "mark":
            echo = {"event": "mark", "streamSid": "MZ", "mark": message["mark"]}
            loop.call_at(max(dry_at, loop.time()), websocket.says, echo)


def test_canonical_audio_is_16_khz_16_bit_mono() -> None:
    assert (CANONICAL_SAMPLE_RATE, CANONICAL_SAMPLE_WIDTH, CANONICAL_CHANNELS) == (16000, 2, 1)


def test_a_transport_cannot_be_made_of_its_interface() -> None:
    with pytest.raises(TypeError):
        BaseTransport()  # type: ignore[abstract]


def test_what_is_known_of_the_call() -> None:
    async def scenario() -> None:
        transport, _ = await over_twilio()
        assert transport.metadata == {
            "transport": "sip",
            "provider": "twilio",
            "caller_id": "+15125550100",
            "did": "+15125551234",
            "call_sid": "CA0123456789abcdef0123456789abcdef",
            "stream_id": "MZ0123456789abcdef0123456789abcdef",
            "parameters": {"plan": "gold"},
        }

    run(scenario())


def test_audio_comes_at_16_khz_until_the_call_ends() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        assert transport.is_connected
        websocket.says(*(media(chunk) for chunk in range(1, 11)), {"event": "stop", "stop": {}})
        pieces = [piece async for piece in transport.receive_audio()]
        assert [len(piece) for piece in pieces] == [640] * 10
        assert not transport.is_connected, "not after its end"
        assert [piece async for piece in transport.receive_audio()] == []

    run(scenario())


def test_speaking_takes_as_long_as_the_speech() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await transport.send_audio(tone(440, 3.0, 16000))
        assert loop.time() - began == pytest.approx(2.8, abs=0.05), "but for 200 ms"
        await transport.send_audio(tone(440, 1.0, 16000))
        assert loop.time() - began == pytest.approx(3.8, abs=0.05)
        assert seconds_sent(websocket) <= 4.0
        await transport.close()

    run(scenario())


def test_a_mark_is_told_when_it_was_played_and_not_before() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        loop, player = asyncio.get_running_loop(), asyncio.create_task(plays(websocket))
        began = loop.time()
        await transport.send_audio(tone(440, 1.0, 16000))
        await transport.send_mark("greeting")
        assert await transport.wait_for_mark("greeting")
        assert loop.time() - began == pytest.approx(1.0, abs=0.05)
        assert await transport.wait_for_mark("greeting"), "and afterwards as well"
        player.cancel()
        await transport.close()

    run(scenario())


def test_an_interruption_ends_the_speech_and_tells_its_marks() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        loop = asyncio.get_running_loop()
        speech = asyncio.create_task(transport.send_audio(tone(440, 60.0, 16000)))
        await websocket.until(lambda: seconds_sent(websocket) >= 1.0)
        await transport.send_mark("the end")
        began = loop.time()
        await transport.clear_audio()
        await speech
        assert not await transport.wait_for_mark("the end")
        assert loop.time() == began, "at once"
        await websocket.until(lambda: bool(websocket.events("clear")))
        sent = seconds_sent(websocket)
        await asyncio.sleep(5)
        assert seconds_sent(websocket) == sent, "and nothing of it comes later"
        await transport.close()

    run(scenario())


def test_a_mark_of_a_call_that_ends_is_not_played() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        await transport.send_audio(tone(440, 0.1, 16000))
        await transport.send_mark("goodbye")
        websocket.says({"event": "stop", "stop": {}})
        assert not await transport.wait_for_mark("goodbye")
        await transport.send_mark("too late")
        assert not await transport.wait_for_mark("too late")
        with pytest.raises(ValueError, match="never sent"):
            await transport.wait_for_mark("never sent")

    run(scenario())


def test_keys_and_the_end_are_events() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        websocket.says({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "7"}})
        websocket.says({"event": "stop", "stop": {}})
        events = [event async for event in transport.events()]
        assert events == [Answered(), Dtmf("7", 0), Ended("remote", "hangup", None, None)]

    run(scenario())


def test_nothing_that_is_said_after_the_end_is_an_error() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        await transport.close()
        assert websocket.closed_with == (1000, "")
        assert not transport.is_connected
        await transport.send_audio(bytes(640))
        await transport.clear_audio()
        await transport.send_dtmf("1")
        await transport.close()
        assert websocket.events("media") == []

    run(scenario())


def test_an_application_that_does_not_listen_loses_the_oldest_audio_and_it_is_counted() -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        websocket.says(*(media(chunk) for chunk in range(1, 601)), {"event": "stop", "stop": {}})
        await asyncio.sleep(0.1)
        assert len([piece async for piece in transport.receive_audio()]) <= 500
        assert transport.audio_dropped >= 1

    run(scenario())


def test_before_the_stream_begins_there_is_no_call() -> None:
    async def scenario() -> None:
        transport = SipTransport(TwilioProvider())
        assert not transport.is_connected
        for saying in (
            transport.send_audio(bytes(640)),
            transport.send_mark("a"),
            transport.clear_audio(),
        ):
            with pytest.raises(ProviderConnectionError):
                await saying
        with pytest.raises(ProviderConnectionError):
            _ = [piece async for piece in transport.receive_audio()]
        await transport.close()

    run(scenario())


def test_a_transport_can_be_made_without_an_event_loop() -> None:
    assert not SipTransport(TwilioProvider()).is_connected


def test_a_call_over_sip_is_a_transport_too() -> None:
    async def scenario() -> None:
        call = SipCall(Audio(bytes(640), 0, False), MarkPlayed("a", 20), Cleared(20, ("b",)))
        transport = SipTransport(call)
        assert transport.metadata == {
            "transport": "sip",
            "provider": "sip",
            "caller_id": "+15125550100",
            "did": "+15125551234",
            "call_sid": "0" * 32,
        }
        await transport.send_audio(bytes(640))
        await transport.send_mark("a")
        await transport.send_mark("b")
        await transport.send_dtmf("12#")
        await transport.transfer("sip:bob@example.com")
        assert await transport.wait_for_mark("a")
        assert not await transport.wait_for_mark("b")
        assert [piece async for piece in transport.receive_audio()] == [bytes(640)]
        assert not transport.is_connected
        await transport.send_audio(bytes(640))
        assert call.asked == [
            ("play", 640),
            ("mark", "a"),
            ("mark", "b"),
            ("dtmf", "12#"),
            ("transfer", "sip:bob@example.com"),
        ]

    run(scenario())


def test_closing_hangs_up_a_call_over_sip() -> None:
    async def scenario() -> None:
        call = SipCall(*[Audio(bytes(640), 0, False)] * 100)
        transport = SipTransport(call)
        await transport.close()
        assert call.asked == [("hangup",)]
        assert not transport.is_connected

    run(scenario())


class Panicking:
    """A session with a defect, which ends the call when it is used again."""

    deadline = None

    def receive(self, now: float, message: str | bytes) -> list[Any]:
        raise AssertionError("a defect")

    def closed(self, now: float, code: int | None = None) -> list[Any]:
        return [("event", "Ended", ("gateway", "internal", None, None)), ("finished",)]

    def hangup(self, now: float, cause: str) -> list[Any]:
        return []


def test_a_defect_ends_its_call_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        transport, websocket = await over_twilio()
        call = transport._provider.call  # type: ignore[union-attr]
        call._session = Panicking()
        websocket.says(media(1))
        assert [type(event) async for event in transport.events()] == [Answered, Ended]
        assert not transport.is_connected
        await call.wait_closed()

    run(scenario())
    assert "reader failed" in caplog.text


class Pigeon(BaseSipProvider):
    """A provider that an application brings along: A-law at 8 kHz."""

    provider_name = "pigeon"
    native_sample_rate = 8000
    native_encoding = "alaw"
    stream_id = "p1"
    call_metadata: ClassVar[dict[str, Any]] = {
        "caller_id": "+15125550100",
        "did": "+15125551234",
        "call_sid": "c1",
    }

    def __init__(self) -> None:
        self.done: list[Any] = []

    async def connect(self, websocket: Any, first_message: Mapping[str, Any] | str | bytes) -> None:
        raise AssertionError("it is connected")

    async def receive_audio_frames(self) -> AsyncGenerator[bytes, None]:
        for _ in range(3):
            yield b"\xd5" * 160

    async def send_audio_frame(self, audio: bytes) -> None:
        await asyncio.sleep(0.02)
        self.done.append(len(audio))

    async def send_mark(self, name: str) -> None:
        self.done.append(name)

    async def clear_audio(self) -> None:
        raise ConnectionResetError("its own trouble")

    async def disconnect(self) -> None:
        self.done.append("disconnected")


def test_a_provider_of_ones_own_is_converted() -> None:
    async def scenario() -> None:
        provider = Pigeon()
        transport = SipTransport(provider)
        assert transport.is_connected
        await transport.send_audio(bytes(640))
        await transport.send_mark("a")
        await transport.clear_audio()
        pieces = [piece async for piece in transport.receive_audio()]
        assert [len(piece) for piece in pieces] == [640] * 3
        assert not transport.is_connected
        assert transport.metadata["provider"] == "pigeon"
        await transport.close()
        assert provider.done[:2] == [160, "a"]
        assert provider.done[-1] == "disconnected"

    run(scenario())
