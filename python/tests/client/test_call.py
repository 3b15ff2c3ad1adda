"""A call against a gateway's end that says what the test has it say."""

import asyncio
import inspect
import logging

import pytest
from gateway_double import START, STOP, WITHIN_S, brought_to
from websockets.asyncio.client import connect as dial
from websockets.exceptions import InvalidStatus

import trunkline
from trunkline.client import Call, _call, serve
from trunkline.events import (
    Answered,
    Audio,
    Cleared,
    Dtmf,
    Ended,
    MarkPlayed,
    QueueHigh,
    Refused,
)
from trunkline.exceptions import CallEndedError, QueueFullError

FRAME = bytes(640)
MS = 32  # Bytes of sound at 16 kHz.


class Application:
    """An application whose call is in the test's hands until it ends."""

    def __init__(self):
        self.call = asyncio.get_running_loop().create_future()

    async def __call__(self, call):
        self.call.set_result(call)
        await call._is_over.wait()

    async def taken(self) -> Call:
        return await asyncio.wait_for(self.call, WITHIN_S)


async def next_event(call):
    return await asyncio.wait_for(call.event(), WITHIN_S)


async def test_a_call_says_who_calls_and_tells_what_happens_in_order():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        assert (call.id, call.direction, call.from_, call.to) == ("c1", "inbound", "alice", "bot")
        assert call.parameters == {"queue": "sales"}
        assert call.sample_rate == 16000
        await gateway.tell(type="answered")
        await gateway.sound(FRAME)
        await gateway.tell(
            type="dtmf", digit="5", durationMs=160, event="dtmf", dtmf="5", duration="1280"
        )
        await gateway.sound(FRAME)
        await gateway.tell(**STOP)
        events = [await next_event(call) for _ in range(6)]
        assert events == [
            Answered(),
            Audio(FRAME, 0, False),
            Dtmf("5", 160),
            Audio(FRAME, 320, False),
            Ended("remote", "hangup", None, None),
            None,
        ]
        assert call.ended == events[4]


async def test_commands_are_messages_in_their_order():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        call.ring()
        call.answer()
        call.play_nowait(b"\1\0")
        call.mark("said")
        call.pause()
        call.unpause()
        call.send_dtmf("12#")
        call.hold()
        call.resume()
        call.transfer("sip:desk@example.com", {"X-Why": "billing"})
        call.hangup("busy")
        messages = [await gateway.next() for _ in range(11)]
        assert messages == [
            {"type": "ring"},
            {"type": "answer"},
            b"\1\0",
            {"type": "mark", "data": {"name": "said"}},
            {"type": "pause"},
            {"type": "continue"},
            {"type": "sendDtmf", "digits": "12#", "durationMs": 100},
            {"type": "hold"},
            {"type": "resume"},
            {
                "type": "transfer",
                "target": "sip:desk@example.com",
                "headers": {"X-Why": "billing"},
                "mode": "refer",
            },
            {"type": "hangup", "cause": "busy"},
        ]


async def test_play_returns_when_less_than_the_lead_is_left():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS), lead_ms=300))
        assert len(await gateway.next()) == 700 * MS
        checkpoint = await gateway.next()
        assert len(await gateway.next()) == 300 * MS
        await gateway.next_of("mark")
        assert not playing.done()
        name = checkpoint["data"]["name"]
        await gateway.tell(type="mark", data={"name": name, "event": "playout"}, atMs=700)
        await asyncio.wait_for(playing, WITHIN_S)
        # Marks of the client's own are not told.
        await gateway.tell(**STOP)
        assert isinstance(await next_event(call), Ended)


async def test_clear_releases_who_plays_and_hides_marks_that_are_not_the_application_s():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS)))
        checkpoint = (await gateway.next_of("mark"))["data"]["name"]
        call.mark("said")
        while (mark := await gateway.next_of("mark"))["data"]["name"] != "said":
            last = mark["data"]["name"]
        call.clear()
        await asyncio.wait_for(playing, WITHIN_S)
        await gateway.next_of("clear")
        for name in (checkpoint, last, "said"):
            await gateway.tell(type="mark", data={"name": name, "event": "cleared"}, atMs=40)
        await gateway.tell(type="cleared", atMs=40, marks=[checkpoint, last, "said"])
        assert await next_event(call) == Cleared(40, ("said",))


async def test_clear_takes_back_what_was_not_sent_yet():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        # Nothing of it is sent before this task gives way.
        call.play_nowait(bytes(1000 * MS))
        call.mark("never sent")
        call.send_dtmf("5")
        call.clear()
        assert (await gateway.next())["type"] == "sendDtmf"
        assert (await gateway.next())["type"] == "clear"
        await gateway.tell(type="cleared", atMs=0, marks=[])
        assert await next_event(call) == Cleared(0, ("never sent",))


async def test_a_clear_by_others_releases_who_plays():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS)))
        names = [(await gateway.next_of("mark"))["data"]["name"] for _ in range(2)]
        await gateway.tell(type="cleared", atMs=0, marks=names)
        await asyncio.wait_for(playing, WITHIN_S)
        assert await next_event(call) == Cleared(0, ())


async def test_the_end_of_the_call_releases_who_plays():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS)))
        await gateway.next_of("mark")
        await gateway.tell(**STOP)
        await asyncio.wait_for(playing, WITHIN_S)
        with pytest.raises(CallEndedError, match="c1"):
            await call.play(bytes(1000 * MS))
        with pytest.raises(CallEndedError):
            call.clear()
        call.hangup()


async def test_a_mark_for_which_there_is_no_room_leaves_nobody_waiting():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS)))
        await gateway.next_of("mark")
        await gateway.tell(type="refused", command="mark", why="full")
        await asyncio.wait_for(playing, WITHIN_S)
        assert await next_event(call) == Refused("mark", "full")


async def test_long_sound_goes_in_messages_that_the_gateway_takes():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        pcm = bytes(range(256)) * 10_000
        call.play_nowait(pcm)
        heard = b""
        while len(heard) < len(pcm):
            message = await gateway.next()
            assert len(message) <= _call.MESSAGE_BYTES_MAX
            heard += message if isinstance(message, bytes) else b""
        assert heard == pcm


async def test_more_than_five_minutes_unsent_are_not_taken():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        call.play_nowait(bytes(_call.UNSENT_BYTES_MAX))
        assert call.queued_ms == 300_000
        with pytest.raises(QueueFullError):
            call.play_nowait(b"\0\0")
        call.clear()
        await gateway.next_of("clear")


async def test_who_does_not_listen_loses_the_oldest_sound_and_no_event():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        await gateway.tell(type="answered")
        for number in range(_call.AUDIO_WAITING_MAX + 10):
            await gateway.sound(number.to_bytes(2, "little"))
        await gateway.tell(type="queue", state="high", queuedMs=1)
        await gateway.tell(**STOP)
        await asyncio.wait_for(call._is_over.wait(), WITHIN_S)
        events = [event async for event in call]
        numbers = [int.from_bytes(e.samples, "little") for e in events if isinstance(e, Audio)]
        assert numbers == list(range(10, _call.AUDIO_WAITING_MAX + 10))
        others = [event for event in events if not isinstance(event, Audio)]
        assert others == [Answered(), QueueHigh(1), Ended("remote", "hangup", None, None)]


async def test_a_malformed_message_is_passed_over(caplog):
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        await gateway.tell(type="dtmf", digit=5)
        await gateway.tell(type="weather")
        await gateway.tell(type="mark", data={"name": "x", "event": "playout"}, atMs=3)
        with caplog.at_level(logging.WARNING):
            assert await next_event(call) == MarkPlayed("x", 3)
        assert "`digit` is no text" in caplog.text


async def test_a_handler_that_returns_hangs_up_and_hears_how_it_ended():
    async def handler(call):
        calls.append(call)

    calls = []
    async with brought_to(handler) as gateway:
        await gateway.next_of("hangup")
        await gateway.tell(type="stop", by="app", reason="normal", playedMs=0)
        assert await gateway.closed() == 1000
    assert calls[0].ended == Ended("app", "normal", None, None)


async def test_a_handler_that_fails_counts_as_lost():
    async def handler(call):
        raise RuntimeError("a mistake of the application")

    async with brought_to(handler) as gateway:
        assert await gateway.closed() == 1011


async def test_a_connection_that_breaks_ends_the_call():
    application = Application()
    async with brought_to(application) as gateway:
        call = await application.taken()
        playing = asyncio.create_task(call.play(bytes(1000 * MS)))
        await gateway.next_of("mark")
        gateway.socket.transport.abort()
        await asyncio.wait_for(playing, WITHIN_S)
        assert await next_event(call) == Ended("gateway", "app_lost", None, None)
        assert await next_event(call) is None


async def test_what_does_not_begin_as_a_call_is_turned_away():
    async def handler(call):
        raise AssertionError("this is no call")

    async with brought_to(handler, start={**START, "protocol": "another"}) as gateway:
        assert await gateway.closed() == 1008


async def test_a_page_in_a_browser_is_turned_away():
    async def handler(call):
        raise AssertionError("this is no call")

    async with serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InvalidStatus, match="403"):
            await dial(f"ws://127.0.0.1:{port}/", origin="https://example.com")


def test_a_call_has_everything_that_one_of_a_gateway_in_this_process_has():
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    here, there = trunkline.Call, Call
    # This one lives in an event loop.
    wanted = {name for name in public(here) if not name.endswith("_blocking")}
    assert wanted <= public(there)
    for name in wanted:
        if callable(getattr(here, name)):
            ours = inspect.signature(getattr(there, name)).parameters.values()
            theirs = inspect.signature(getattr(here, name)).parameters.values()
            assert [(each.name, each.kind, bool(each.default)) for each in ours] == [
                (each.name, each.kind, bool(each.default)) for each in theirs
            ], name
