"""Sounds that can be told apart, and how to tell them."""

from __future__ import annotations

import math
from array import array

RATE_HZ = 16_000
FRAME_BYTES = 640


def tone(hz: float, ms: int, peak: int = 8_000) -> bytes:
    """So many ms of one tone, s16le."""
    count = ms * RATE_HZ // 1_000
    turn = 2 * math.pi * hz / RATE_HZ
    return array("h", (round(peak * math.sin(turn * n)) for n in range(count))).tobytes()


def silence(ms: int) -> bytes:
    """So many ms of nothing."""
    return bytes(ms * RATE_HZ // 1_000 * 2)


def loudness(pcm: bytes, hz: float) -> float:
    """The peak of the part of a sound that is this tone (Goertzel)."""
    samples = array("h", pcm)
    turn = 2 * math.cos(2 * math.pi * hz / RATE_HZ)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(power, 0.0)) / max(len(samples), 1)


def loud_ms(pcm: bytes, threshold: int = 2_000) -> int:
    """How much of a sound is one: ms from its first loud sample to its last."""
    loud = [n for n, sample in enumerate(array("h", pcm)) if abs(sample) > threshold]
    return (loud[-1] - loud[0] + 1) * 1_000 // RATE_HZ if loud else 0
