"""What is asked of a provider's REST interface, by a server that plays it."""

from __future__ import annotations

import asyncio
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from provider_end import TELNYX_START, TWILIO_START, FakeWebSocket

from sip_voice_transport import ProviderConfig, SipConfig, SipTransport, StreamProvider
from sip_voice_transport.accounts import accounts_of, ask
from sip_voice_transport.stream_call import StreamCall
from trunkline._core import ProviderAccount
from trunkline.events import Ended, Event, Transferred

DEADLINE_S = 30.0
"""Longer than anything here takes on a loaded machine."""


class Provider(http.server.ThreadingHTTPServer):
    """A REST interface that writes down what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.asked: list[tuple[str, str, str]] = []
        self.answers: list[tuple[int, Any]] = []
        self.was_asked = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Asked(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.asked.append((self.path, self.headers["authorization"], body))
        self.server.was_asked.set()
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def over(
    start: dict[str, Any], account: ProviderAccount
) -> tuple[SipTransport, StreamCall, FakeWebSocket]:
    """A call whose provider can be asked."""
    websocket, accounts = FakeWebSocket(), {"telnyx": account, "twilio": account}
    websocket.says(start)
    call = await StreamCall.begin(websocket, accounts=accounts)
    return SipTransport(StreamProvider.of(call)), call, websocket


async def test_telnyx_is_told_to_hang_up_before_the_call_is_closed(provider: Provider) -> None:
    account = ProviderAccount("telnyx", "", "KEY", provider.url)
    transport, _, websocket = await over(TELNYX_START, account)
    async with asyncio.timeout(DEADLINE_S):
        await transport.close()
    [(path, authorization, body)] = provider.asked
    assert path == "/v2/calls/v3%3Au5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO5hz/actions/hangup"
    assert authorization == "Bearer KEY"
    assert "command_id" in json.loads(body)
    assert websocket.closed_with == (1000, "")


async def test_a_caller_is_moved_by_the_provider(provider: Provider) -> None:
    account = ProviderAccount("twilio", "AC1", "token", provider.url)
    transport, _, websocket = await over(TWILIO_START, account)
    events: list[Event] = []
    async with asyncio.timeout(DEADLINE_S):
        await transport.transfer("+15125550000")
        async for event in transport.events():
            events.append(event)
            if isinstance(event, Transferred):
                websocket.says({"event": "stop", "stop": {}})
    [(path, authorization, body)] = provider.asked
    assert path.startswith("/2010-04-01/Accounts/AC1/Calls/CA0123456789abcdef")
    assert authorization.startswith("Basic ")
    [twiml] = parse_qs(body)["Twiml"]
    assert "+15125550000" in twiml
    assert Transferred(202, "Accepted") in events
    assert isinstance(events[-1], Ended)


async def test_a_provider_that_does_not_move_the_caller_says_why(provider: Provider) -> None:
    provider.answers = [(422, {"errors": [{"code": "10015", "detail": "no such number"}]})]
    account = ProviderAccount("telnyx", "", "KEY", provider.url)
    transport, _, _ = await over(TELNYX_START, account)
    async with asyncio.timeout(DEADLINE_S):
        await transport.transfer("+1")
        async for event in transport.events():
            if isinstance(event, Transferred):
                assert event.code == 502
                assert "no such number" in event.text
                break
        assert transport.is_connected
        await transport.close()


async def test_keys_are_pressed_by_telnyx(provider: Provider) -> None:
    account = ProviderAccount("telnyx", "", "KEY", provider.url)
    transport, _, _ = await over(TELNYX_START, account)
    async with asyncio.timeout(DEADLINE_S):
        await transport.send_dtmf("7")
        assert await asyncio.to_thread(provider.was_asked.wait, DEADLINE_S)
        await transport.close()
    path, _, body = provider.asked[0]
    assert path.endswith("/actions/send_dtmf")
    assert json.loads(body)["digits"] == "7"


async def test_a_question_that_is_lost_is_asked_once_more(provider: Provider) -> None:
    account = ProviderAccount("telnyx", "", "KEY", provider.url)
    provider.answers = [(0, None), (200, {})]
    await ask(account, "hangup", "v3:1", None)
    assert len(provider.asked) == 2
    assert provider.asked[0] == provider.asked[1], "under the same command_id"
    provider.answers = [(0, None), (0, None)]
    with pytest.raises(OSError):
        await ask(account, "hangup", "v3:1", None)


async def test_a_call_that_is_gone_needs_no_hanging_up(provider: Provider) -> None:
    account = ProviderAccount("telnyx", "", "KEY", provider.url)
    provider.answers = [(422, {"errors": [{"code": "90018"}]}), (500, {})]
    await ask(account, "hangup", "v3:1", None)
    with pytest.raises(ValueError, match="500"):
        await ask(account, "hangup", "v3:1", None)


async def test_a_provider_that_cannot_be_reached_does_not_hold_the_end_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    account = ProviderAccount("telnyx", "", "KEY", f"http://127.0.0.1:{port}")
    transport, _, websocket = await over(TELNYX_START, account)
    async with asyncio.timeout(DEADLINE_S):
        await transport.close()
    assert websocket.closed_with == (1000, "")
    assert "telnyx was asked to hangup and did not" in caplog.text


def test_accounts_are_made_of_what_is_configured() -> None:
    assert accounts_of(SipConfig()) == {}
    config = SipConfig(
        telnyx=ProviderConfig(api_key="KEY"),
        twilio=ProviderConfig(account_sid="AC1", auth_token="token"),
    )
    accounts = accounts_of(config)
    assert accounts.keys() == {"telnyx", "twilio"}
    url, authorization, _, _ = accounts["telnyx"].hangup("v3:1", "1")
    assert url.startswith("https://api.telnyx.com/")
    assert authorization == "Bearer KEY"
    assert accounts["twilio"].hangup("CA1", "1")[0].startswith("https://api.twilio.com/")
    assert "KEY" not in repr(accounts["telnyx"])
    with pytest.raises(ValueError, match="pigeon"):
        ProviderAccount("pigeon", "", "")
