"""Real SIP calls between two gateways of this process."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from audio import FRAME_BYTES, loudness, silence, tone
from line import DEADLINE_S, Line, heard, until

import trunkline
from trunkline import events


async def test_a_call_says_who_calls_whom(line: Line) -> None:
    ours, theirs = await line.call(
        from_="alice", headers={"X-Order": "7"}, parameters={"plan": "gold"}
    )
    assert (ours.direction, theirs.direction) == ("inbound", "outbound")
    assert (ours.from_, ours.to) == ("alice", "bot")
    assert ours.headers["X-Order"] == "7"
    assert theirs.parameters == {"plan": "gold"}
    assert len(ours.id) == 32 and ours.id != theirs.id
    assert ours.ended is None


async def test_events_come_in_order_and_the_end_is_the_last(line: Line) -> None:
    ours, theirs = await line.call()
    assert await ours.event() == events.Answered()
    first = await ours.event()
    assert isinstance(first, events.Audio)
    assert len(first.samples) == FRAME_BYTES and first.at == 0
    second = await ours.event()
    assert isinstance(second, events.Audio) and second.at == 320
    theirs.hangup()
    ended = await until(ours, events.Ended)
    assert ended == events.Ended("remote", "hangup", None, None)
    assert ours.ended == ended
    assert await ours.event() is None and await ours.event() is None
    assert await until(theirs, events.Ended) == events.Ended("app", "normal", None, None)


async def test_audio_goes_both_ways_at_once(line: Line) -> None:
    ours, theirs = await line.call()
    ours.play_nowait(tone(440, 2_000))
    theirs.play_nowait(tone(1_000, 2_000))
    at_ours, at_theirs = await asyncio.gather(heard(ours, 1_000), heard(theirs, 1_000))
    at_ours, at_theirs = at_ours[-16_000:], at_theirs[-16_000:]
    assert loudness(at_ours, 1_000) > 4_000 and loudness(at_ours, 440) < 400
    assert loudness(at_theirs, 440) > 4_000 and loudness(at_theirs, 1_000) < 400


async def test_what_is_cleared_is_not_heard(line: Line) -> None:
    ours, theirs = await line.call()
    ours.play_nowait(tone(440, 10_000))
    ours.mark("never")
    await until(theirs, events.Audio)
    await heard(theirs, 200)
    ours.clear()
    cleared = await until(ours, events.Cleared)
    assert cleared.unplayed == ("never",)
    assert 0 < cleared.at_ms < 10_000
    assert ours.queued_ms == 0
    ours.play_nowait(tone(1_000, 2_000))
    await heard(theirs, 500)
    after = await heard(theirs, 500)
    assert loudness(after, 1_000) > 4_000 and loudness(after, 440) < 400


async def test_keys_go_both_ways(line: Line) -> None:
    ours, theirs = await line.call()
    theirs.send_dtmf("1#")
    assert [(await until(ours, events.Dtmf)).digit for _ in range(2)] == ["1", "#"]
    ours.send_dtmf("D")
    assert (await until(theirs, events.Dtmf)).digit == "D"
    with pytest.raises(ValueError, match="'x' is no key"):
        ours.send_dtmf("12x")


async def test_a_mark_tells_when_it_was_played(line: Line) -> None:
    ours, _theirs = await line.call()
    ours.play_nowait(tone(440, 300))
    ours.mark("end of it")
    assert await until(ours, events.MarkPlayed) == events.MarkPlayed("end of it", 300)


async def test_a_hang_up_here_ends_the_call_there_and_commands_say_so(line: Line) -> None:
    ours, theirs = await line.call()
    ours.hangup()
    assert (await until(theirs, events.Ended)).by == "remote"
    assert (await until(ours, events.Ended)).by == "app"
    ours.hangup()
    for command in (ours.clear, ours.pause, ours.hold, lambda: ours.play_nowait(silence(20))):
        with pytest.raises(trunkline.CallEndedError, match="call.ended"):
            command()
    with pytest.raises(trunkline.CallEndedError):
        await ours.play(silence(20))


async def test_a_call_that_nobody_holds_is_hung_up(line: Line) -> None:
    ours, theirs = await line.call()
    del ours
    assert (await until(theirs, events.Ended)).by == "remote"


async def test_a_call_is_rejected_with_the_status_of_the_far_end(line: Line) -> None:
    with pytest.raises(trunkline.CallRejectedError) as refused:
        await line.theirs.dial("sip:bob@192.0.2.1")
    assert refused.value.code == 403
    assert "dial.allow" in refused.value.reason
    with pytest.raises(ValueError, match="is no target"):
        await line.theirs.dial("sip: bob")


async def test_a_gateway_that_stops_ends_its_calls_and_whoever_waits(line: Line) -> None:
    ours, theirs = await line.call()
    waiting = asyncio.ensure_future(line.ours.accept())
    async with asyncio.timeout(DEADLINE_S):
        await line.ours.stop()
        assert await waiting is None
        assert await line.ours.accept() is None
    assert (await until(ours, events.Ended)) == events.Ended("gateway", "shutdown", None, None)
    assert (await until(theirs, events.Ended)).by == "remote"
    await line.ours.stop()


async def test_a_hold_and_its_end_are_told_at_both_ends(line: Line) -> None:
    ours, theirs = await line.call()
    ours.hold()
    assert await until(ours, events.Held) == events.Held()
    assert await until(theirs, events.Held) == events.Held()
    ours.resume()
    assert await until(ours, events.Resumed) == events.Resumed()
    assert await until(theirs, events.Resumed) == events.Resumed()


@pytest.mark.parametrize("mode", ["refer", "bridge"])
async def test_a_transfer_says_how_it_went_and_is_the_end_here(
    line: Line, mode: Literal["refer", "bridge"]
) -> None:
    ours, theirs = await line.call()
    _, host, port = line.theirs.addresses[0]
    accepting = asyncio.ensure_future(line.theirs.accept())
    ours.transfer(f"sip:bot@{host}:{port}", {"X-Reason": "sales"}, mode=mode)
    transferred = await until(ours, events.Transferred)
    assert transferred.code == 200, transferred
    assert await until(ours, events.Ended)
    async with asyncio.timeout(DEADLINE_S):
        third = await accepting
    assert third is not None
    # Whoever was called speaks with whom the call was moved to.
    await heard(theirs, 100)
    theirs.play_nowait(tone(1_000, 2_000))
    await heard(third, 600)
    assert loudness(await heard(third, 500), 1_000) > 4_000


async def test_a_transfer_that_no_rule_permits_is_refused(line: Line) -> None:
    ours, _theirs = await line.call()
    ours.transfer("sip:stranger@127.0.0.1", mode="bridge")
    refused = await until(ours, events.Refused)
    assert refused == events.Refused("transfer", "denied")
    assert ours.ended is None
