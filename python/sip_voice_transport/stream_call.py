"""A provider's media stream as a call: the gateway's machines over a WebSocket of asyncio.

What a message means, when audio is sent and how far ahead, what was heard of it, how a call ends:
all of that is the gateway's. Here are only the connection, the clock and the queues.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from trunkline import events
from trunkline._core import ProviderAccount, StreamSession
from trunkline._told import told

from .accounts import Accounts, ask
from .exceptions import ProviderConnectionError, ProviderDetectionError
from .outbox import Outbox
from .sockets import Closed, Socket, socket_of

logger = logging.getLogger(__name__)

START_MAX_S = 5.0
"""How long a stream may take to begin."""
AUDIO_EVENTS_MAX = 500
"""Frames that wait for an application: ten seconds. Then the oldest is dropped, and counted."""
EVENTS_MAX = 256
"""Other events that wait for it. Then the oldest is dropped."""
LEAD_MS = 200
"""How much audio may still be queued when :meth:`StreamCall.play` returns."""

_BYTES_PER_S = 32_000
# Audio that is handed over at once.
_PIECE_BYTES = _BYTES_PER_S
# RFC 6455 section 7.4.1: against the rules of the conversation.
_POLICY = 1008
# The longest reason in a close frame (RFC 6455 section 5.5), less its code.
_REASON_BYTES_MAX = 123
_DTMF_MS = 160
# Linear audio of Telnyx has this rate; every other codec has one of its own.
_L16 = "l16;rate=16000"


class StreamCall:
    """A call over a media stream, with the verbs of :class:`trunkline.Call`."""

    def __init__(
        self,
        socket: Socket,
        session: StreamSession,
        start: Mapping[str, Any],
        accounts: Accounts,
    ) -> None:
        """Use :meth:`begin`."""
        self.provider: str = start["dialect"]
        self.stream_id: str = start["stream_id"]
        self.id: str = start["call_id"]
        self.direction: str = start["direction"] or "inbound"
        self.from_: str = start["from"]
        self.to: str = start["to"]
        self.parameters: dict[str, str] = start["parameters"]
        self.encoding: str = start["encoding"]
        """How the provider spells samples, and how many it sends a second: ``sample_rate``."""
        self.sample_rate: int = start["rate"]
        self.audio_dropped = 0
        """Frames that the application did not take in time."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._session = session
        self._account = accounts.get(self.provider)
        self._parting: asyncio.Task[None] | None = None
        self._ended: events.Ended | None = None
        self._is_over = False
        self._events: deque[events.Event] = deque()
        self._audio_waiting = 0
        self._is_slow = False
        self._happened = asyncio.Event()
        self._pace = _Pace(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._outbox = Outbox(socket, self._on_backlog, self._on_lost)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader = self._spawn(self._read(), "reader")
        self._closed = asyncio.Event()

    @classmethod
    async def begin(
        cls,
        websocket: Any,
        *,
        dialect: str | None = None,
        telnyx_codec: str | None = None,
        accounts: Accounts | None = None,
        heard: Iterable[str | bytes] = (),
        at_once: bool = False,
    ) -> StreamCall:
        """The call that an accepted WebSocket brings, once its stream has begun.

        Args:
            websocket: One of FastAPI, Starlette or ``websockets``.
            dialect: What the provider speaks; without it, what the shape of ``start`` tells.
            telnyx_codec: What a stream of Telnyx was set up to take: ``pcmu`` (its default),
                ``pcma``, ``g722`` or ``l16``. Its ``start`` does not tell.
            accounts: Whose REST interface may be asked for what streams have no words for: to
                hang up at Telnyx, to move a caller.
            heard: Messages that were read already.
            at_once: Whether nothing may come before ``start`` but the greeting of the provider.

        Raises:
            ProviderDetectionError: Where no provider begins so. The connection is closed.
            ProviderConnectionError: Where this does not become a stream. The connection is closed.
        """
        socket = socket_of(websocket)
        takes = _L16 if telnyx_codec == "l16" else telnyx_codec
        accounts = accounts or {}
        now = asyncio.get_running_loop().time()
        session = StreamSession(now, dialect, takes, list(accounts))
        try:
            async with asyncio.timeout(START_MAX_S):
                start, todo = await _beginning(socket, session, list(heard), at_once)
        except Closed:
            raise ProviderConnectionError("the connection was closed before `start`") from None
        except (LookupError, ValueError, TimeoutError) as error:
            words = str(error) or f"no `start` within {START_MAX_S:.0f} s"
            await _turn_away(socket, words)
            if isinstance(error, LookupError):
                raise ProviderDetectionError(words) from None
            raise ProviderConnectionError(words) from None
        call = cls(socket, session, start, accounts)
        call._do(todo)
        return call

    @property
    def ended(self) -> events.Ended | None:
        """How the call ended; ``None`` while it is up."""
        return self._ended

    async def event(self) -> events.Event | None:
        """The next thing that happened; ``None`` after :class:`~trunkline.events.Ended`."""
        while not self._events:
            if self._is_over:
                return None
            self._happened.clear()
            await self._happened.wait()
        event = self._events.popleft()
        self._audio_waiting -= isinstance(event, events.Audio)
        return event

    async def play(self, pcm: bytes, *, lead_ms: int = LEAD_MS) -> None:
        """Says audio, and returns when less than ``lead_ms`` of it is still to be heard, or when
        it was cleared, or the call has ended."""
        for at in range(0, len(pcm), _PIECE_BYTES):
            if self._ended:
                return
            self.play_nowait(pcm[at : at + _PIECE_BYTES])
            if not await self._pace.wait(lead_ms / 1000):
                return

    def play_nowait(self, pcm: bytes) -> None:
        """Says audio after what was said before. What does not fit (five minutes wait) is told as
        :class:`~trunkline.events.Refused`."""
        self._pace.add(len(pcm) / _BYTES_PER_S)
        self._do(self._session.play(self._loop.time(), pcm))

    def mark(self, name: str) -> None:
        """Asks for :class:`~trunkline.events.MarkPlayed` when everything said so far was heard."""
        self._do(self._session.mark(self._loop.time(), name))

    def clear(self) -> None:
        """Forgets what was not heard yet."""
        self._pace.cut()
        self._do(self._session.clear(self._loop.time()))

    def pause(self) -> None:
        """Says nothing more for now, and keeps what was not heard."""
        self._pace.pause()
        self._do(self._session.pause(self._loop.time()))

    def unpause(self) -> None:
        """Goes on."""
        self._pace.go_on()
        self._do(self._session.unpause(self._loop.time()))

    def send_dtmf(self, digits: str) -> None:
        """Presses keys; where the provider has no words for them, it hears their tones."""
        for digit in digits:
            self._do(self._session.send_dtmf(self._loop.time(), digit, _DTMF_MS))

    def transfer(self, target: str) -> None:
        """Has the provider move the caller, where it can."""
        self._do(self._session.transfer(self._loop.time(), target))

    def hangup(self, cause: str | None = None) -> None:
        """Ends the call."""
        self._do(self._session.hangup(self._loop.time(), cause or "normal"))

    async def wait_closed(self) -> None:
        """Waits until the call has ended and its connection is closed."""
        await self._closed.wait()

    def _do(self, todo: list[tuple[Any, ...]]) -> None:
        """Does what the session asks, in its order."""
        for verb, *rest in todo:
            match verb:
                case "send":
                    self._outbox.send(rest[0])
                case "event":
                    self._tell(told(rest[0], rest[1]))
                case "ping":
                    self._spawn(self._ping(), "ping")
                case "close":
                    self._outbox.close(rest[0])
                case "ask":
                    self._ask(rest[0], rest[1])
                case _:
                    self._finish()
        self._set_timer()

    def _tell(self, event: events.Event) -> None:
        if isinstance(event, events.Audio):
            if self._audio_waiting >= AUDIO_EVENTS_MAX:
                self._drop(audio=True)
            self._audio_waiting += 1
        elif len(self._events) - self._audio_waiting >= EVENTS_MAX:
            self._drop(audio=False)
        if isinstance(event, events.QueueHigh | events.QueueLow):
            self._pace.set_high(isinstance(event, events.QueueHigh))
        if isinstance(event, events.Ended):
            self._ended = event
            self._pace.cut()
        self._events.append(event)
        self._happened.set()

    def _drop(self, *, audio: bool) -> None:
        """Drops the oldest event of its kind."""
        for at, event in enumerate(self._events):
            if isinstance(event, events.Audio) is audio:
                del self._events[at]
                break
        self._audio_waiting -= audio
        self.audio_dropped += audio
        if not self._is_slow:
            self._is_slow = True
            logger.warning("call %r: the application does not take its events in time", self.id)

    def _ask(self, verb: str, argument: str | None) -> None:
        """What only the provider's REST interface can do."""
        if self._account is not None:
            asking = self._spawn(self._asked(self._account, verb, argument), verb)
            if verb == "hangup":
                self._parting = asking
            return
        logger.info(
            "call %r: %s hangs up where its instructions say so; otherwise configure its "
            "api_key, so that it can be told to",
            self.id,
            self.provider,
        )

    async def _asked(self, account: ProviderAccount, verb: str, argument: str | None) -> None:
        refusal = None
        try:
            await ask(account, verb, self.id, argument)
        except (OSError, ValueError) as error:
            refusal = str(error)
            words = "call %r: %s was asked to %s and did not: %s"
            logger.warning(words, self.id, self.provider, verb, refusal)
        if verb == "transfer":
            self._do(self._session.moved(self._loop.time(), refusal))

    def _finish(self) -> None:
        self._is_over = True
        self._happened.set()
        self._spawn(self._close(), "closing")

    async def _close(self) -> None:
        await self._outbox.finish()
        self._reader.cancel()
        if self._parting:
            await asyncio.wait([self._parting])
        self._closed.set()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.deadline
        if deadline is not None and not self._is_over:
            self._timer = self._loop.call_at(deadline, self._wake)

    def _wake(self) -> None:
        try:
            self._do(self._session.wake(self._loop.time()))
        except BaseException:
            self._on_lost()
            raise

    def _on_backlog(self, waiting: int) -> None:
        self._do(self._session.backlog(self._loop.time(), waiting))

    def _on_lost(self) -> None:
        self._do(self._session.closed(self._loop.time(), None))

    async def _read(self) -> None:
        while True:
            try:
                message = await self._socket.receive()
            except Closed as closed:
                self._do(self._session.closed(self._loop.time(), closed.code))
                return
            except Exception as error:
                # Each library has its own words for a connection that is gone.
                logger.debug("call %r: the connection is lost: %r", self.id, error)
                self._on_lost()
                return
            self._do(self._session.receive(self._loop.time(), message))

    async def _ping(self) -> None:
        try:
            await self._socket.ping()
        except Exception as error:
            logger.debug("call %r: no answer to a ping: %r", self.id, error)
        else:
            self._do(self._session.pong(self._loop.time()))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name=f"media stream: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # A defect of ours ends this call and no other.
            logger.error("call %r: %s failed", self.id, task.get_name(), exc_info=error)
            self._on_lost()


class _Pace:
    """How much of what was said is still to be heard, by the clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._dry_at = 0.0
        self._left: float | None = None
        self._is_high = False
        self._cuts = 0
        self._changed = asyncio.Event()

    def add(self, seconds: float) -> None:
        """So much more is said."""
        if self._left is None:
            self._dry_at = max(self._dry_at, self._loop.time()) + seconds
        else:
            self._left += seconds

    def cut(self) -> None:
        """Nothing of it will be heard."""
        self._cuts += 1
        self._dry_at = 0.0
        self._left = None if self._left is None else 0.0
        self._changed.set()

    def pause(self) -> None:
        """Time stands still."""
        if self._left is None:
            self._left = max(0.0, self._dry_at - self._loop.time())

    def go_on(self) -> None:
        """Time goes on."""
        if self._left is not None:
            self._dry_at = self._loop.time() + self._left
            self._left = None
            self._changed.set()

    def set_high(self, is_high: bool) -> None:
        """The queue is long whatever the clock says: the provider does not take it; or it is short
        again."""
        self._is_high = is_high
        self._changed.set()

    async def wait(self, lead_s: float) -> bool:
        """Waits until less than so much is to be heard; ``False`` where it was cut."""
        cuts = self._cuts
        while self._cuts == cuts:
            stands = self._left is not None or self._is_high
            seconds = None if stands else self._dry_at - lead_s - self._loop.time()
            if seconds is not None and seconds <= 0:
                return True
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                pass
        return False


async def _beginning(
    socket: Socket, session: StreamSession, heard: list[str | bytes], at_once: bool
) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Reads until the stream has begun."""
    loop = asyncio.get_running_loop()
    allowed = ("connected", "start")
    while True:
        message = heard.pop(0) if heard else await socket.receive()
        kind, start, todo = session.greet(loop.time(), message)
        if start is not None:
            return start, todo
        if at_once and kind not in allowed:
            raise ValueError(
                f"a stream begins with {' and '.join(allowed)}, not with {_seen(message)}"
            )
        allowed = ("start",)


def _seen(message: str | bytes) -> str:
    return ascii(message[:120])


async def _turn_away(socket: Socket, words: str) -> None:
    reason = words.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")
    try:
        await socket.close(_POLICY, reason)
    except Exception as error:
        logger.debug("a connection that is no stream could not be closed: %r", error)
