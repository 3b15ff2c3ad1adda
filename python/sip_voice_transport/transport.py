"""A call as an application has it: what it hears and what it says, whoever brings it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol

from trunkline._core import read_number
from trunkline.events import Audio, Cleared, Ended, Event, MarkPlayed
from trunkline.exceptions import CallEndedError

from .base_sip_provider import BaseSipProvider
from .base_transport import BaseTransport
from .provider_call import ProviderCall
from .providers.stream_provider import StreamProvider
from .stream_call import StreamCall

logger = logging.getLogger(__name__)

AUDIO_WAITING_MAX = 500
"""Pieces of 20 ms that wait for an application: ten seconds. Then the oldest is dropped."""
EVENTS_WAITING_MAX = 256
"""Other events that wait for it. Then the oldest is dropped."""
MARKS_MAX = 256
"""Marks of which it is remembered whether they were played. Then the oldest is forgotten."""

# How long a call that was hung up may take to say that it has ended.
_END_MAX_S = 5.0


class PhoneCall(Protocol):
    """What a transport needs of a call: a :class:`trunkline.Call` has it."""

    @property
    def id(self) -> str: ...
    @property
    def from_(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def ended(self) -> Ended | None: ...
    async def event(self) -> Event | None: ...
    async def play(self, pcm: bytes, /) -> None: ...
    def mark(self, name: str, /) -> None: ...
    def clear(self) -> None: ...
    def send_dtmf(self, digits: str, /) -> None: ...
    def transfer(self, target: str, /) -> None: ...
    def hangup(self) -> None: ...


class SipTransport(BaseTransport):
    """One call, over SIP or over a provider's media stream.

    Audio is 16 kHz, 16 bit, little-endian, mono, both ways. What an application does not take in
    time is dropped, oldest first.
    """

    def __init__(self, source: BaseSipProvider | PhoneCall) -> None:
        """A call of a connected provider, or a :class:`trunkline.Call`."""
        self._dropped = 0
        self._provider = source if isinstance(source, BaseSipProvider) else None
        self._call = None if isinstance(source, BaseSipProvider) else source
        self._listener: asyncio.Task[None] | None = None
        self._is_over = False
        self._audio: deque[bytes] = deque()
        self._audio_came = asyncio.Event()
        self._events: deque[Event] = deque(maxlen=EVENTS_WAITING_MAX)
        self._event_came = asyncio.Event()
        self._marks: OrderedDict[str, asyncio.Future[bool]] = OrderedDict()
        # Without a loop, or a stream, the first verb begins to listen.
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            if self._call or (self._provider and self._provider.stream_id is not None):
                self._line()

    async def receive_audio(self) -> AsyncGenerator[bytes, None]:
        """What the caller says, 20 ms at a time, until the call ends.

        Raises:
            ProviderConnectionError: Where the provider is not connected.
        """
        self._line()
        while True:
            while self._audio:
                yield self._audio.popleft()
            if self._is_over:
                return
            self._audio_came.clear()
            await self._audio_came.wait()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Everything else that happens, until the call ends: keys (:class:`trunkline.events.Dtmf`),
        marks, and the end itself.

        Raises:
            ProviderConnectionError: Where the provider is not connected.
        """
        self._line()
        while True:
            while self._events:
                yield self._events.popleft()
            if self._is_over:
                return
            self._event_came.clear()
            await self._event_came.wait()

    async def send_audio(self, audio: bytes) -> None:
        """Says audio of any length; returns when about 200 ms of it are still to be heard, so that
        whoever speaks without end fills no memory. After the call it does nothing.

        Raises:
            ProviderConnectionError: Where the provider is not connected.
        """
        call = self._line()
        # It may end at any moment, which is no error of whoever speaks.
        with contextlib.suppress(CallEndedError):
            await call.play(audio)

    async def send_mark(self, name: str) -> None:
        """Puts a name behind everything said so far; :meth:`wait_for_mark` tells when it was
        played.

        Raises:
            ProviderConnectionError: Where the provider is not connected.
        """
        self._line()
        self._marks[name] = asyncio.get_running_loop().create_future()
        self._marks.move_to_end(name)
        if len(self._marks) > MARKS_MAX:
            _, oldest = self._marks.popitem(last=False)
            _settle(oldest, False)
        if self._is_over:
            _settle(self._marks[name], False)
        self._ask(lambda call: call.mark(name))

    async def wait_for_mark(self, name: str) -> bool:
        """Waits until everything said before a mark was played: ``True``; or was cleared, or the
        call has ended before: ``False``.

        Raises:
            ValueError: Where no such mark was sent.
        """
        if name not in self._marks:
            raise ValueError(f"no mark {name!r} was sent")
        return await asyncio.shield(self._marks[name])

    async def clear_audio(self) -> None:
        """Forgets what was said and not played yet.

        Raises:
            ProviderConnectionError: Where the provider is not connected.
        """
        self._ask(lambda call: call.clear())

    async def send_dtmf(self, digits: str) -> None:
        """Presses keys; where the far end has no words for them, it hears their tones."""
        self._ask(lambda call: call.send_dtmf(digits))

    async def transfer(self, target: str) -> None:
        """Moves the caller elsewhere, where that can be done; an event says how it went."""
        self._ask(lambda call: call.transfer(target))

    async def close(self) -> None:
        """Hangs up, and waits until the call is over."""
        if self._call is None:
            if self._provider and self._listener is None:
                await self._provider.disconnect()
            self._end()
            return
        if not self._call.ended:
            self._call.hangup()
        if self._listener:
            await asyncio.wait([self._listener], timeout=_END_MAX_S)
        if self._provider:
            await self._provider.disconnect()
        self._end()

    @property
    def is_connected(self) -> bool:
        """Whether the call is up: not before the stream has begun, and not after its end."""
        if self._is_over:
            return False
        if self._call is not None:
            return self._call.ended is None
        return self._provider is not None and self._provider.stream_id is not None

    @property
    def metadata(self) -> dict[str, Any]:
        """``transport`` (``sip``), ``provider`` (``sip`` for a call over SIP), ``caller_id`` and
        ``did`` (in E.164 where they are numbers), ``call_sid``, and ``stream_id`` of a stream."""
        if self._provider is not None:
            known = self._provider.call_metadata
            name = self._provider.provider_name
        elif self._call is not None:
            known = {
                "caller_id": self._call.from_,
                "did": self._call.to,
                "call_sid": self._call.id,
            }
            name = "sip"
        else:
            known, name = {}, "sip"
        parties = {key: _number(str(known.get(key) or "")) for key in ("caller_id", "did")}
        return {"transport": "sip", "provider": name, **known, **parties}

    @property
    def audio_dropped(self) -> int:
        """Pieces of 20 ms that the application did not take in time."""
        before = self._call.audio_dropped if isinstance(self._call, StreamCall) else 0
        return before + self._dropped

    def _line(self) -> PhoneCall:
        """The call, listened to."""
        if self._call is None:
            assert self._provider is not None, "a transport has a provider or a call"
            self._call = _call_of(self._provider)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(self._call), name="transport")
        return self._call

    def _ask(self, verb: Callable[[PhoneCall], None]) -> None:
        """Asks something of the call. It may end at any moment, which is no error of the asker."""
        with contextlib.suppress(CallEndedError):
            verb(self._line())

    async def _listen(self, call: PhoneCall) -> None:
        try:
            while (event := await call.event()) is not None:
                self._take(event)
        finally:
            self._end()

    def _take(self, event: Event) -> None:
        if isinstance(event, Audio):
            if len(self._audio) == AUDIO_WAITING_MAX:
                self._audio.popleft()
                self._dropped += 1
            self._audio.append(event.samples)
            self._audio_came.set()
            return
        if isinstance(event, MarkPlayed):
            self._settle(event.name, True)
        elif isinstance(event, Cleared):
            for name in event.unplayed:
                self._settle(name, False)
        self._events.append(event)
        self._event_came.set()

    def _settle(self, name: str, was_played: bool) -> None:
        if name in self._marks:
            _settle(self._marks[name], was_played)

    def _end(self) -> None:
        self._is_over = True
        for mark in self._marks.values():
            _settle(mark, False)
        self._audio_came.set()
        self._event_came.set()


def _call_of(provider: BaseSipProvider) -> PhoneCall:
    if isinstance(provider, StreamProvider):
        return provider.call
    return ProviderCall(provider)


def _settle(mark: asyncio.Future[bool], was_played: bool) -> None:
    if not mark.done():
        mark.set_result(was_played)


def _number(text: str) -> str:
    return read_number(text) or text
