"""A call."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from . import _core
from ._told import told
from ._waiting import Waiter, wait_blocking, wait_for
from .events import Answered, Ended, Event

if TYPE_CHECKING:
    from typing_extensions import Buffer

Cause = Literal["normal", "rejected", "busy", "not_found", "error"]
"""Why a call is hung up; told to callers who were not answered yet, by :meth:`Call.hangup`."""

LEAD_MS = 200
"""How much audio :meth:`Call.play` leaves queued when it returns."""

_PIECE_BYTES = 60 * 16_000 * 2
"""A minute: what is given to a call at one time."""

_PIECE_LEAD_MS = 30_000
"""How much of it may be left when the next one is given."""


class Call:
    """A call in your hands: events come one by one, and what you ask of it never waits.

    Audio is 16 kHz, mono, 16-bit, little-endian, both ways. A call belongs to whoever holds this
    object: when nobody does any more, it is hung up.
    """

    def __init__(self, core: _core.Call) -> None:
        self._core = core
        self._reader: Waiter | None = None
        self._seen: deque[Event] = deque()
        self._clears = 0
        self.id: str = core.id
        """The gateway's name for the call: 32 hexadecimal digits."""
        self.direction: Literal["inbound", "outbound"] = core.direction
        """Whether somebody called us, or we called."""
        self.from_: str = core.from_
        """The caller's user or number, as sent."""
        self.to: str = core.to
        """The called user or number, as sent."""
        self.peer: str | None = core.peer
        """Address and port of the far end's signalling, or of its media stream; ``None`` where a
        provider places the call."""
        self.headers: Mapping[str, str] = dict(reversed(core.headers))
        """The caller's headers worth knowing (``X-…``, ``User-to-User``, ``Diversion``, …), or
        those that the call was placed with. Of several with one name the first."""
        self.parameters: Mapping[str, str] = dict(reversed(core.parameters))
        """What the route, the number's entry, or whoever placed the call has to say."""

    def __repr__(self) -> str:
        state = "over" if self.ended else "up"
        return f"<Call {self.id} {self.direction} from {self.from_!r} to {self.to!r}, {state}>"

    @property
    def ended(self) -> Ended | None:
        """How the call ended, from that moment on, whether or not the event was taken."""
        fields = self._core.ended
        return None if fields is None else Ended(*fields)

    @property
    def queued_ms(self) -> int:
        """Audio that was given and is not on the wire yet."""
        return self._core.queued_ms

    async def event(self) -> Event | None:
        """The next event. :class:`~trunkline.events.Ended` is the last; ``None`` comes after it.

        Whoever is slow loses the oldest audio, once a second of it waits, and nothing else.

        :raises RuntimeError: where somebody waits for this call's events already.
        """
        if self._seen:
            return self._seen.popleft()
        return await self._next()

    def event_blocking(self, timeout: float | None = None) -> Event | None:
        """:meth:`event` for a thread without an event loop.

        :raises TimeoutError: where none comes within so many seconds.
        """
        if self._seen:
            return self._seen.popleft()
        self._refuse_second_reader()
        return _event(wait_blocking(self._core.poll_event, timeout))

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event up to the last."""
        while (event := await self.event()) is not None:
            yield event

    async def play(self, pcm: Buffer, *, lead_ms: int = LEAD_MS) -> None:
        """Speaks any number of samples, at the speed of speech: returns when less than ``lead_ms``
        of audio is left to be played, 200 unless you say so. Before the call is answered it waits
        for that. It returns early where the call ends meanwhile, or :meth:`clear` forgets what was
        queued.

        If it is cancelled, what was queued stays queued.

        :raises CallEndedError: where the call is over already.
        """
        core = self._core
        clears = self._clears
        for piece in _pieces(pcm):
            if not core.answered or core.queued_ms > _PIECE_LEAD_MS:
                await self._room(_PIECE_LEAD_MS)
                if core.ended is not None or self._clears != clears:
                    return
            core.play(piece)
        if core.queued_ms >= lead_ms:
            await self._room(lead_ms)

    def play_nowait(self, pcm: Buffer) -> None:
        """Queues samples to be spoken.

        :raises QueueFullError: where five minutes are queued.
        :raises CallEndedError: where the call is over.
        """
        self._core.play(pcm)

    def mark(self, name: str) -> None:
        """Asks for :class:`~trunkline.events.MarkPlayed` when all that is queued was played."""
        self._core.mark(name)

    def clear(self) -> None:
        """Forgets what is queued, within 20 ms; :class:`~trunkline.events.Cleared` says how much
        was played."""
        self._core.clear()
        self._clears += 1

    def pause(self) -> None:
        """Stops playing within 20 ms and keeps what is queued."""
        self._core.pause()

    def unpause(self) -> None:
        """Goes on playing."""
        self._core.unpause()

    def send_dtmf(self, digits: str, *, duration_ms: int = 100) -> None:
        """Presses keys, one after the other, each for so long.

        :raises ValueError: where one is no key: ``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``.
        """
        self._core.send_dtmf(digits, duration_ms)

    def transfer(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        mode: Literal["refer", "bridge"] = "refer",
    ) -> None:
        """Moves the call elsewhere; :class:`~trunkline.events.Transferred` says how that went.
        ``refer`` asks the far end to go there itself and bridges where it refuses; ``bridge``
        places a second call and joins the two.
        """
        self._core.transfer(target, list((headers or {}).items()), mode == "bridge")

    def hold(self) -> None:
        """Puts the far end on hold; :class:`~trunkline.events.Held` follows."""
        self._core.hold()

    def resume(self) -> None:
        """Takes the far end back; :class:`~trunkline.events.Resumed` follows."""
        self._core.resume()

    def ring(self) -> None:
        """Alerts the caller, where the application has ``answer: manual``."""
        self._core.ring()

    def answer(self) -> None:
        """Takes the call, where the application has ``answer: manual``."""
        self._core.answer()

    def hangup(self, cause: Cause | None = None) -> None:
        """Ends the call after all that was asked before. On a call that is over it does nothing.

        Before answer the cause decides what the caller is told: ``rejected`` 603, ``busy`` 486,
        ``not_found`` 404, ``error`` 500.
        """
        self._core.hangup(cause or "normal")

    def _free_reader(self) -> Waiter:
        """The waiter of this call's events in the running loop."""
        self._refuse_second_reader()
        self._reader = Waiter.here(self._reader)
        return self._reader

    def _refuse_second_reader(self) -> None:
        if self._reader is not None and self._reader.is_waiting:
            raise RuntimeError("somebody waits for this call's events; take them in one task")

    async def _next(self) -> Event | None:
        return _event(await self._free_reader().wait_for(self._core.poll_event))

    async def _room(self, below_ms: int) -> None:
        """Waits until less than this is queued, or the call is over."""
        await wait_for(lambda waker: self._core.poll_room(below_ms, waker) or None)

    async def _answered(self) -> Ended | None:
        """Waits until the call is answered; how it ended, where it is not. What came until then is
        given by :meth:`event` all the same."""
        while (event := await self._next()) is not None:
            self._seen.append(event)
            match event:
                case Answered():
                    return None
                case Ended():
                    return event
                case _:
                    pass
        return self.ended


def _pieces(pcm: Buffer) -> Iterator[Buffer]:
    """No more at one time than a call has room for."""
    octets = memoryview(pcm).cast("B")
    if len(octets) <= _PIECE_BYTES:
        yield pcm
        return
    for start in range(0, len(octets), _PIECE_BYTES):
        yield octets[start : start + _PIECE_BYTES]


def _event(found: tuple[()] | tuple[str, tuple[Any, ...]]) -> Event | None:
    return told(*found) if found else None
