"""Calls that wait for an application to come, as the gateway announces them."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from trunkline.client._call import Call
from trunkline.client._connections import connect
from trunkline.exceptions import ProviderConnectionError

# The longest line of an announcement; one is a few hundred bytes.
LINE_BYTES_MAX = 1 << 18


@dataclass(frozen=True)
class Waiting:
    """A call that rings until an application comes for it, for at most 20 seconds."""

    call_id: str
    """The gateway's name for the call."""
    from_: str
    """The caller, as sent."""
    to: str
    """The called, as sent."""
    app: str
    """The name of its entry under `apps`."""
    url: str
    """Where it is taken."""
    token: str | None = field(default=None, repr=False)
    """One of the gateway's `server.api_tokens`, where it wants one."""

    def connect(self) -> AbstractAsyncContextManager[Call]:
        """Takes the call; see `trunkline.client.connect`."""
        return connect(self.url, token=self.token)


@asynccontextmanager
async def waiting(
    base_url: str = "http://127.0.0.1:8000", *, token: str | None = None
) -> AsyncGenerator[AsyncIterator[Waiting], None]:
    """Calls of applications with `role: server`, each when the gateway announces it.

    From the beginning of the block on none is missed; the iteration ends when the gateway leaves.
    `token` is one of the gateway's `server.api_tokens`; none is needed on its own machine.
    """
    place = urlsplit(base_url)
    reader, writer = await _ask(place, token)
    try:
        await _taken(reader)
        yield _announcements(reader, place, token)
    finally:
        writer.close()


async def _announcements(
    reader: asyncio.StreamReader, place: SplitResult, token: str | None
) -> AsyncIterator[Waiting]:
    async for kind, data in _events(reader):
        if kind == "call.waiting":
            yield _announced(json.loads(data)["call"], place, token)


async def _ask(
    place: SplitResult, token: str | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    is_secure = place.scheme == "https"
    if place.hostname is None or place.scheme not in ("http", "https"):
        raise ValueError(f"not the address of a gateway's HTTP interface: {place.geturl()}")
    reader, writer = await asyncio.open_connection(
        place.hostname,
        place.port or (443 if is_secure else 80),
        ssl=ssl.create_default_context() if is_secure else None,
        limit=LINE_BYTES_MAX,
    )
    # By HTTP/1.0, whose answers end with the connection and come as they are.
    lines = [
        f"GET {place.path.rstrip('/')}/v1/events HTTP/1.0",
        f"Host: {place.netloc.rpartition('@')[2]}",
        "Accept: text/event-stream",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    return reader, writer


async def _taken(reader: asyncio.StreamReader) -> None:
    """Reads the head of the answer."""
    status = (await reader.readline()).decode("latin-1").split(maxsplit=2)
    if len(status) < 2 or status[1] != "200":
        said = " ".join(status[1:]).strip() or "nothing"
        raise ProviderConnectionError(f"the gateway answers {said} to /v1/events")
    while (await reader.readline()).strip():
        pass


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str]]:
    """Server-sent events: name and data."""
    kind, data = "", ""
    while line := await reader.readline():
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data += value
        elif not name and not value:
            if data:
                yield kind, data
            kind, data = "", ""


def _announced(call: dict[str, Any], place: SplitResult, token: str | None) -> Waiting:
    scheme = "wss" if place.scheme == "https" else "ws"
    path = f"{place.path.rstrip('/')}/ws/sip/{quote(call['id'], safe='')}"
    return Waiting(
        call_id=call["id"],
        from_=call["from"],
        to=call["to"],
        app=call["app"],
        url=f"{scheme}://{place.netloc}{path}",
        token=token,
    )
