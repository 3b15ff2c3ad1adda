"""What is on its way to a far end, in its order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from .sockets import Socket

logger = logging.getLogger(__name__)

# How long a far end may take to accept what was said last, and the close frame.
_LAST_WORDS_MAX_S = 5.0


class Outbox:
    """Sends message after message as the connection takes them. Its owner adds no audio while it
    is told that bytes wait, so no limit of its own is needed."""

    def __init__(
        self, socket: Socket, on_backlog: Callable[[int], None], on_failure: Callable[[], None]
    ) -> None:
        """``on_backlog`` is told how many bytes wait, after every message that leaves some waiting
        and once when none waits any more; ``on_failure`` that nothing can be sent any more."""
        self._socket = socket
        self._on_backlog = on_backlog
        self._on_failure = on_failure
        self._waiting: deque[str | bytes] = deque()
        self._bytes = 0
        self._told = False
        self._code: int | None = None
        self._is_broken = False
        self._wanted = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="media stream: outbox")

    def send(self, message: str | bytes) -> None:
        """Puts a message behind the others."""
        if self._code is None and not self._is_broken:
            self._waiting.append(message)
            self._bytes += len(message)
            self._wanted.set()

    def close(self, code: int) -> None:
        """Closes the connection after what was given so far."""
        if self._code is None:
            self._code = code
            self._wanted.set()

    async def finish(self) -> None:
        """Waits until the connection has taken everything and is closed; not for long."""
        if self._code is None:
            self._task.cancel()
        await asyncio.wait([self._task], timeout=_LAST_WORDS_MAX_S)
        self._task.cancel()

    async def _run(self) -> None:
        while not self._is_broken:
            if self._waiting:
                await self._send(self._waiting.popleft())
            elif self._code is not None:
                return await self._try(self._socket.close(self._code, ""))
            else:
                self._wanted.clear()
                await self._wanted.wait()
        return None

    async def _send(self, message: str | bytes) -> None:
        await self._try(self._socket.send(message))
        self._bytes -= len(message)
        if not self._is_broken and (self._bytes or self._told):
            self._told = self._bytes > 0
            self._on_backlog(self._bytes)

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            # Each library has its own words for a connection that is gone.
            logger.debug("a media stream takes nothing more: %r", error)
            self._is_broken = True
            self._waiting.clear()
            self._on_failure()
