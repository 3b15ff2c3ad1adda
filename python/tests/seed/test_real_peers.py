"""A server over real sockets: calls by the provider simulator, and calls over SIP."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from line import DEADLINE_S, Line, here
from provider import simulated
from provider_end import TWILIO_START
from sound import samples, tone

import trunkline
from sip_voice_transport import (
    DIDConfig,
    DIDRouter,
    ProviderConfig,
    SipConfig,
    SipTransport,
    SipWebhookHandler,
    StreamProvider,
    TwilioProvider,
)
from trunkline._core import sign_as_telnyx
from trunkline.events import Answered, Audio, Ended

TOKEN = "0123456789abcdef0123456789abcdef"
SEED = bytes(range(32))
CALL = ("--duration", "2", "--to", "+15125551234")


async def echo(transport: SipTransport, config: DIDConfig | None) -> None:
    """Says what it hears."""
    async for piece in transport.receive_audio():
        await transport.send_audio(piece)


@pytest.fixture
def router(tmp_path: Path) -> DIDRouter:
    """One number."""
    file = tmp_path / "sip_config.yaml"
    file.write_text("dids: {+15125551234: {user_id: david}}\n", encoding="utf-8")
    return DIDRouter(file)


@asynccontextmanager
async def served(router: DIDRouter, telnyx_codec: str = "pcmu") -> AsyncIterator[int]:
    """The port of a running server."""
    public_key, _ = sign_as_telnyx(SEED, 0, b"")
    config = SipConfig(
        telnyx=ProviderConfig(public_key=public_key), twilio=ProviderConfig(auth_token=TOKEN)
    )
    app = FastAPI()
    handler = SipWebhookHandler(
        router, echo, "https://voice.example.com", config=config, telnyx_codec=telnyx_codec
    )
    handler.register(app)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize(
    ("provider", "codec"),
    [
        ("twilio", "PCMU"),
        ("telnyx", "PCMU"),
        ("telnyx", "PCMA"),
        ("telnyx", "G722"),
        ("telnyx", "L16"),
    ],
)
async def test_a_provider_is_answered_and_its_caller_hears_himself(
    router: DIDRouter, provider: str, codec: str
) -> None:
    secret = TOKEN if provider == "twilio" else base64.b64encode(SEED).decode()
    async with served(router, codec.lower()) as port:
        verdict = await simulated(
            provider,
            *CALL,
            *("--webhook", f"http://127.0.0.1:{port}/sip/{provider}/answer"),
            *("--public-url", "https://voice.example.com", "--auth-token", secret),
        )
    assert verdict["good"], verdict
    assert codec in json.dumps(verdict)


@pytest.mark.parametrize("provider", ["telnyx", "plivo", "exotel", "vonage", "jambonz"])
async def test_every_provider_speaks_through_the_one_path(router: DIDRouter, provider: str) -> None:
    async with served(router) as port:
        url = f"ws://127.0.0.1:{port}/sip/media-stream"
        verdict = await simulated(provider, *CALL, "--stream", url)
    assert verdict["good"], verdict


async def test_a_connection_of_the_library_websockets_is_a_stream_too() -> None:
    ended: asyncio.Future[list[type]] = asyncio.get_running_loop().create_future()

    async def serve(connection: websockets.ServerConnection) -> None:
        provider: StreamProvider = TwilioProvider()
        await provider.connect(connection, await connection.recv())
        transport = SipTransport(provider)
        await echo(transport, None)
        ended.set_result([type(event) async for event in transport.events()])

    async with asyncio.timeout(DEADLINE_S), websockets.serve(serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with websockets.connect(f"ws://127.0.0.1:{port}") as provider:
            await provider.send(json.dumps(TWILIO_START))
            payload = base64.b64encode(b"\x80" * 160).decode()
            media = {"event": "media", "media": {"track": "inbound", "payload": payload}}
            for _ in range(20):
                await provider.send(json.dumps(media))
            while json.loads(await provider.recv())["event"] != "media":
                pass
        assert (await ended)[-1] is Ended


async def test_calls_over_sip_come_to_the_same_application(router: DIDRouter) -> None:
    async def session(transport: SipTransport, config: DIDConfig | None) -> None:
        assert config is not None
        assert config.user_id == "david"
        await transport.send_audio(tone(1000, 1.0, 16000))
        await transport.send_mark("beep")
        assert await transport.wait_for_mark("beep")
        assert transport.is_connected
        assert transport.metadata["did"] == "+15125551234"

    handler = SipWebhookHandler(router, session)
    async with (
        asyncio.timeout(DEADLINE_S),
        await trunkline.Gateway.start(here()) as gateway,
        await trunkline.Gateway.start(here(dial={"allow": ["sip:*"]})) as caller,
    ):
        taking = asyncio.create_task(handler.take_calls(gateway))
        call = await caller.dial(Line(gateway, caller).target.replace("bot", "+15125551234"))
        heard = bytearray()
        kinds: set[type] = set()
        async for event in call:
            kinds.add(type(event))
            if isinstance(event, Audio):
                heard += event.samples
        assert kinds == {Answered, Audio, Ended}
        assert call.ended is not None
        assert (call.ended.by, call.ended.reason) == ("remote", "hangup")
        # Of a sine's 16000 samples few are near zero. Its beginning may be lost while the call is
        # still being answered at the other end.
        loud = sum(abs(sample) > 1000 for sample in samples(bytes(heard)))
        assert 10000 < loud < 16000
        await gateway.stop()
        await taking
