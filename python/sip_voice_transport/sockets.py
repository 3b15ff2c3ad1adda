"""The WebSockets that a stream can come by, behind one face."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

NO_STATUS = 1005
"""A close frame that carries no code (RFC 6455 section 7.4.1)."""


class Closed(Exception):
    """The far end closed the connection; ``code`` is ``None`` where it did not say so."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Socket(Protocol):
    """An accepted WebSocket."""

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            Closed: Where there is none.
        """
        ...

    async def send(self, message: str | bytes) -> None:
        """Sends a message; returns when the connection has room for another."""
        ...

    async def ping(self) -> None:
        """Asks whether the far end is there; returns when it has answered."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Closes the connection."""
        ...


def socket_of(websocket: Any) -> Socket:
    """The face of a WebSocket of FastAPI or Starlette, or of the library ``websockets``.

    Raises:
        TypeError: Where it is neither.
    """
    if hasattr(websocket, "send_text") and hasattr(websocket, "receive"):
        return StarletteSocket(websocket)
    if hasattr(websocket, "recv") and hasattr(websocket, "send"):
        return PlainSocket(websocket)
    name = type(websocket).__name__
    raise TypeError(f"{name} is no WebSocket of FastAPI, Starlette or `websockets`")


class StarletteSocket:
    """A WebSocket of FastAPI or Starlette."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code")
            # Servers tell a connection that broke off as 1006, which no close frame carries.
            raise Closed(None if code == 1006 else code or NO_STATUS)
        text = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)

    async def ping(self) -> None:
        """The server beneath pings by itself and closes what does not answer; ASGI has no word for
        it."""

    async def close(self, code: int, reason: str) -> None:
        await self._websocket.close(code=code, reason=reason)


class PlainSocket:
    """A connection of the library ``websockets``."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        try:
            return await self._websocket.recv()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # ConnectionClosed, whatever module it lives in: `rcvd` is the far end's close frame.
            if not hasattr(error, "rcvd"):
                raise
            received = getattr(error, "rcvd", None)
            raise Closed(None if received is None else received.code) from None

    async def send(self, message: str | bytes) -> None:
        await self._websocket.send(message)

    async def ping(self) -> None:
        answered = await self._websocket.ping()
        await answered

    async def close(self, code: int, reason: str) -> None:
        await self._websocket.close(code, reason)
