"""Calls that a gateway in Python has a provider place, and that come as media streams."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from line import DEADLINE_S, calls_at, here, http, until
from provider import simulated

import trunkline
from trunkline import events

PUBLIC = "https://voice.example.com"
TOKEN = "0123456789abcdef0123456789abcdef"
TO, FROM = "+15551230000", "+15559990000"
SID, CONTROL_ID = "CA00000000000000000000000000000001", "v3:abc"


class Rest:
    """The REST interfaces of providers: they do whatever they are asked to."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [line for line in head.lower().splitlines() if line.startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0].split(":")[1]) if lengths else 0)
        self.asked.put_nowait((head.split(" ")[1], body))
        answer = json.dumps({"sid": SID, "data": {"call_control_id": CONTROL_ID}}).encode()
        head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + answer)
        await writer.drain()
        writer.close()

    async def next(self) -> tuple[str, bytes]:
        """Path and body of the next request."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.asked.get()

    async def form(self) -> dict[str, str]:
        """The next request as a form."""
        _, body = await self.next()
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}


@asynccontextmanager
async def placing() -> AsyncIterator[tuple[trunkline.Gateway, Rest]]:
    """A gateway with an account at providers of ours."""
    rest = Rest()
    async with await asyncio.start_server(rest.take, "127.0.0.1", 0) as server:
        at = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        twilio = {"account_sid": "AC1", "auth_token": TOKEN, "base_url": at}
        telnyx = {"api_key": "KEY1", "connection_id": "7", "base_url": at}
        configuration = here(
            server={"host": "127.0.0.1", "port": 0, "public_url": PUBLIC},
            providers={"twilio": twilio, "telnyx": telnyx},
            dial={"allow": ["+1555*"]},
        )
        async with await trunkline.Gateway.start(configuration) as gateway:
            yield gateway, rest


async def tell(gateway: trunkline.Gateway, url: str, status: str) -> None:
    """Twilio says how its call is doing, at the URL that it was given."""
    form = {"CallSid": SID, "From": FROM, "To": TO, "CallStatus": status}
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)
    request = urllib.request.Request(
        url.replace(PUBLIC, http(gateway)),
        data=urlencode(form).encode(),
        headers={"X-Twilio-Signature": base64.b64encode(digest).decode()},
    )
    await asyncio.to_thread(urllib.request.urlopen, request)


async def brought_by_twilio(gateway: trunkline.Gateway, rest: Rest) -> dict[str, Any]:
    form = await rest.form()
    assert (form["To"], form["From"]) == (TO, FROM)
    webhook = form["Url"].replace(PUBLIC, http(gateway))
    asks = ("--webhook", webhook, "--public-url", PUBLIC, "--auth-token", TOKEN)
    return await simulated("twilio", *asks, "--duration", "30")


async def brought_by_telnyx(gateway: trunkline.Gateway, rest: Rest) -> dict[str, Any]:
    path, body = await rest.next()
    order = json.loads(body)
    assert (path, order["to"], order["from"]) == ("/v2/calls", TO, FROM)
    path = order["stream_url"].removeprefix(PUBLIC.replace("https", "wss"))
    stream = http(gateway).replace("http", "ws") + path
    return await simulated("telnyx", "--stream", stream, "--duration", "30")


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_a_call_that_a_provider_places_is_returned_when_it_is_answered(provider: str) -> None:
    bring = {"twilio": brought_by_twilio, "telnyx": brought_by_telnyx}[provider]
    async with placing() as (gateway, rest):
        bringing = asyncio.create_task(bring(gateway, rest))
        async with asyncio.timeout(DEADLINE_S):
            call = await gateway.dial(f"{TO}@{provider}", from_=FROM, parameters={"plan": "gold"})
        assert (call.direction, call.from_, call.to) == ("outbound", FROM, TO)
        assert call.parameters["plan"] == "gold"
        assert await call.event() == events.Answered()
        await until(call, events.Audio)
        call.hangup()
        assert await until(call, events.Ended) == events.Ended("app", "normal", None, None)
        assert (await bringing)["end"]["by"] == "closed"


async def test_a_call_that_nobody_answers_at_a_provider_is_rejected_with_its_status() -> None:
    async with placing() as (gateway, rest):
        dialling = asyncio.ensure_future(gateway.dial(f"{TO}@twilio", from_=FROM))
        form = await rest.form()
        await tell(gateway, form["StatusCallback"], "busy")
        with pytest.raises(trunkline.CallRejectedError) as busy:
            await dialling
        assert busy.value.code == 486


async def test_a_dial_at_a_provider_that_is_cancelled_is_ended_there() -> None:
    async with placing() as (gateway, rest):
        dialling = asyncio.ensure_future(gateway.dial(f"{TO}@twilio", from_=FROM))
        await rest.next()
        await calls_at(gateway, 1)
        dialling.cancel()
        path, body = await rest.next()
        assert path.endswith(f"/Calls/{SID}.json")
        assert body == b"Status=completed"
        await calls_at(gateway, 0)


async def test_a_gateway_that_stops_lets_go_of_whom_it_dials_at_a_provider() -> None:
    async with placing() as (gateway, rest):
        dialling = asyncio.ensure_future(gateway.dial(f"{TO}@twilio", from_=FROM))
        await rest.next()
        await calls_at(gateway, 1)
        await gateway.stop()
        with pytest.raises(trunkline.GatewayError):
            await dialling
