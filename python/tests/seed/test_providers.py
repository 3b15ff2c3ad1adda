"""Telnyx and Twilio over a WebSocket, in virtual time."""

from __future__ import annotations

import asyncio
import base64

import pytest
from provider_end import (
    TELNYX_CONNECTED,
    TELNYX_START,
    TWILIO_CONNECTED,
    TWILIO_START,
    FakeWebSocket,
    run,
)
from sound import tone

from sip_voice_transport import (
    BaseSipProvider,
    ProviderConnectionError,
    ProviderDetectionError,
    StreamProvider,
    TelnyxProvider,
    TwilioProvider,
    detect_provider_from_message,
    get_provider,
    mulaw_encode,
)

BOTH = [
    (TelnyxProvider, TELNYX_CONNECTED, TELNYX_START),
    (TwilioProvider, TWILIO_CONNECTED, TWILIO_START),
]


async def connected(made, hello, start):  # type: ignore[no-untyped-def]
    """A provider whose stream has begun, and its WebSocket."""
    websocket, provider = FakeWebSocket(), made()
    websocket.says(start)
    await provider.connect(websocket, hello)
    return provider, websocket


def test_a_stream_of_telnyx_tells_its_call() -> None:
    async def scenario() -> None:
        provider, _ = await connected(TelnyxProvider, TELNYX_CONNECTED, TELNYX_START)
        assert provider.provider_name == "telnyx"
        assert provider.stream_id == TELNYX_START["stream_id"]
        assert provider.call_metadata == {
            "caller_id": "+15125550100",
            "did": "+15125551234",
            "call_sid": "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO5hz",
            "stream_id": TELNYX_START["stream_id"],
            "parameters": {"client_state": "aGVsbG8="},
        }
        assert (provider.native_encoding, provider.native_sample_rate) == ("mulaw", 8000)

    run(scenario())


def test_a_stream_of_twilio_tells_its_call() -> None:
    async def scenario() -> None:
        provider, _ = await connected(TwilioProvider, TWILIO_CONNECTED, TWILIO_START)
        assert provider.provider_name == "twilio"
        assert provider.stream_id == "MZ0123456789abcdef0123456789abcdef"
        known = provider.call_metadata
        assert (known["caller_id"], known["did"]) == ("+15125550100", "+15125551234")
        assert known["call_sid"] == "CA0123456789abcdef0123456789abcdef"
        assert known["parameters"] == {"plan": "gold"}

    run(scenario())


@pytest.mark.parametrize(
    ("encoding", "rate", "native"),
    [("PCMA", 8000, "alaw"), ("L16", 16000, "l16"), ("audio/x-mulaw", 8000, "mulaw")],
)
def test_telnyx_speaks_what_it_announces(encoding: str, rate: int, native: str) -> None:
    announced = {"encoding": encoding, "sample_rate": rate, "channels": 1}
    start = {**TELNYX_START, "start": {**TELNYX_START["start"], "media_format": announced}}  # type: ignore[dict-item]

    async def scenario() -> None:
        provider, _ = await connected(TelnyxProvider, TELNYX_CONNECTED, start)
        assert (provider.native_encoding, provider.native_sample_rate) == (native, rate)

    run(scenario())


def test_start_may_be_the_first_message_that_is_given() -> None:
    async def scenario() -> None:
        provider = TwilioProvider()
        await provider.connect(FakeWebSocket(), TWILIO_START)
        assert provider.stream_id is not None

    run(scenario())


@pytest.mark.parametrize(("made", "hello", "start"), BOTH)
def test_a_wrong_first_event_is_an_error_and_the_connection_is_closed(made, hello, start) -> None:  # type: ignore[no-untyped-def]
    async def scenario() -> None:
        websocket, provider = FakeWebSocket(), made()
        with pytest.raises(ProviderConnectionError, match="wrong"):
            await provider.connect(websocket, {"event": "wrong"})
        assert provider.stream_id is None
        assert websocket.closed_with is not None
        assert websocket.closed_with[0] == 1008

    run(scenario())


@pytest.mark.parametrize(("made", "hello", "start"), BOTH)
@pytest.mark.parametrize(
    "second", [{"event": "wrong"}, {"event": "media", "media": {"payload": ""}}]
)
def test_a_wrong_second_event_is_an_error(made, hello, start, second) -> None:  # type: ignore[no-untyped-def]
    async def scenario() -> None:
        websocket, provider = FakeWebSocket(), made()
        websocket.says(second)
        with pytest.raises(ProviderConnectionError):
            await provider.connect(websocket, hello)
        assert websocket.closed_with is not None

    run(scenario())


def test_connected_twice_is_no_beginning() -> None:
    async def scenario() -> None:
        websocket = FakeWebSocket()
        websocket.says(TWILIO_CONNECTED)
        with pytest.raises(ProviderConnectionError):
            await TwilioProvider().connect(websocket, TWILIO_CONNECTED)

    run(scenario())


def test_a_start_that_does_not_come_is_waited_for_five_seconds() -> None:
    async def scenario() -> None:
        websocket, began = FakeWebSocket(), asyncio.get_running_loop().time()
        with pytest.raises(ProviderConnectionError, match="within 5 s"):
            await TwilioProvider().connect(websocket, TWILIO_CONNECTED)
        assert asyncio.get_running_loop().time() - began == pytest.approx(5.0)
        assert websocket.closed_with == (1008, "no `start` within 5 s")

    run(scenario())


def test_a_connection_that_is_closed_before_start_is_an_error() -> None:
    async def scenario() -> None:
        websocket = FakeWebSocket()
        websocket.goes()
        with pytest.raises(ProviderConnectionError, match="closed before"):
            await TelnyxProvider().connect(websocket, TELNYX_CONNECTED)

    run(scenario())


@pytest.mark.parametrize(("made", "hello", "start"), BOTH)
def test_nothing_can_be_said_before_the_stream_begins(made, hello, start) -> None:  # type: ignore[no-untyped-def]
    async def scenario() -> None:
        provider: BaseSipProvider = made()
        for saying in (
            provider.send_audio_frame(b"\xff"),
            provider.send_mark("a"),
            provider.clear_audio(),
        ):
            with pytest.raises(ProviderConnectionError):
                await saying
        await provider.disconnect()

    run(scenario())


@pytest.mark.parametrize(("made", "hello", "start"), BOTH)
def test_frames_are_in_the_providers_own_encoding(made, hello, start) -> None:  # type: ignore[no-untyped-def]
    async def scenario() -> None:
        provider, websocket = await connected(made, hello, start)
        said = mulaw_encode(tone(440, 0.02, 8000))
        payload = base64.b64encode(said).decode()
        for chunk in range(1, 6):
            body = {"track": "inbound", "chunk": str(chunk), "payload": payload}
            websocket.says({"event": "media", "media": body})
        websocket.says({"event": "stop", "stop": {}})
        frames = [frame async for frame in provider.receive_audio_frames()]
        assert [len(frame) for frame in frames] == [160] * 5
        await provider.call.wait_closed()
        assert websocket.closed_with == (1000, "")

    run(scenario())


def test_what_is_said_to_twilio_names_the_stream() -> None:
    async def scenario() -> None:
        provider, websocket = await connected(TwilioProvider, TWILIO_CONNECTED, TWILIO_START)
        await provider.send_audio_frame(b"\xff" * 160)
        await provider.send_mark("a")
        await provider.clear_audio()
        await websocket.until(lambda: bool(websocket.events("clear")))
        # Marks of the gateway's own may be among them.
        kinds = [message["event"] for message in websocket.sent]
        assert (kinds[0], set(kinds[1:-1]), kinds[-1]) == ("media", {"mark"}, "clear")
        assert {message["streamSid"] for message in websocket.sent} == {provider.stream_id}
        [media] = websocket.events("media")
        assert len(base64.b64decode(media["media"]["payload"])) == 160

    run(scenario())


def test_what_is_said_to_telnyx_names_nothing() -> None:
    async def scenario() -> None:
        provider, websocket = await connected(TelnyxProvider, TELNYX_CONNECTED, TELNYX_START)
        await provider.send_audio_frame(b"\xff" * 160)
        await websocket.until(lambda: bool(websocket.events("media")))
        assert set(websocket.sent[0]) == {"event", "media"}

    run(scenario())


@pytest.mark.parametrize(("made", "hello", "start"), BOTH)
def test_disconnecting_closes_the_connection_once(made, hello, start) -> None:  # type: ignore[no-untyped-def]
    async def scenario() -> None:
        provider, websocket = await connected(made, hello, start)
        await provider.disconnect()
        await provider.disconnect()
        assert websocket.closed_with == (1000, "")

    run(scenario())


def test_a_far_end_that_takes_nothing_holds_nobody_up() -> None:
    class Stuck(FakeWebSocket):
        async def send_text(self, text: str) -> None:
            await asyncio.Event().wait()

    async def scenario() -> None:
        websocket, provider = Stuck(), TwilioProvider()
        websocket.says(TWILIO_START)
        await provider.connect(websocket, TWILIO_CONNECTED)
        provider.call.play_nowait(tone(440, 60.0, 16000))
        began = asyncio.get_running_loop().time()
        await provider.disconnect()
        assert asyncio.get_running_loop().time() - began <= 6

    run(scenario())


def test_a_connection_that_fails_ends_the_call() -> None:
    class Broken(FakeWebSocket):
        async def send_text(self, text: str) -> None:
            raise ConnectionResetError("gone")

    async def scenario() -> None:
        websocket, provider = Broken(), TwilioProvider()
        websocket.says(TWILIO_START)
        await provider.connect(websocket, TWILIO_CONNECTED)
        provider.call.play_nowait(bytes(640))
        await provider.call.wait_closed()
        ended = provider.call.ended
        assert ended is not None
        assert (ended.by, ended.reason) == ("gateway", "stream_lost")

    run(scenario())


def test_providers_are_found_by_name() -> None:
    assert isinstance(get_provider("telnyx"), TelnyxProvider)
    assert isinstance(get_provider("twilio"), TwilioProvider)
    plivo = get_provider("plivo")
    assert isinstance(plivo, StreamProvider)
    assert plivo.provider_name == "plivo"
    with pytest.raises(ValueError, match="telnyx"):
        get_provider("pigeon")


def test_providers_are_found_by_the_shape_of_start() -> None:
    assert isinstance(detect_provider_from_message(TELNYX_START), TelnyxProvider)
    assert isinstance(detect_provider_from_message(TWILIO_START), TwilioProvider)
    exotel = {
        "event": "start",
        "stream_sid": "s",
        "start": {"stream_sid": "s", "call_sid": "c", "account_sid": "a"},
    }
    assert detect_provider_from_message(exotel).provider_name == "exotel"


@pytest.mark.parametrize(
    "message", [TELNYX_CONNECTED, TWILIO_CONNECTED, {"event": "media"}, {}, {"start": None}]
)
def test_nothing_but_start_tells_a_provider(message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ProviderDetectionError):
        detect_provider_from_message(message)


def test_what_is_no_websocket_is_named() -> None:
    async def scenario() -> None:
        with pytest.raises(TypeError, match="object"):
            await TwilioProvider().connect(object(), TWILIO_CONNECTED)

    run(scenario())
