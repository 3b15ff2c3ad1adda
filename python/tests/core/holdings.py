"""What this process holds of the system's, and until when."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from line import DEADLINE_S

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="this system has no /proc"
)


def descriptors() -> int:
    """All that is open but pipes: through one the gateway holds the program that keeps the machine
    awake, from some moment after the first call on and for half a minute after the last."""
    return sum(not target.startswith("pipe:") for target in _targets())


def _targets() -> list[str]:
    targets: list[str] = []
    for number in os.listdir("/proc/self/fd"):
        try:
            targets.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            # Closed while we looked.
            pass
    return targets


def threads() -> int:
    """All threads, Python's and others."""
    return len(os.listdir("/proc/self/task"))


async def settled(count: int, what: Callable[[], int]) -> None:
    """Waits until a count is down again: what ends, ends a moment after it was told."""
    async with asyncio.timeout(DEADLINE_S):
        while what() > count:
            gc.collect()
            await asyncio.sleep(0.01)
