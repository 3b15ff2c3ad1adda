"""How a call's connection comes about, from either side."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio import client, server
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from trunkline.client import _messages
from trunkline.client._call import Call
from trunkline.exceptions import ProviderConnectionError

# How long the first message may take.
START_S = 5.0


@asynccontextmanager
async def serve(
    handler: Callable[[Call], Awaitable[None]],
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[server.Server, None]:
    """Takes the calls that the gateway brings to `ws://host:port/…`, each with one `handler`.

    In the block there is the server of the package `websockets`; `await server.serve_forever()`.
    When a handler returns, its call is hung up. One that raises counts as lost: the gateway ends
    its call, or does what `on_lost` of the application's entry says.
    """

    async def take(socket: server.ServerConnection) -> None:
        async with await _begun(socket) as call:
            await handler(call)

    # A page in a browser on this machine names its origin; the gateway has none.
    async with server.serve(take, host, port, ssl=tls, origins=[None], compression=None) as running:
        yield running


@asynccontextmanager
async def connect(
    url: str, *, token: str | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Call, None]:
    """Takes the call that waits at `url`: `ws://127.0.0.1:8000/ws/sip/CALL_ID`.

    `token` is one of the gateway's `server.api_tokens`; none is needed on its own machine. Another
    application may have been faster, or the caller may have given up: then
    `websockets.exceptions.InvalidStatus` says 409 or 404.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else None
    async with client.connect(url, additional_headers=headers, ssl=tls, compression=None) as socket:
        async with await _begun(socket) as call:
            yield call


async def _begun(socket: Connection) -> Call:
    try:
        first = await asyncio.wait_for(socket.recv(decode=True), START_S)
        return Call(socket, _messages.start(_messages.parsed(first)))
    except (TimeoutError, ConnectionClosed, _messages.MalformedMessageError) as error:
        await socket.close(1008, "a call begins with `start`")
        raise ProviderConnectionError(f"no call of a gateway's: {error}") from error
