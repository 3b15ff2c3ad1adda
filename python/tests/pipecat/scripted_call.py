"""A call without a gateway: what it is asked is written down, and the test says what happens.

It keeps the contract of `trunkline.Call` where a transport relies on it: playout moves when the
test says so, `play` waits for it, marks are told when what is before them was played, a clear
forgets and tells what was played, and a hang-up is the end, told last and once.
"""

import asyncio
from collections import deque

from trunkline.events import Answered, Audio, Cleared, Ended, MarkPlayed, Transferred

BYTES_A_MS = 32
SILENCE = bytes(640)


class ScriptedCall:
    def __init__(self, call_id: str = "c1", direction: str = "inbound"):
        self.id = call_id
        self.direction = direction
        self.from_ = "+15550100"
        self.to = "bot"
        self.peer = "127.0.0.1:5070"
        self.headers = {"X-Tenant": "blue"}
        self.parameters = {"queue": "sales"}
        self.ended = None
        self.asked = []
        self.heard = bytearray()
        self._events = asyncio.Queue()
        self._queue: deque[bytes | str] = deque()
        self._moved = asyncio.Event()

    # What a transport asks.

    async def event(self):
        return await self._events.get()

    async def play(self, pcm: bytes, *, lead_ms: int = 200):
        if self.ended is not None:
            return
        self._queue.append(pcm)
        while self.queued_ms >= lead_ms:
            await self._moved.wait()

    def mark(self, name: str):
        self._queue.append(name)
        self._tell_marks()

    def clear(self):
        self.asked.append("clear")
        self._forget()

    def send_dtmf(self, digits: str):
        self.asked.append(("send_dtmf", digits))

    def transfer(self, target: str, headers=None):
        self.asked.append(("transfer", target, headers))

    def hangup(self, cause: str | None = None):
        self.asked.append(("hangup", cause))
        self.end(Ended("app", cause or "normal", None, None))

    # What the test has happen.

    def tell(self, event):
        self._events.put_nowait(event)

    def answer(self):
        self.tell(Answered())

    def speak(self, samples: bytes = SILENCE):
        self.tell(Audio(samples, 0, False))

    def end(self, ended: Ended):
        if self.ended is None:
            if self.heard or self._queue:
                self._forget()
            self.ended = ended
            self.tell(ended)
            self.tell(None)

    def conclude_transfer(self, code: int, text: str):
        self.tell(Transferred(code, text))

    @property
    def queued_ms(self) -> int:
        return sum(len(it) for it in self._queue if isinstance(it, bytes)) // BYTES_A_MS

    @property
    def heard_ms(self) -> int:
        return len(self.heard) // BYTES_A_MS

    async def let_play(self, ms: int):
        """Puts that much of what is queued on the wire."""
        left = ms * BYTES_A_MS
        while left and any(isinstance(it, bytes) for it in self._queue):
            self._tell_marks()
            piece = self._queue.popleft()
            self.heard += piece[:left]
            if piece[left:]:
                self._queue.appendleft(piece[left:])
            left -= min(left, len(piece))
        self._tell_marks()
        self._move()
        await asyncio.sleep(0)

    def _tell_marks(self):
        while self._queue and isinstance(self._queue[0], str):
            self.tell(MarkPlayed(self._queue.popleft(), self.heard_ms))

    def _forget(self):
        unplayed = tuple(it for it in self._queue if isinstance(it, str))
        self._queue.clear()
        self.tell(Cleared(self.heard_ms, unplayed))
        self._move()

    def _move(self):
        """Has all that wait for room look again."""
        self._moved.set()
        self._moved = asyncio.Event()
