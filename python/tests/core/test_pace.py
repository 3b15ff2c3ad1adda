"""What is played goes at the speed of speech. Time is counted in audio, not by the clock of the
machine: the call's own frames tell how late it is."""

from __future__ import annotations

import asyncio
from array import array
from itertools import pairwise

import pytest
from audio import FRAME_BYTES, RATE_HZ, loud_ms, silence, tone
from line import DEADLINE_S, Line, heard, until

import trunkline
from trunkline import events

LEAD_MS = 800
"""More than this machine may be busy with something else."""


async def speak(call: trunkline.Call, sound: bytes) -> None:
    """Says it as a program does that makes its sound on the way: a little at first, then frame by
    frame."""
    first = FRAME_BYTES * 10
    await call.play(sound[:first], lead_ms=LEAD_MS)
    for start in range(first, len(sound), FRAME_BYTES):
        await call.play(sound[start : start + FRAME_BYTES], lead_ms=LEAD_MS)


async def received(call: trunkline.Call, ms: int) -> bytes:
    """What is heard in so long a time, without what was made up in place of late packets."""
    pcm = bytearray()
    for _ in range(ms // 20):
        audio = await until(call, events.Audio)
        pcm += b"" if audio.concealed else audio.samples
    return bytes(pcm)


async def said(call: trunkline.Call) -> None:
    """Waits until something is queued."""
    async with asyncio.timeout(DEADLINE_S):
        while call.queued_ms == 0:
            await asyncio.sleep(0.005)


class Clock:
    """Listens to a call and knows how long it lasts."""

    def __init__(self, call: trunkline.Call) -> None:
        self.call = call
        self.ms = 0
        self.events: list[events.Event] = []
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        async for event in self.call:
            if isinstance(event, events.Audio):
                self.ms = event.at * 1_000 // RATE_HZ
            else:
                self.events.append(event)

    async def pass_by(self, ms: int) -> None:
        """Waits so much of the call."""
        until_ms = self.ms + ms
        async with asyncio.timeout(DEADLINE_S):
            while self.ms < until_ms:
                await asyncio.sleep(0.005)


async def test_play_returns_when_less_than_the_lead_is_left(line: Line) -> None:
    ours, _theirs = await line.call()
    clock = Clock(ours)
    began = clock.ms
    for lead_ms in (200, 600):
        before = clock.ms
        await ours.play(tone(440, 2_000), lead_ms=lead_ms)
        assert lead_ms - 60 <= ours.queued_ms < lead_ms
        # The second finds what the first has left.
        expected = 2_000 - lead_ms + (200 if lead_ms == 600 else 0)
        assert clock.ms - before >= expected - 60
    ours.mark("all")
    await clock.pass_by(700)
    assert events.MarkPlayed("all", 4_000) in clock.events
    assert ours.queued_ms == 0 and began < 200


async def test_frames_given_one_by_one_are_heard_without_a_gap(line: Line) -> None:
    ours, theirs = await line.call()
    await heard(theirs, 100)
    sound = tone(440, 1_500)
    hearing = asyncio.ensure_future(received(theirs, 2_400))
    await speak(ours, sound)
    pcm = await hearing
    assert 1_480 <= loud_ms(pcm) <= 1_560
    # A tone of 440 Hz is loud once in every 37 samples: what is quiet within it was no part of it.
    samples = array("h", pcm)
    loud = [n for n, sample in enumerate(samples) if abs(sample) > 2_000]
    assert max(b - a for a, b in pairwise(loud)) < 60


async def test_pauses_between_words_are_played_as_long_as_they_are(line: Line) -> None:
    ours, theirs = await line.call()
    await heard(theirs, 100)
    words = (tone(440, 100) + silence(400)) * 16
    hearing = asyncio.ensure_future(heard(theirs, 8_600))
    await speak(ours, words)
    samples = array("h", await hearing)
    loud = [n for n, sample in enumerate(samples) if abs(sample) > 2_000]
    begins = [n for before, n in zip([-9_999, *loud], loud, strict=False) if n - before > 1_600]
    assert len(begins) == 16
    # One that is left out for being silent is gone by hundreds of ms; a receiver adds and takes
    # back some tens where packets come unevenly.
    assert 15 * 500 - 100 <= (begins[-1] - begins[0]) / 16 <= 15 * 500 + 200


async def test_a_pause_holds_whoever_plays(line: Line) -> None:
    ours, _theirs = await line.call()
    clock = Clock(ours)
    playing = asyncio.ensure_future(ours.play(tone(440, 800)))
    await clock.pass_by(200)
    ours.pause()
    await clock.pass_by(1_200)
    assert not playing.done() and ours.queued_ms > 200
    ours.unpause()
    await asyncio.wait_for(playing, DEADLINE_S)
    assert ours.queued_ms < 200


async def test_a_hold_keeps_what_is_queued(line: Line) -> None:
    ours, theirs = await line.call()
    clock = Clock(ours)
    theirs.hold()
    while events.Held() not in clock.events:
        await clock.pass_by(20)
    playing = asyncio.ensure_future(ours.play(tone(440, 600)))
    await clock.pass_by(1_000)
    was_done = playing.done()
    theirs.resume()
    await asyncio.wait_for(playing, DEADLINE_S)
    assert ours.queued_ms < 200
    # Whether a held far end is sent anything is the leg's to say; the count follows it.
    assert was_done or clock.ms >= 1_000


async def test_a_clear_lets_whoever_plays_go(line: Line) -> None:
    ours, _theirs = await line.call()
    playing = asyncio.ensure_future(ours.play(tone(440, 1_000) * 120))
    await said(ours)
    ours.clear()
    await asyncio.wait_for(playing, DEADLINE_S)
    assert (await until(ours, events.Cleared)).at_ms < 10_000
    assert ours.queued_ms == 0


async def test_the_end_lets_whoever_plays_go(line: Line) -> None:
    ours, theirs = await line.call()
    playing = asyncio.ensure_future(ours.play(tone(440, 20_000)))
    await said(ours)
    theirs.hangup()
    await asyncio.wait_for(playing, DEADLINE_S)
    assert ours.ended is not None


async def test_more_than_a_call_can_hold_is_refused_and_what_it_holds_stays(line: Line) -> None:
    ours, _theirs = await line.call()
    minute = silence(60_000)
    for _ in range(4):
        ours.play_nowait(minute)
    with pytest.raises(trunkline.QueueFullError, match=r"await call\.play"):
        for _ in range(2):
            ours.play_nowait(minute)
    assert 290_000 < ours.queued_ms <= 300_000
    playing = asyncio.ensure_future(ours.play(minute))
    await asyncio.sleep(0)
    assert not playing.done()
    ours.clear()
    await asyncio.wait_for(playing, DEADLINE_S)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_anything_like_bytes_is_audio(line: Line, kind: type) -> None:
    ours, theirs = await line.call()
    await heard(theirs, 100)
    sound = tone(440, 400)
    ours.play_nowait(kind(sound))
    ours.play_nowait(array("h", sound))
    # One that begins between two samples of memory.
    ours.play_nowait(memoryview(b"\0" + sound)[1:])
    pcm = await received(theirs, 1_700)
    assert 1_180 <= loud_ms(pcm) <= 1_260
    with pytest.raises(ValueError, match="3 bytes are no whole samples"):
        ours.play_nowait(kind(b"abc"))
    with pytest.raises(TypeError):
        ours.play_nowait("sound")  # type: ignore[arg-type]
