"""A gateway in this process."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast
from weakref import WeakSet

from . import _core
from ._waiting import wait_blocking, wait_for
from .call import Call
from .events import Ended
from .exceptions import CallRejectedError

T = TypeVar("T")

Level = Literal["off", "error", "warn", "info", "debug", "trace"]

_GOODBYE_S = 3.0
"""How long an interpreter that exits waits for its gateways to hang up their calls."""


class Gateway:
    """A running gateway: SIP, media and, where it is configured, HTTP, on threads of its own.

    It may be used from several event loops and threads at once. After a fork it is the parent's:
    the child starts its own, and leaves the parent's calls alone.
    """

    def __init__(self, core: _core.Gateway) -> None:
        self._core = core
        self.addresses: list[tuple[str, str, int]] = core.addresses
        """Where SIP is taken: transport, address, port."""
        self.http_address: tuple[str, int] | None = core.http_address
        """Where HTTP is served: where the configuration says anything of ``server``."""
        _live.add(self)
        _ends.difference_update([end for end in _ends if end.is_over])
        _ends.add(core.end)

    @classmethod
    async def start(
        cls, config: str | os.PathLike[str] | Mapping[str, Any] | None = None
    ) -> Gateway:
        """Starts a gateway; it takes calls when this returns.

        ``config`` is the path of a YAML file, or what such a file says as a mapping. ``None`` looks
        for a file where ``trunkline serve`` does; with none, SIP is taken on UDP and TCP 5060.
        With no ``routes`` every call comes to :meth:`accept`; with routes those whose application
        has ``type: python``.

        :raises ConfigurationError: with all that is wrong, and what to write instead.
        :raises GatewayError: where a port is taken.
        """
        core = await _outcome(_start(config))
        return cls(core)

    @classmethod
    def start_blocking(
        cls, config: str | os.PathLike[str] | Mapping[str, Any] | None = None
    ) -> Gateway:
        """:meth:`start` for a thread without an event loop."""
        (core,) = wait_blocking(_start(config).poll)
        return cls(core)

    async def accept(self) -> Call | None:
        """The next call; ``None`` when the gateway has stopped. It is answered by this, unless its
        application has ``answer: manual``. Several may wait here at once."""
        found = await wait_for(self._core.poll_accept)
        return Call(found[0]) if found else None

    def accept_blocking(self, timeout: float | None = None) -> Call | None:
        """:meth:`accept` for a thread without an event loop.

        :raises TimeoutError: where none comes within so many seconds.
        """
        found = wait_blocking(self._core.poll_accept, timeout)
        return Call(found[0]) if found else None

    def __aiter__(self) -> AsyncIterator[Call]:
        """Every call that comes."""
        return self

    # A generator would hold the last call until the next comes: nobody could let go of it.
    async def __anext__(self) -> Call:
        """The next call."""
        call = await self.accept()
        if call is None:
            raise StopAsyncIteration
        return call

    async def dial(
        self,
        to: str,
        *,
        from_: str | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Call:
        """Places a call and returns it when it is answered. ``dial.allow`` of the configuration
        must permit it. The events up to there come from :meth:`Call.event` all the same. If this
        is cancelled the call is hung up. ``+15551230000@twilio`` has that provider place the call
        and bring it as a media stream, where ``providers`` and ``server.public_url`` say how.

        :raises CallRejectedError: where it is not permitted, not possible, or not answered.
        :raises ValueError: where ``to`` or a header cannot be written in a SIP message.
        """
        task = self._core.dial(
            to, from_, list((headers or {}).items()), list((parameters or {}).items())
        )
        call = Call(await _outcome(task))
        try:
            ended = await call._answered()
        except BaseException:
            # The error may hold the call for longer than anybody waits for it.
            call.hangup()
            raise
        if ended is not None:
            raise _rejected(ended)
        return call

    async def drain(self) -> None:
        """Takes no new calls and returns when the last one has ended."""
        await wait_for(self._core.drain().poll)

    async def stop(self) -> None:
        """Hangs up every call and returns when all threads have ended. May be called again."""
        self._core.stop()
        end = self._core.end
        await wait_for(lambda waker: end.poll(waker) or None)

    def stop_blocking(self, timeout: float | None = None) -> None:
        """:meth:`stop` for a thread without an event loop.

        :raises TimeoutError: where that takes longer than so many seconds.
        """
        self._core.stop()
        _wait_for_end(self._core.end, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Whoever was cancelled still leaves nothing behind.
        await asyncio.shield(self.stop())


async def _outcome(task: _core.Task[T]) -> T:
    """What comes of a task. Whoever is cancelled does not want it any more."""
    try:
        (found,) = await wait_for(task.poll)
    except BaseException:
        # The error may hold the task for longer than anybody waits for it.
        task.forget()
        raise
    return found


_live: WeakSet[Gateway] = WeakSet()
_ends: set[_core.End] = set()


@atexit.register
def _hang_up_everything() -> None:
    """Calls that live when the interpreter exits are hung up, not abandoned."""
    for gateway in list(_live):
        gateway._core.stop()
    until = time.monotonic() + _GOODBYE_S
    for end in _ends:
        try:
            _wait_for_end(end, until - time.monotonic())
        except TimeoutError:
            return


def _wait_for_end(end: _core.End, timeout: float | None) -> None:
    wait_blocking(lambda waker: end.poll(waker) or None, timeout)


def _forget_everything() -> None:
    """The threads of the gateways that there were are not in this process."""
    _live.clear()
    _ends.clear()


os.register_at_fork(after_in_child=_forget_everything)


def log(level: Level = "info", *, trace_sip: bool = False) -> None:
    """Writes the log of every gateway in this process to standard error, from now on. What was
    chosen first holds until the process ends.

    With ``trace_sip`` every SIP message is written too, without passwords and what proves them.
    """
    _core.log(level, trace_sip)


def _start(config: str | os.PathLike[str] | Mapping[str, Any] | None) -> _core.Task[_core.Gateway]:
    if config is None:
        return _core.start()
    if isinstance(config, Mapping):
        return _core.start(text=json.dumps(config, default=_plain))
    return _core.start(path=os.fspath(config))


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    return os.fspath(cast("os.PathLike[str]", value))


_CODES = {
    "no_answer": 408,
    "signalling_timeout": 408,
    "no_common_codec": 488,
    "denied": 403,
    "overload": 503,
    "shutdown": 503,
}


def _rejected(ended: Ended) -> CallRejectedError:
    """The far end's own status, or the one that says the same."""
    if ended.code is not None:
        return CallRejectedError(ended.code, ended.text or "")
    return CallRejectedError(_CODES.get(ended.reason, 487), ended.reason.replace("_", " "))
