"""How Python waits for what threads of the gateway do, in asyncio and without it.

Whatever can be waited for is a function that takes a waker and gives ``None`` while there is
nothing yet. The waker may be called at any time and by any thread; it never takes Python's lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from . import _core

T = TypeVar("T")
Poll = Callable[[_core.Waker], T | None]


class _Reactor:
    """Knows who waits in one event loop. One wake-up of the loop serves all that became ready."""

    _of: WeakKeyDictionary[asyncio.AbstractEventLoop, _Reactor] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.ready = _core.Ready()
        self._waiters: WeakValueDictionary[int, Waiter] = WeakValueDictionary()
        self._numbers = 0

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _Reactor:
        """The loop's own, made when it is first needed. It lives as long as the loop."""
        reactor = cls._of.get(loop)
        if reactor is None:
            reactor = cls._of[loop] = cls()
            loop.add_reader(reactor.ready.fileno(), reactor._on_ready)
        return reactor

    def add(self, waiter: Waiter) -> _core.Waker:
        """A waker for somebody who waits in this loop."""
        self._numbers += 1
        self._waiters[self._numbers] = waiter
        return self.ready.waker(self._numbers)

    def _on_ready(self) -> None:
        for number in self.ready.take():
            waiter = self._waiters.get(number)
            if waiter is not None:
                waiter.wake()


class Waiter:
    """Somebody who waits in the running loop, for one thing at a time."""

    __slots__ = ("__weakref__", "_future", "_waker", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] | None = None
        self._waker = _Reactor.of(self.loop).add(self)

    @classmethod
    def here(cls, waiter: Waiter | None) -> Waiter:
        """This one, or, where that is none or of another loop, a new one."""
        if waiter is not None and waiter.loop is asyncio.get_running_loop():
            return waiter
        return cls()

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits by this just now."""
        return self._future is not None

    def wake(self) -> None:
        """Has whoever waits look again."""
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def wait_for(self, poll: Poll[T]) -> T:
        """Waits until there is something."""
        # The loop hears a waker only between two turns, so none is missed in this one.
        while (found := poll(self._waker)) is None:
            self._future = self.loop.create_future()
            try:
                await self._future
            finally:
                self._future = None
        return found


async def wait_for(poll: Poll[T]) -> T:
    """Waits in the running loop until there is something."""
    return await Waiter().wait_for(poll)


def wait_blocking(poll: Poll[T], timeout: float | None = None) -> T:
    """Waits in this thread, without Python's lock.

    :raises TimeoutError: where there is nothing after so many seconds.
    """
    parker = _core.Parker()
    waker = parker.waker()
    until = None if timeout is None else time.monotonic() + timeout
    while (found := poll(waker)) is None:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        parker.wait(left)
    return found
