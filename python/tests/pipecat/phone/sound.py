"""G.711 µ-law, tones, and what can be told of a recording, in plain Python."""

import functools
import math

RATE_HZ = 8000
FRAME_SAMPLES = 160
SILENCE = b"\xff" * FRAME_SAMPLES

# Above the idle noise of a codec and the tail of a filter, far below every tone said here.
SOUND_LEAST = 1000


def _decoded(byte: int) -> int:
    """One sample of µ-law as 16-bit linear (ITU-T G.711, table 2a)."""
    byte ^= 0xFF
    magnitude = (((byte & 0x0F) << 3) + 0x84) << ((byte >> 4) & 0x07)
    return 0x84 - magnitude if byte & 0x80 else magnitude - 0x84


LINEAR = [_decoded(byte) for byte in range(256)]
_SOUNDS = bytes(int(abs(sample) >= SOUND_LEAST) for sample in LINEAR)
_NEAREST = sorted((sample, byte) for byte, sample in enumerate(LINEAR))


@functools.cache
def _encoded(sample: int) -> int:
    return min(_NEAREST, key=lambda pair: abs(pair[0] - sample))[1]


def tone(hz: float, samples: int, peak: int = 10_000) -> bytes:
    """So many samples of a tone, in µ-law."""
    step = math.tau * hz / RATE_HZ
    return bytes(_encoded(round(peak * math.sin(step * at))) for at in range(samples))


def pulse(hz: float, sounding_ms: int, period_ms: int) -> bytes:
    """A tone of `sounding_ms`, then silence until `period_ms` are over."""
    sounding = tone(hz, sounding_ms * RATE_HZ // 1000)
    return sounding.ljust(period_ms * RATE_HZ // 1000, b"\xff")


def sounds(payload: bytes) -> bool:
    """Whether anything in it can be heard."""
    return loudness(payload) > 0


def loudness(audio: bytes) -> int:
    """How many of its samples can be heard."""
    return audio.translate(_SOUNDS).count(1)


def tone_ms(audio: bytes, hz: float) -> float:
    """For how long it holds a tone as `tone` makes it, whose samples near zero cannot be heard."""
    return 1000 * loudness(audio) / loudness(tone(hz, RATE_HZ))


def tone_share(audio: bytes, hz: float) -> float:
    """How much of the power of µ-law audio is in this tone: 1 is all of it. Of the packets that are
    filled with sound it is the least; those at the edges of a sound are passed over."""
    pieces = [audio[at : at + FRAME_SAMPLES] for at in range(0, len(audio), FRAME_SAMPLES)]
    filled = [piece for piece in pieces if loudness(piece) > FRAME_SAMPLES // 2]
    return min((_share(piece, hz) for piece in filled), default=0.0)


def _share(audio: bytes, hz: float) -> float:
    """By Goertzel's algorithm."""
    factor = 2 * math.cos(math.tau * hz / RATE_HZ)
    before = last = power = 0.0
    for byte in audio:
        sample = LINEAR[byte]
        before, last = last, sample + factor * last - before
        power += sample * sample
    found = last * last + before * before - factor * last * before
    return 2 * found / (len(audio) * power) if power else 0.0
