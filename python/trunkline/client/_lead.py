"""How far what an application has said runs ahead of what the caller has heard.

The gateway tells what was played by marks. Besides the application's own there are marks of ours,
checkpoints: one wherever somebody waits for it, and others at the ends of pieces of sound. The
more is ahead the farther apart those are, since the gateway keeps 256 marks for a call: with five
minutes ahead there are little more than a hundred.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field

from trunkline.client import _messages

BYTES_A_SAMPLE = 2
# How far apart checkpoints are at least, and as a part of what is ahead.
CHECKPOINT_MS = 20
CHECKPOINT_PART = 16


@dataclass
class Checkpoint:
    """A place in the sound that was sent, in bytes from its beginning."""

    name: str
    position: int
    passed: asyncio.Future[None] | None = None


@dataclass
class Lead:
    """Positions are bytes since the beginning of the call."""

    rate_hz: int
    _sent: int = 0
    _passed: int = 0
    _count: int = 0
    # No application can meet it by chance with a name of its own.
    _prefix: str = field(default_factory=lambda: f"{secrets.token_hex(8)}-")
    _ahead: deque[Checkpoint] = field(default_factory=deque[Checkpoint])

    def send(self, pcm: bytes, lead_ms: int | None) -> tuple[list[str | bytes], Checkpoint | None]:
        """Messages that say `pcm`, and the checkpoint after which less than `lead_ms` is left."""
        if not pcm:
            return [], None
        begin, end = self._sent, self._sent + len(pcm)
        self._sent = end
        messages: list[str | bytes] = []
        awaited: Checkpoint | None = None
        goal = end if lead_ms is None else end - self._bytes(lead_ms)
        if begin < goal < end:
            messages += [pcm[: goal - begin], self._mark(goal)]
            awaited = self._ahead[-1]
            pcm = pcm[goal - begin :]
        messages.append(pcm)
        last = self._ahead[-1].position if self._ahead else self._passed
        apart = max(self._bytes(CHECKPOINT_MS), (end - self._passed) // CHECKPOINT_PART)
        is_awaited = lead_ms is not None and last < goal
        if is_awaited or end - last >= apart:
            messages.append(self._mark(end))
        if awaited is None and lead_ms is not None and goal > self._passed:
            awaited = next((each for each in self._ahead if each.position >= goal), None)
        return messages, awaited

    @property
    def queued_ms(self) -> int:
        """What is ahead."""
        return (self._sent - self._passed) * 1000 // (self.rate_hz * BYTES_A_SAMPLE)

    def is_ours(self, name: str) -> bool:
        """Whether a mark is a checkpoint."""
        return name.startswith(self._prefix)

    def passed(self, name: str) -> None:
        """The gateway has played everything before a checkpoint, or has forgotten it."""
        while any(each.name == name for each in self._ahead):
            self._pass(self._ahead.popleft())

    def forget(self) -> None:
        """Nothing is ahead any more: it was cleared, or the call is over."""
        while self._ahead:
            self._pass(self._ahead.popleft())
        # The gateway forgets half a sample with the rest.
        self._sent += self._sent % BYTES_A_SAMPLE
        self._passed = self._sent

    def _pass(self, checkpoint: Checkpoint) -> None:
        self._passed = checkpoint.position
        if checkpoint.passed and not checkpoint.passed.done():
            checkpoint.passed.set_result(None)

    def _mark(self, position: int) -> str:
        self._count += 1
        name = f"{self._prefix}{self._count}"
        self._ahead.append(Checkpoint(name, position))
        return _messages.mark(name)

    def _bytes(self, milliseconds: int) -> int:
        return self.rate_hz * milliseconds // 1000 * BYTES_A_SAMPLE


async def reach(checkpoint: Checkpoint) -> None:
    """Returns when a checkpoint is passed; several may wait for one."""
    if checkpoint.passed is None:
        checkpoint.passed = asyncio.get_running_loop().create_future()
    await asyncio.shield(checkpoint.passed)
