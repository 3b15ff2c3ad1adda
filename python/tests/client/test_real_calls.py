"""Calls of the real binary's, with a softphone on the other side."""

import asyncio

import pytest
from binary import WITHIN_S, call, serving
from sound import frames_of_tone, tone
from websockets.exceptions import InvalidStatus

from trunkline.client import connect, serve, waiting
from trunkline.events import (
    Answered,
    Audio,
    Cleared,
    Dtmf,
    Ended,
    Held,
    MarkPlayed,
    QueueHigh,
    QueueLow,
    Refused,
)

DESK = {
    "apps": {"desk": {"type": "websocket", "role": "server"}},
    "routes": [{"to": "*", "app": "desk"}],
}


class Told:
    """The events of a call but its sound, as they come."""

    def __init__(self, call):
        self.call, self.events, self.frames = call, [], 0

    async def next(self, kind):
        """Waits for the next event of a kind."""
        async with asyncio.timeout(WITHIN_S):
            async for event in self.call:
                if isinstance(event, Audio):
                    self.frames += 1
                    continue
                self.events.append(event)
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"the call ended without {kind.__name__}: {self.events}")


async def called(folder, handler, *arguments):
    """Has a softphone call an application; what the softphone and the gateway say of it."""
    failures = []

    async def watched(call):
        try:
            await handler(call)
        except BaseException as error:
            failures.append(error)
            raise

    async with serve(watched, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"ws://127.0.0.1:{port}/ws/sip/{{call_id}}"
        async with serving(folder, "--ws-url", url) as gateway:
            heard = await call(gateway.uri("bot"), folder, *arguments)
            records = await gateway.records()
    if failures:
        raise failures[0]
    assert len(records) == 1
    return heard, records[0]


async def test_a_call_from_start_to_end(tmp_path):
    async def handler(call):
        assert (call.direction, call.to) == ("inbound", "bot")
        assert call.sample_rate == 16_000
        told = Told(call)
        await told.next(Answered)
        call.play_nowait(tone(1000, 1.0))
        call.mark("said")
        assert (await told.next(Dtmf)).digit == "7"
        assert (await told.next(MarkPlayed)) == MarkPlayed("said", 1000)
        assert told.frames > 40
        call.send_dtmf("42#")
        call.play_nowait(bytes(32_000))
        call.mark("pressed")
        assert (await told.next(MarkPlayed)).name == "pressed"
        call.hangup()
        ended = await told.next(Ended)
        assert (ended.by, ended.reason) == ("app", "normal")
        assert await call.event() is None

    heard, record = await called(tmp_path, handler, "--dtmf", "7", "--duration", "20")
    assert heard.report["end"]["by"] == "remote"
    assert heard.report["keys"] == "42#"
    assert 48 <= frames_of_tone(1000, heard.samples, heard.rate_hz) <= 52
    assert record["end"]["by"] == "app"
    assert record["application"]["nonsense"] == 0


async def test_play_keeps_a_lead_and_no_more(tmp_path):
    async def handler(call):
        told = Told(call)
        await told.next(Answered)
        # Whole and in pieces: the gateway never holds more than the lead when `play` returns.
        await call.play(tone(1000, 1.5), lead_ms=200)
        for _ in range(50):
            await call.play(tone(1000, 0.02), lead_ms=200)
        call.clear()
        cleared = await told.next(Cleared)
        assert 2300 <= cleared.at_ms <= 2500
        assert cleared.unplayed == ()
        assert not any(isinstance(event, QueueHigh | QueueLow) for event in told.events)

    heard, _ = await called(tmp_path, handler)
    # What was played ran through: 2.3 s of it, without a gap.
    assert frames_of_tone(1000, heard.samples, heard.rate_hz) >= 112


async def test_clear_says_how_much_was_heard(tmp_path):
    async def handler(call):
        told = Told(call)
        await told.next(Answered)
        call.play_nowait(tone(1000, 0.5))
        call.mark("begun")
        call.play_nowait(tone(1000, 30.0))
        call.mark("never")
        assert (await told.next(MarkPlayed)).name == "begun"
        call.clear()
        cleared = await told.next(Cleared)
        assert cleared.unplayed == ("never",)
        assert 500 <= cleared.at_ms < 5000

    heard, record = await called(tmp_path, handler)
    assert heard.report["end"]["by"] == "remote"
    assert record["end"]["by"] == "app"


async def test_the_caller_s_hang_up_ends_the_call_and_who_plays(tmp_path):
    async def handler(call):
        told = Told(call)
        await told.next(Answered)
        await call.play(tone(1000, 30.0))
        ended = await told.next(Ended)
        assert (ended.by, ended.reason) == ("remote", "hangup")

    heard, record = await called(tmp_path, handler, "--duration", "1")
    assert heard.report["end"]["by"] == "app"
    assert record["end"]["by"] == "remote"


async def test_holds_are_told_and_transfers_that_no_rule_permits_are_refused(tmp_path):
    async def handler(call):
        told = Told(call)
        await told.next(Answered)
        call.hold()
        await told.next(Held)
        call.resume()
        call.transfer("sip:desk@pbx.example.com", mode="bridge")
        refused = await told.next(Refused)
        assert (refused.command, refused.why) == ("transfer", "denied")

    await called(tmp_path, handler)


async def test_an_application_comes_to_a_call_that_waits(tmp_path):
    async with serving(tmp_path, **DESK) as gateway, waiting(gateway.http) as announced:
        calling = asyncio.create_task(call(gateway.uri("alice"), tmp_path))
        waits = await asyncio.wait_for(anext(announced), WITHIN_S)
        assert (waits.to, waits.app) == ("alice", "desk")
        async with waits.connect() as taken:
            assert taken.id == waits.call_id
            with pytest.raises(InvalidStatus, match="409"):
                async with waits.connect():
                    pass
            await Told(taken).next(Answered)
        assert taken.ended == Ended("app", "normal", None, None)
        with pytest.raises(InvalidStatus, match="404"):
            async with connect(f"{gateway.http.replace('http', 'ws')}/ws/sip/nobody"):
                pass
        assert (await calling).report["end"]["by"] == "remote"
