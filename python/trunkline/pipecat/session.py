"""One call, as the two ends of a pipeline share it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from loguru import logger

from trunkline import Call
from trunkline.call import Cause
from trunkline.events import (
    Answered,
    Audio,
    Cleared,
    Dtmf,
    Ended,
    Event,
    Held,
    MarkPlayed,
    Refused,
    Resumed,
    Ringing,
    Transferred,
)
from trunkline.exceptions import CallEndedError, SipTransportError

if TYPE_CHECKING:
    from trunkline.pipecat.input import SIPInputTransport
    from trunkline.pipecat.output import SIPOutputTransport

# The output is at most a second ahead (`audio_out_lead_ms`): what takes longer to be played is
# paused or on hold, and an end cannot wait for that.
DRAIN_S_MAX = 3.0
# A hang-up is told to the far end and to us at once; this is for a gateway that has died.
FAREWELL_S_MAX = 5.0

Tell = Callable[..., Awaitable[None]]
CreateTask = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class CallSession:
    """Reads the events of a call, tells the bot of them, and ends the call.

    There is one reader, begun by whichever end of the pipeline starts first, so that events are
    told in their order and once, whoever ends the call; it lives on until the call has ended. The
    call may come later than the pipeline, where the bot dials (`attach`).
    """

    def __init__(self, call: Call | None, tell: Tell) -> None:
        self.call = call
        self.input: SIPInputTransport | None = None
        self.output: SIPOutputTransport | None = None
        self.when_over: Callable[[], Awaitable[None]] | None = None
        self._tell = tell
        self._create_task: CreateTask | None = None
        self._reader: asyncio.Task[None] | None = None
        self._is_connected = False
        self._is_hung_up = False
        self._is_closed = False
        self._drains = itertools.count(1)
        self._draining: dict[str, asyncio.Future[None]] = {}
        self._transfer: asyncio.Future[str | None] | None = None

    @property
    def live_call(self) -> Call | None:
        """The call, while there is one that has not ended."""
        return self.call if self.call is not None and self.call.ended is None else None

    @property
    def client(self) -> dict[str, Any]:
        """Who is on the line, as every event tells it; `id` and `sessionId` are Daily's names."""
        if self.call is None:
            return {}
        return {
            "id": self.call.id,
            "sessionId": self.call.id,
            "call_id": self.call.id,
            "direction": self.call.direction,
            "addr": self.call.peer,
            "from": self.call.from_,
            "to": self.call.to,
        }

    def start(self, create_task: CreateTask) -> None:
        """Begins to read the call's events, or will as soon as there is a call."""
        self._create_task = create_task
        if self.call is not None and self._reader is None:
            self._reader = create_task(self._read(self.call))

    def attach(self, call: Call) -> None:
        """Takes the call that the bot has placed."""
        self.call = call
        if self._is_closed:
            self.hang_up()
        elif self._create_task is not None:
            self.start(self._create_task)

    async def drain(self) -> None:
        """Waits until everything played so far is on the wire, or never will be."""
        call = self.live_call
        if call is None or self._reader is None:
            return
        name = f"trunkline.pipecat/{next(self._drains)}"
        reached = asyncio.get_running_loop().create_future()
        self._draining[name] = reached
        try:
            call.mark(name)
            await asyncio.wait_for(reached, DRAIN_S_MAX)
        except CallEndedError:
            pass
        except TimeoutError:
            logger.warning(f"call {call.id}: what was queued did not play in {DRAIN_S_MAX} s")
        finally:
            del self._draining[name]

    async def transfer(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Moves the caller elsewhere: what went wrong, or `None` once it is done."""
        call = self.live_call
        if call is None:
            return "there is no call to transfer"
        if self._transfer is not None:
            return "a transfer is under way"
        outcome = self._transfer = asyncio.get_running_loop().create_future()
        try:
            call.transfer(target, dict(headers))
        except (ValueError, SipTransportError) as error:
            await self._on_transfer_over(None, str(error))
        return await outcome

    def hang_up(self, cause: Cause | None = None) -> None:
        """Ends the call now, where it has not ended."""
        call = self.live_call
        if call is not None and not self._is_hung_up:
            self._is_hung_up = True
            call.hangup(cause)

    async def close(self) -> None:
        """Hangs up, and waits until the bot was told of the end. May be called again and again."""
        self._is_closed = True
        self.hang_up()
        if self._reader is None:
            return
        await asyncio.wait({self._reader}, timeout=FAREWELL_S_MAX)
        self._reader.cancel()

    async def _read(self, call: Call) -> None:
        try:
            await self._begin(call)
            while (event := await call.event()) is not None:
                if isinstance(event, Audio):
                    if self.input is not None:
                        await self.input.hear(event.samples)
                else:
                    await self._on_event(call, event)
        finally:
            # Without its reader a call would go on unheard.
            self.hang_up("error")
            for name in self._draining:
                self._on_reached(name)

    async def _begin(self, call: Call) -> None:
        if call.direction == "inbound":
            await self._tell("on_dialin_ready", call.to)
        else:
            await self._tell("on_dialout_connected", self.client)

    async def _on_event(self, call: Call, event: Event) -> None:
        match event:
            case Ringing():
                await self._tell("on_call_state_changed", self.client, "ringing")
            case Answered():
                await self._on_answered(call)
            case Dtmf(digit, duration_ms):
                await self._on_digit(digit, duration_ms)
            case Held():
                await self._tell("on_call_state_changed", self.client, "held")
            case Resumed():
                await self._tell("on_call_state_changed", self.client, "resumed")
            case MarkPlayed(name, _):
                self._on_reached(name)
            case Cleared(at_ms, unplayed):
                await self._on_cleared(at_ms)
                for name in unplayed:
                    self._on_reached(name)
            case Transferred(code, text):
                error = None if code < 300 else f"{code} {text}"
                await self._on_transfer_over(code, error)
            case Refused(command, why):
                await self._on_refused(call, command, why)
            case Ended():
                await self._on_ended(call, event)
            case _:
                # How full the queue is says nothing here: the output waits for room. How fast turns
                # are is told by the call's record.
                pass

    async def _on_answered(self, call: Call) -> None:
        self._is_connected = True
        client = self.client
        await self._tell("on_call_state_changed", client, "answered")
        is_inbound = call.direction == "inbound"
        await self._tell("on_dialin_connected" if is_inbound else "on_dialout_answered", client)
        await self._tell("on_first_participant_joined", client)
        await self._tell("on_participant_joined", client)
        await self._tell("on_client_connected", client)
        if self.input is not None:
            await self.input.greet()

    async def _on_digit(self, digit: str, duration_ms: int) -> None:
        data = {**self.client, "tone": digit, "duration_ms": duration_ms}
        await self._tell("on_dtmf_event", data)
        if self.input is not None:
            await self.input.press(digit)

    def _on_reached(self, name: str) -> None:
        reached = self._draining.get(name)
        if reached is not None and not reached.done():
            reached.set_result(None)

    async def _on_cleared(self, at_ms: int) -> None:
        # The end of a call clears too. A bot that hangs up is cut off by nobody but itself.
        if self.output is None or self._is_hung_up:
            return
        heard_ms = await self.output.was_cut_off(at_ms)
        if heard_ms is not None:
            await self._tell("on_playout_interrupted", {**self.client, "heard_ms": heard_ms})

    async def _on_refused(self, call: Call, command: str, why: str) -> None:
        if command == "transfer":
            return await self._on_transfer_over(None, f"the transfer was refused: {why}")
        logger.warning(f"call {call.id}: {command} was refused: {why}")
        event = "on_dialin_warning" if call.direction == "inbound" else "on_dialout_warning"
        await self._tell(event, {**self.client, "command": command, "why": why})

    async def _on_transfer_over(self, code: int | None, error: str | None) -> None:
        if self._transfer is not None and not self._transfer.done():
            self._transfer.set_result(error)
        self._transfer = None
        await self._tell("on_transfer_result", {**self.client, "code": code, "error": error})

    async def _on_ended(self, call: Call, ended: Ended) -> None:
        if self._transfer is not None:
            await self._on_transfer_over(None, "the call ended before the transfer did")
        reason = _reason(ended)
        client = {**self.client, "reason": reason}
        await self._tell("on_call_state_changed", client, "ended")
        kind = "dialin" if call.direction == "inbound" else "dialout"
        if ended.by in ("app", "remote"):
            await self._tell(f"on_{kind}_stopped", client)
        else:
            message = ended.text or ended.reason
            await self._tell(f"on_{kind}_error", {**client, "errorMsg": message})
        if self._is_connected:
            await self._tell("on_participant_left", client, reason)
        await self._tell("on_client_disconnected", client)
        if self.when_over is not None:
            await self.when_over()


def _reason(ended: Ended) -> str:
    """Why a call ended, in a word: `bye`, `hangup`, or the gateway's own (`rtp_timeout`)."""
    if ended.by == "remote":
        return "bye"
    return "hangup" if ended.by == "app" else ended.reason
