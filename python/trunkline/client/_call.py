"""A call, as an application on a WebSocket has it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from trunkline.call import Cause
from trunkline.client import _messages
from trunkline.client._lead import BYTES_A_SAMPLE, Checkpoint, Lead, reach
from trunkline.events import Audio, Cleared, Ended, Event, MarkPlayed, Refused
from trunkline.exceptions import CallEndedError, QueueFullError

if TYPE_CHECKING:
    from typing_extensions import Buffer

logger = logging.getLogger(__name__)

# An application that does not listen loses the oldest sound, as at the gateway: a second of it.
AUDIO_WAITING_MAX = 50
# Other events that may wait; a caller who presses keys all day fills no memory.
EVENTS_WAITING_MAX = 1024
# What may wait for the network: as much as the gateway would queue, five minutes at 16 kHz.
UNSENT_BYTES_MAX = 5 * 60 * 16_000 * BYTES_A_SAMPLE
# No message is larger, so that the gateway's limit is never met.
MESSAGE_BYTES_MAX = 1 << 20
# How long the gateway may take to say how a call ended that this side ends.
FAREWELL_S = 5.0
# What the gateway's record says of a call whose application's connection broke.
LOST = Ended("gateway", "app_lost", None, None)


class Call:
    """One call. Its methods are those of a call of `trunkline.Gateway`.

    Events come one by one, and what is asked of it never waits, but for `play`. Where the gateway
    does not carry something out, `Refused` says so; an argument that no call could take raises
    `ValueError`, and what is asked of a call that is over `CallEndedError`.

    Sound is mono, 16-bit, little-endian, at `sample_rate`, both ways.
    """

    def __init__(self, socket: Connection, start: _messages.Start) -> None:
        self._socket = socket
        self._start = start
        self._lead = Lead(start.sample_rate)
        self._heard_samples = 0
        self._events: deque[Event] = deque()
        self._audio_waiting = 0
        self._arrived = asyncio.Event()
        self._ended: Ended | None = None
        self._is_over = asyncio.Event()
        self._unsent: deque[str | bytes] = deque()
        self._unsent_bytes = 0
        self._to_send = asyncio.Event()
        self._unsent_marks_cleared: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def id(self) -> str:
        """The gateway's name for the call."""
        return self._start.call_id

    @property
    def direction(self) -> Literal["inbound", "outbound"]:
        """Whether somebody called us, or we called."""
        return self._start.direction

    @property
    def from_(self) -> str:
        """The caller, as sent."""
        return self._start.from_

    @property
    def to(self) -> str:
        """The called, as sent."""
        return self._start.to

    @property
    def headers(self) -> Mapping[str, str]:
        """The caller's headers worth knowing."""
        return self._start.headers

    @property
    def parameters(self) -> Mapping[str, str]:
        """Parameters of the route, or of whoever placed the call."""
        return self._start.parameters

    @property
    def sample_rate(self) -> int:
        """The rate of sound both ways in Hz: the application's `sample_rate` at the gateway."""
        return self._start.sample_rate

    @property
    def traceparent(self) -> str:
        """The call's W3C trace context."""
        return self._start.traceparent

    @property
    def ended(self) -> Ended | None:
        """How the call ended, from that moment on, whether or not the event was taken."""
        return self._ended

    @property
    def queued_ms(self) -> int:
        """Sound that was said and not played yet, as far as the gateway has told: right to 20 ms,
        and to a sixteenth where much is queued."""
        return self._lead.queued_ms

    async def event(self) -> Event | None:
        """The next event. `Ended` is the last; `None` comes after it.

        Whoever is slow loses the oldest sound, once a second of it waits, and nothing else.
        """
        while not self._events:
            if self._ended is not None:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        event = self._events.popleft()
        self._audio_waiting -= isinstance(event, Audio)
        return event

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event up to the last."""
        while (event := await self.event()) is not None:
            yield event

    async def play(self, pcm: "Buffer", *, lead_ms: int = 200) -> None:
        """Speaks any number of samples, at the speed of speech: returns when less than `lead_ms`
        of sound is left to be played, 200 unless you say so.

        If it is cancelled, what was queued stays queued; `clear` forgets it. Where the call ends
        meanwhile it returns.
        """
        checkpoint = self._say(bytes(pcm), lead_ms)
        if checkpoint is not None:
            await reach(checkpoint)

    def play_nowait(self, pcm: "Buffer") -> None:
        """Queues samples to be spoken. Where the gateway has five minutes already, `Refused` says
        so; where five minutes have not even reached it, `QueueFullError` is raised.
        """
        self._say(bytes(pcm), None)

    def mark(self, name: str) -> None:
        """Has `MarkPlayed` tell when everything said so far was played. A hundred may wait."""
        self._send(_messages.mark(_messages.proven_mark_name(name)))

    def clear(self) -> None:
        """Forgets what is queued, within 20 ms; `Cleared` says what was heard."""
        self._check_alive()
        kept: deque[str | bytes] = deque()
        for message in self._unsent:
            name = None if isinstance(message, bytes) else _messages.name_of_mark(message)
            if name is not None and not self._lead.is_ours(name):
                self._unsent_marks_cleared.append(name)
            elif name is None and isinstance(message, str):
                kept.append(message)
        self._unsent, self._unsent_bytes = kept, 0
        self._lead.forget()
        self._send(_messages.command("clear"))

    def pause(self) -> None:
        """Stops playing within 20 ms and keeps what is queued; `Paused` follows."""
        self._send(_messages.command("pause"))

    def unpause(self) -> None:
        """Goes on playing."""
        self._send(_messages.command("continue"))

    def send_dtmf(self, digits: str, *, duration_ms: int = 100) -> None:
        """Presses keys, 1 to 64 of 0-9, *, # and A-D, each for 40 to 8000 ms."""
        self._send(_messages.send_dtmf(digits, duration_ms))

    def transfer(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        mode: Literal["refer", "bridge"] = "refer",
    ) -> None:
        """Moves the call elsewhere; `Transferred` says how that went. `refer` asks the far end to
        go there itself and bridges where it refuses; `bridge` places a second call and joins the
        two.
        """
        self._send(_messages.transfer(target, headers or {}, mode))

    def hold(self) -> None:
        """Puts the caller on hold; `Held` follows."""
        self._send(_messages.command("hold"))

    def resume(self) -> None:
        """Takes the caller back; `Resumed` follows."""
        self._send(_messages.command("resume"))

    def ring(self) -> None:
        """Lets the caller hear ringing, where the application's entry says `answer: manual`."""
        self._send(_messages.command("ring"))

    def answer(self) -> None:
        """Takes the call, where the application's entry says `answer: manual`."""
        self._send(_messages.command("answer"))

    def hangup(self, cause: Cause | None = None) -> None:
        """Ends the call after all that was asked before. On a call that is over it does nothing.

        Before answer the cause decides what the caller is told: `rejected` 603, `busy` 486,
        `not_found` 404, `error` 500.
        """
        message = _messages.hangup(cause or "normal")
        if self._ended is None:
            self._send(message)

    async def __aenter__(self) -> "Call":
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._ended is None:
                self.hangup()
                await asyncio.wait_for(self._is_over.wait(), FAREWELL_S)
        except TimeoutError:
            logger.warning("call %s: the gateway does not say how it ended", self.id)
        finally:
            # An application that failed counts as lost: the gateway may dial it again.
            self._end(LOST if error else Ended("app", "normal", None, None))
            for task in self._tasks:
                task.cancel()
            await self._socket.close(1011 if error else 1000)

    def _check_alive(self) -> None:
        if self._ended is not None:
            raise CallEndedError(f"call {self.id} is over")

    def _say(self, pcm: bytes, lead_ms: int | None) -> Checkpoint | None:
        self._check_alive()
        if self._unsent_bytes + len(pcm) > UNSENT_BYTES_MAX:
            raise QueueFullError(f"call {self.id}: five minutes wait to be sent to the gateway")
        messages, checkpoint = self._lead.send(pcm, lead_ms)
        for message in messages:
            self._send(message)
        return checkpoint

    def _send(self, message: str | bytes) -> None:
        self._check_alive()
        self._unsent.append(message)
        self._unsent_bytes += len(message) if isinstance(message, bytes) else 0
        self._to_send.set()

    async def _write(self) -> None:
        while self._ended is None:
            await self._to_send.wait()
            self._to_send.clear()
            try:
                await self._write_unsent()
            except ConnectionClosed:
                # The reader learns of it too, and says how the call ended.
                return

    async def _write_unsent(self) -> None:
        while self._unsent:
            message = self._unsent.popleft()
            if isinstance(message, bytes):
                self._unsent_bytes -= len(message)
                if len(message) > MESSAGE_BYTES_MAX:
                    rest = message[MESSAGE_BYTES_MAX:]
                    self._unsent.appendleft(rest)
                    self._unsent_bytes += len(rest)
                    message = message[:MESSAGE_BYTES_MAX]
            await self._socket.send(message)

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if isinstance(message, str):
                    self._take_text(message)
                else:
                    self._take_sound(message)
        except ConnectionClosed:
            logger.warning("call %s: the connection to the gateway broke", self.id)
        finally:
            self._end(LOST)

    def _take_sound(self, samples: bytes) -> None:
        at = self._heard_samples
        self._heard_samples += len(samples) // BYTES_A_SAMPLE
        self._tell(Audio(samples=samples, at=at, concealed=False))

    def _take_text(self, text: str) -> None:
        try:
            event = _messages.event(_messages.parsed(text))
        except _messages.MalformedMessageError as error:
            logger.warning("call %s: a message of the gateway is passed over: %s", self.id, error)
            return
        match event:
            case None:
                return
            case MarkPlayed(name=name) if self._lead.is_ours(name):
                self._lead.passed(name)
            case Cleared(at_ms=at_ms, unplayed=unplayed):
                self._tell(Cleared(at_ms, self._settled(unplayed)))
            case Ended():
                self._end(event)
            case Refused(command="mark"):
                # It may have been a checkpoint: nobody waits for what never comes.
                self._lead.forget()
                self._tell(event)
            case _:
                self._tell(event)

    def _settled(self, unplayed: tuple[str, ...]) -> tuple[str, ...]:
        """The application's own marks of those that will not be reached."""
        for name in unplayed:
            self._lead.passed(name)
        never_sent, self._unsent_marks_cleared = self._unsent_marks_cleared, []
        return (*(name for name in unplayed if not self._lead.is_ours(name)), *never_sent)

    def _tell(self, event: Event) -> None:
        if isinstance(event, Audio):
            if self._audio_waiting >= AUDIO_WAITING_MAX:
                self._lose_oldest_sound()
            self._audio_waiting += 1
        elif len(self._events) - self._audio_waiting >= EVENTS_WAITING_MAX:
            return
        self._events.append(event)
        self._arrived.set()

    def _lose_oldest_sound(self) -> None:
        place = next(at for at, event in enumerate(self._events) if isinstance(event, Audio))
        del self._events[place]
        self._audio_waiting -= 1

    def _end(self, ended: Ended) -> None:
        if self._ended is None:
            # The last event always finds room.
            self._events.append(ended)
            self._ended = ended
            self._lead.forget()
            self._arrived.set()
            self._is_over.set()
            self._to_send.set()
