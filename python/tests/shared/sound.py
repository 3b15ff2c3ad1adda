"""Tones, and how much of a recording is one."""

import math
import struct


def tone(hz, seconds, rate_hz=16_000, amplitude=8_000):
    """16 bit little-endian sound, mono."""
    step = math.tau * hz / rate_hz
    values = (round(amplitude * math.sin(step * at)) for at in range(round(rate_hz * seconds)))
    return struct.pack(f"<{round(rate_hz * seconds)}h", *values)


def samples(pcm):
    """16 bit little-endian sound as numbers."""
    return struct.unpack(f"<{len(pcm) // 2}h", pcm)


def frames_of_tone(hz, pcm, rate_hz):
    """How many pieces of 20 ms have most of their energy at a pitch (Goertzel's algorithm)."""
    size = rate_hz // 50
    values = samples(pcm)
    frames = (values[at : at + size] for at in range(0, len(values) - size + 1, size))
    return sum(is_tone(hz, frame, rate_hz) for frame in frames)


def is_tone(hz, frame, rate_hz):
    energy = sum(value * value for value in frame)
    if energy < len(frame) * 200**2:
        return False
    turn = 2 * math.cos(math.tau * hz / rate_hz)
    before, last = 0.0, 0.0
    for value in frame:
        before, last = last, value + turn * last - before
    power = before**2 + last**2 - turn * before * last
    return power > 0.8 * energy * len(frame) / 2
