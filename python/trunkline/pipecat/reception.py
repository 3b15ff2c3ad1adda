"""Many calls at once, each with a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable

from loguru import logger

from trunkline import Call, Gateway

# How long what serves a call may take to notice that it was hung up.
FAREWELL_S = 5.0


class Reception:
    """Gives every call that comes in to a function, and ends them all when it is over.

    What the function raises ends its call alone. A call that it leaves behind is hung up.
    """

    def __init__(self, gateway: Gateway, serve: Callable[[Call], Awaitable[None]]) -> None:
        self._gateway = gateway
        self._serve = serve
        self._calls: dict[asyncio.Task[None], Call] = {}

    async def run(self) -> None:
        """Takes calls until the gateway stops, or this is cancelled; returns when all are over."""
        try:
            async for call in self._gateway:
                task = asyncio.create_task(self._converse(call), name=f"call {call.id}")
                self._calls[task] = call
                task.add_done_callback(self._calls.pop)
        finally:
            await self._end_all()

    async def _converse(self, call: Call) -> None:
        cause = None
        try:
            await self._serve(call)
        except Exception:
            logger.exception(f"call {call.id}: what serves it failed")
            cause = "error"
        finally:
            if call.ended is None:
                call.hangup(cause)

    async def _end_all(self) -> None:
        """Hangs up, so that whoever serves a call is told of its end and ends; then insists."""
        for call in self._calls.values():
            if call.ended is None:
                call.hangup()
        tasks = set(self._calls)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=FAREWELL_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
