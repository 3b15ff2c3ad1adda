"""The routes of a server: who is answered, with what, and whose streams are taken."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from fastapi import FastAPI
from provider_end import (
    TELNYX_CONNECTED,
    TELNYX_START,
    TWILIO_CONNECTED,
    TWILIO_START,
    SipCall,
    run,
)
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from sip_voice_transport import (
    CallRejectedError,
    DIDConfig,
    DIDRouter,
    ProviderConfig,
    SipConfig,
    SipTransport,
    SipWebhookHandler,
)
from trunkline._core import sign_as_telnyx, sign_as_twilio

TOKEN = "12345678901234567890123456789012"
SEED = bytes(range(32))
PUBLIC = "wss://voice.example.com/sip/media-stream"
CALL = {"CallSid": "CA1", "From": "+15125550100", "To": "+15125551234"}

Session = Callable[[SipTransport, DIDConfig | None], Awaitable[None]]


async def echo(transport: SipTransport, config: DIDConfig | None) -> None:
    async for piece in transport.receive_audio():
        await transport.send_audio(piece)


@pytest.fixture
def router(tmp_path: Path) -> DIDRouter:
    file = tmp_path / "sip_config.yaml"
    file.write_text("dids: {+15125551234: {user_id: david}}\n", encoding="utf-8")
    return DIDRouter(file)


@pytest.fixture
def serve(router: DIDRouter) -> Callable[..., TestClient]:
    """A server, asked from this machine."""

    def serve(on_session: Session = echo, **options: Any) -> TestClient:
        public_key, _ = sign_as_telnyx(SEED, 0, b"")
        config = SipConfig(
            telnyx=ProviderConfig(public_key=public_key), twilio=ProviderConfig(auth_token=TOKEN)
        )
        client = options.pop("client", ("127.0.0.1", 50000))
        options = {"config": config, **options}
        app = FastAPI()
        SipWebhookHandler(router, on_session, PUBLIC, **options).register(app)
        return TestClient(app, base_url="http://127.0.0.1:8000", client=client)

    return serve


def ask_twilio(client: TestClient, form: dict[str, str], token: str = TOKEN) -> Any:
    """Posts a form as Twilio signs it."""
    body = urlencode(form).encode()
    signature = sign_as_twilio(token, "https://voice.example.com/sip/twilio/answer", body)
    return client.post("/sip/twilio/answer", content=body, headers=form_of(signature))


def form_of(signature: str) -> dict[str, str]:
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
    }


def ask_telnyx(client: TestClient, form: dict[str, str], at_s: int | None = None) -> Any:
    """Posts a form as Telnyx signs it."""
    body = urlencode(form).encode()
    at_s = int(time.time()) if at_s is None else at_s
    _, signature = sign_as_telnyx(SEED, at_s, body)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "telnyx-signature-ed25519": signature,
        "telnyx-timestamp": str(at_s),
    }
    return client.post("/sip/telnyx/answer", content=body, headers=headers)


def stream_of(document: str) -> ElementTree.Element:
    """The stream that a document connects to; it hangs up after it."""
    response = ElementTree.fromstring(document)
    assert [child.tag for child in response] == ["Connect", "Hangup"]
    stream = response.find("Connect/Stream")
    assert stream is not None
    return stream


def parameters(stream: ElementTree.Element) -> dict[str | None, str | None]:
    return {it.get("name"): it.get("value") for it in stream.findall("Parameter")}


def test_twilio_is_led_to_a_stream(serve: Callable[..., TestClient]) -> None:
    answer = ask_twilio(serve(), CALL)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    stream = stream_of(answer.text)
    url = stream.get("url") or ""
    assert url.startswith("wss://voice.example.com/sip/twilio/media-stream/")
    assert "?" not in url
    told = parameters(stream)
    assert (told["caller_id"], told["did"]) == ("+15125550100", "+15125551234")
    assert (told["from_number"], told["to_number"]) == ("+15125550100", "+15125551234")


def test_telnyx_is_led_to_a_stream_of_one_codec_both_ways(serve: Callable[..., TestClient]) -> None:
    stream = stream_of(ask_telnyx(serve(telnyx_codec="l16"), CALL).text)
    assert (stream.get("codec"), stream.get("bidirectionalCodec")) == ("L16", "L16")
    assert stream.get("bidirectionalMode") == "rtp"
    assert stream.get("bidirectionalSamplingRate") == "16000"
    assert stream_of(ask_telnyx(serve(), CALL).text).get("codec") == "PCMU"
    with pytest.raises(ValueError, match=r"pcmu"):
        serve(telnyx_codec="mp3")


@pytest.mark.parametrize("ask", [ask_twilio, ask_telnyx])
def test_an_unknown_number_is_told_so_and_hung_up(
    serve: Callable[..., TestClient], ask: Callable[..., Any]
) -> None:
    response = ElementTree.fromstring(ask(serve(), {**CALL, "To": "+19999999999"}).text)
    assert [child.tag for child in response] == ["Say", "Hangup"]
    assert response[0].text == "This number is not configured."


def test_a_caller_cannot_write_the_document(serve: Callable[..., TestClient]) -> None:
    evil = '"/></Stream></Connect><Dial>+1900</Dial><Connect><Stream url="x'
    stream = stream_of(ask_twilio(serve(), {**CALL, "From": evil}).text)
    assert parameters(stream)["caller_id"] == evil


def test_what_is_not_signed_or_by_somebody_else_is_refused(
    serve: Callable[..., TestClient],
) -> None:
    client = serve()
    assert client.post("/sip/twilio/answer", data=CALL).status_code == 403
    assert client.post("/sip/telnyx/answer", data=CALL).status_code == 403
    wrong = ask_twilio(client, CALL, token="another")
    assert wrong.status_code == 403
    assert "signature" in wrong.json()["detail"]
    old = ask_telnyx(client, CALL, at_s=int(time.time()) - 3600)
    assert old.status_code == 403
    assert "300 s" in old.json()["detail"]


def test_without_a_credential_nobody_is_believed(
    serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("TELNYX_PUBLIC_KEY", raising=False)
    client = serve(config=None)
    for provider in ("twilio", "telnyx"):
        answer = client.post(f"/sip/{provider}/answer", data=CALL)
        assert answer.status_code == 403
        assert "not configured" in answer.json()["detail"]


def test_a_credential_may_come_from_the_environment(
    serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    assert ask_twilio(serve(config=None), CALL).status_code == 200


def test_without_verification_only_this_machine_is_answered(
    serve: Callable[..., TestClient],
) -> None:
    assert serve(verify=False).post("/sip/telnyx/answer", data=CALL).status_code == 200
    far = serve(verify=False, client=("203.0.113.9", 50000))
    assert far.post("/sip/telnyx/answer", data=CALL).status_code == 403
    passed_on = {"x-forwarded-for": "203.0.113.9"}
    tunnel = serve(verify=False).post("/sip/telnyx/answer", data=CALL, headers=passed_on)
    assert tunnel.status_code == 403, "a tunnel brings strangers to this machine"


def test_a_webhook_that_cannot_be_read_is_an_error_of_its_sender(
    serve: Callable[..., TestClient],
) -> None:
    client = serve(verify=False)
    for body in (b"", b"From=%2B1", b"CallSid=a&To=%FF%FF"):
        answer = client.post("/sip/twilio/answer", content=body)
        assert answer.status_code == 400, body
    assert client.post("/sip/twilio/answer", content=bytes(70_000)).status_code == 400
    assert client.get("/sip/twilio/answer").status_code == 405


def closed_with(websocket: WebSocketTestSession) -> int:
    """Reads on until the server closes the connection; the code with which it does."""
    try:
        while True:
            websocket.receive_text()
    except WebSocketDisconnect as closed:
        return closed.code


def media(chunk: int) -> dict[str, Any]:
    payload = base64.b64encode(b"\x80" * 160).decode()
    return {
        "event": "media",
        "media": {"track": "inbound", "chunk": str(chunk), "payload": payload},
    }


@pytest.mark.parametrize(
    ("ask", "hello", "start"),
    [
        (ask_twilio, TWILIO_CONNECTED, TWILIO_START),
        (ask_telnyx, TELNYX_CONNECTED, TELNYX_START),
    ],
)
def test_a_call_comes_with_its_entry_and_is_heard_and_answered(
    serve: Callable[..., TestClient],
    ask: Callable[..., Any],
    hello: dict[str, Any],
    start: dict[str, Any],
) -> None:
    seen: list[Any] = []

    async def session(transport: SipTransport, config: DIDConfig | None) -> None:
        seen.append((transport.metadata["did"], config.user_id if config else None))
        await echo(transport, config)
        seen.append(transport.is_connected)

    client = serve(session)
    url = urlsplit(stream_of(ask(client, CALL).text).get("url") or "")
    with client.websocket_connect(url.path) as websocket:
        websocket.send_json(hello)
        websocket.send_json(start)
        for chunk in range(1, 11):
            websocket.send_json(media(chunk))
        while (answer := websocket.receive_json())["event"] != "media":
            pass
        assert len(base64.b64decode(answer["media"]["payload"])) == 160
        websocket.send_json({"event": "stop", "stop": {}})
        assert closed_with(websocket) == 1000
    assert seen == [("+15125551234", "david"), False]


def test_a_ticket_opens_one_stream(serve: Callable[..., TestClient]) -> None:
    client = serve()
    path = urlsplit(stream_of(ask_twilio(client, CALL).text).get("url") or "").path
    with client.websocket_connect(path):
        pass
    for wrong in (path, path + "x", path.replace("twilio", "telnyx")):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(wrong):
            pass


def test_a_stream_without_a_ticket_comes_from_near_by_or_is_signed(
    serve: Callable[..., TestClient],
) -> None:
    with serve().websocket_connect("/sip/media-stream"):
        pass
    far = serve(client=("203.0.113.9", 50000))
    with pytest.raises(WebSocketDisconnect), far.websocket_connect("/sip/media-stream"):
        pass
    signature = sign_as_twilio(TOKEN, PUBLIC, b"")
    headers = {"x-twilio-signature": signature}
    with far.websocket_connect("/sip/media-stream", headers=headers):
        pass
    wrong = {"x-twilio-signature": sign_as_twilio("another", PUBLIC, b"")}
    with (
        pytest.raises(WebSocketDisconnect),
        far.websocket_connect("/sip/media-stream", headers=wrong),
    ):
        pass
    page = {"origin": "https://evil.example.com"}
    with (
        pytest.raises(WebSocketDisconnect),
        serve().websocket_connect("/sip/media-stream", headers=page),
    ):
        pass


@pytest.mark.parametrize("start", [TWILIO_START, TELNYX_START])
def test_whose_stream_it_is_shows_in_its_start(
    serve: Callable[..., TestClient], start: dict[str, Any]
) -> None:
    seen: list[str] = []

    async def session(transport: SipTransport, config: DIDConfig | None) -> None:
        seen.append(transport.metadata["provider"])

    with serve(session).websocket_connect("/sip/media-stream") as websocket:
        # Either's greeting may come before: it tells nothing.
        websocket.send_json(TELNYX_CONNECTED)
        websocket.send_json(start)
        assert closed_with(websocket) == 1000
    assert seen == ["twilio" if start is TWILIO_START else "telnyx"]


def test_what_is_no_stream_is_closed_with_the_reason(
    serve: Callable[..., TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    with serve().websocket_connect("/sip/media-stream") as websocket:
        websocket.send_json({"event": "hello"})
        websocket.send_json({"event": "hello"})
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_json()
    assert closed.value.code == 1008
    assert "no known media stream" in caplog.text


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (RuntimeError("a bug"), logging.ERROR),
        (CallRejectedError("no credit"), logging.INFO),
    ],
)
def test_an_application_that_fails_ends_its_call_and_no_other(
    serve: Callable[..., TestClient],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    level: int,
) -> None:
    async def session(transport: SipTransport, config: DIDConfig | None) -> None:
        raise error

    client = serve(session)
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with client.websocket_connect("/sip/media-stream") as websocket:
                websocket.send_json(TWILIO_START)
                assert closed_with(websocket) == 1000
    told = [
        record
        for record in caplog.records
        if str(error) in record.getMessage() + record_text(record)
    ]
    assert [record.levelno for record in told] == [level] * 2


def record_text(record: logging.LogRecord) -> str:
    return str(record.exc_info[1]) if record.exc_info else ""


def test_calls_over_sip_come_to_the_same_application(router: DIDRouter) -> None:
    seen: list[Any] = []

    async def session(transport: SipTransport, config: DIDConfig | None) -> None:
        seen.append((transport.metadata["provider"], config.user_id if config else None))
        if config is None:
            raise RuntimeError("a bug")

    async def calls() -> AsyncIterator[SipCall]:
        yield SipCall()
        stranger = SipCall()
        stranger.to = "bob"
        yield stranger

    async def scenario() -> None:
        async with asyncio.timeout(10):
            await SipWebhookHandler(router, session).take_calls(calls())

    run(scenario())
    assert sorted(seen, key=str) == [("sip", "david"), ("sip", None)]


def test_a_public_url_that_is_none_is_named(router: DIDRouter) -> None:
    with pytest.raises(ValueError, match=r"voice\.example\.com"):
        SipWebhookHandler(router, echo, "voice.example.com")
