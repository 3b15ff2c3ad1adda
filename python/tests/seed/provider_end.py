"""What the tests of ``sip_voice_transport`` share: a WebSocket made of two queues,
and an event loop whose clock jumps from one deadline to the next, so that no test waits."""

from __future__ import annotations

import asyncio
import itertools
import json
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from trunkline.events import Ended, Event
from trunkline.exceptions import CallEndedError

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Finds what is ready; where nothing is, the time that it was to wait has passed."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else None)
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which nobody waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class FakeWebSocket:
    """An accepted WebSocket as FastAPI has it, with the provider's end in the test's hands."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed_with: tuple[int, str] | None = None
        self._coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._came = asyncio.Event()

    def says(self, *messages: dict[str, Any]) -> None:
        """The provider sends messages."""
        for message in messages:
            text = json.dumps(message)
            self._coming.put_nowait({"type": "websocket.receive", "text": text})

    def goes(self, code: int = 1000) -> None:
        """The provider closes the connection."""
        self._coming.put_nowait({"type": "websocket.disconnect", "code": code})

    async def receive(self) -> dict[str, Any]:
        return await self._coming.get()

    async def send_text(self, text: str) -> None:
        self.sent.append(json.loads(text))
        self._came.set()

    async def send_bytes(self, data: bytes) -> None:
        raise AssertionError("neither Twilio nor Telnyx takes binary messages")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed_with = (code, reason)
        self._came.set()
        self.goes(code)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that sending or closing brings about."""
        while not condition():
            self._came.clear()
            await self._came.wait()

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Every message that is sent, as it is sent."""
        for number in itertools.count():
            while len(self.sent) <= number:
                self._came.clear()
                await self._came.wait()
            yield self.sent[number]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What was sent of this kind."""
        return [message for message in self.sent if message["event"] == kind]


TELNYX_CONNECTED = {"event": "connected", "version": "1.0.0"}
TELNYX_START = {
    "event": "start",
    "sequence_number": "1",
    "start": {
        "user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
        "call_control_id": "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO5hz",
        "from": "+15125550100",
        "to": "+15125551234",
        "client_state": "aGVsbG8=",
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    },
    "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
}
TWILIO_CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
TWILIO_START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC0123456789abcdef0123456789abcdef",
        "streamSid": "MZ0123456789abcdef0123456789abcdef",
        "callSid": "CA0123456789abcdef0123456789abcdef",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"caller_id": "+15125550100", "did": "+15125551234", "plan": "gold"},
    },
    "streamSid": "MZ0123456789abcdef0123456789abcdef",
}


class SipCall:
    """A call over SIP, as :class:`trunkline.Call` shows it."""

    def __init__(self, *events: Event) -> None:
        self.id, self.from_, self.to = "0" * 32, "sip:+15125550100@example.com", "+1 512 555 1234"
        self.ended: Ended | None = None
        self.asked: list[Any] = []
        self._events = [*events, Ended("remote", "hangup", None, None)]

    async def event(self) -> Event | None:
        await asyncio.sleep(0.02)
        if not self._events:
            return None
        event = self._events.pop(0)
        if isinstance(event, Ended):
            self.ended = event
        return event

    def _ask(self, *what: Any) -> None:
        if self.ended:
            raise CallEndedError
        self.asked.append(what)

    async def play(self, pcm: bytes, /) -> None:
        self._ask("play", len(pcm))

    def mark(self, name: str, /) -> None:
        self._ask("mark", name)

    def clear(self) -> None:
        self._ask("clear")

    def send_dtmf(self, digits: str, /) -> None:
        self._ask("dtmf", digits)

    def transfer(self, target: str, /) -> None:
        self._ask("transfer", target)

    def hangup(self) -> None:
        self.asked.append(("hangup",))
        self._events[:] = [Ended("app", "normal", None, None)]
