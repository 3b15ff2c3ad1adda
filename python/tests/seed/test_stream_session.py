"""The gateway's machines as Python has them: time goes in as numbers, so nothing here waits."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from provider_end import TELNYX_CONNECTED, TELNYX_START, TWILIO_CONNECTED, TWILIO_START
from sound import samples, tone

from sip_voice_transport import mulaw_decode
from trunkline._core import StreamSession, stream_dialects

Todo = list[tuple[Any, ...]]


def begun(start: dict[str, Any], dialect: str | None = None) -> tuple[StreamSession, Todo]:
    """A stream that begins at 100 s."""
    session = StreamSession(100.0, dialect)
    kind, told, todo = session.greet(100.0, json.dumps(start))
    assert kind == "start"
    assert told is not None
    return session, todo


def told(todo: Todo, name: str) -> list[tuple[Any, ...]]:
    """The fields of events of this name."""
    return [rest[1] for verb, *rest in todo if verb == "event" and rest[0] == name]


def sent(todo: Todo, event: str) -> list[dict[str, Any]]:
    """The messages of this kind."""
    messages = [json.loads(rest[0]) for verb, *rest in todo if verb == "send"]
    return [message for message in messages if message["event"] == event]


def until(session: StreamSession, end: float) -> Todo:
    """Everything that the passing of time brings about."""
    todo: Todo = []
    while (deadline := session.deadline) is not None and deadline <= end:
        todo += session.wake(deadline)
    return todo


def media(pcmu: bytes, chunk: int) -> str:
    payload = base64.b64encode(pcmu).decode()
    body = {
        "track": "inbound",
        "chunk": str(chunk),
        "timestamp": str(20 * chunk),
        "payload": payload,
    }
    return json.dumps({"event": "media", "media": body, "streamSid": "MZ"})


def test_a_start_tells_everything_of_the_call() -> None:
    session = StreamSession(0.0, "twilio")
    assert session.greet(0.0, json.dumps(TWILIO_CONNECTED)) == ("connected", None, [])
    kind, start, todo = session.greet(0.0, json.dumps(TWILIO_START))
    assert kind == "start"
    assert start == {
        "dialect": "twilio",
        "stream_id": "MZ0123456789abcdef0123456789abcdef",
        "call_id": "CA0123456789abcdef0123456789abcdef",
        "account_id": "AC0123456789abcdef0123456789abcdef",
        "from": "+15125550100",
        "to": "+15125551234",
        "direction": None,
        "encoding": "mulaw",
        "rate": 8000,
        "parameters": {"plan": "gold"},
    }
    assert todo == [("event", "Answered", ())]


def test_connected_tells_nothing_and_start_tells_the_dialect() -> None:
    for connected, start, name in [
        (TELNYX_CONNECTED, TELNYX_START, "telnyx"),
        # Telnyx's greeting before Twilio's start: the greeting counts for nothing.
        (TELNYX_CONNECTED, TWILIO_START, "twilio"),
    ]:
        session = StreamSession(0.0)
        assert session.greet(0.0, json.dumps(connected))[1] is None
        _, found, _ = session.greet(0.0, json.dumps(start))
        assert found is not None
        assert found["dialect"] == name


def test_what_is_no_stream_is_refused_with_what_was_seen() -> None:
    session = StreamSession(0.0)
    session.greet(0.0, '{"event":"hello"}')
    with pytest.raises(LookupError, match="hello"):
        session.greet(0.0, '{"event":"hello"}')
    with pytest.raises(ValueError, match="start"):
        StreamSession(0.0, "twilio").greet(0.0, '{"event":"stop","stop":{}}')
    with pytest.raises(ValueError, match=r"smoke.*twilio"):
        StreamSession(0.0, "smoke")


def test_audio_is_heard_at_16_khz() -> None:
    session, _ = begun(TWILIO_START)
    todo = session.receive(100.02, media(b"\xff" * 160, 1))
    [(samples, at, concealed)] = told(todo, "Audio")
    assert (len(samples), at, concealed) == (640, 0, False)


def test_audio_is_sent_a_little_ahead_of_time_and_no_further() -> None:
    session, _ = begun(TWILIO_START)
    todo = session.play(100.0, tone(440, 1.0, 16000))
    assert 8 <= len(sent(todo, "media")) <= 10, "200 ms at once"
    later = sent(until(session, 102.0), "media")
    assert len(sent(todo, "media")) + len(later) == 50, "and the rest as it is played"
    payload = base64.b64decode(later[0]["media"]["payload"])
    assert len(payload) == 160


def test_half_a_sample_waits_for_its_other_half() -> None:
    session, _ = begun(TWILIO_START)
    pcm = tone(440, 0.02, 16000)
    assert sent(session.play(100.0, pcm[:321]), "media") == []
    assert len(sent(session.play(100.0, pcm[321:]), "media")) == 1


def test_a_mark_is_told_when_the_provider_says_it_was_played() -> None:
    session, _ = begun(TWILIO_START)
    session.play(100.0, tone(440, 0.02, 16000))
    todo = session.mark(100.0, "end of greeting")
    [mark] = sent(todo, "mark")
    assert told(todo, "MarkPlayed") == []
    echo = json.dumps({"event": "mark", "streamSid": "MZ", "mark": mark["mark"]})
    assert told(session.receive(100.05, echo), "MarkPlayed") == [("end of greeting", 20)]


def test_a_clear_tells_the_marks_that_were_not_reached() -> None:
    session, _ = begun(TWILIO_START)
    session.play(100.0, tone(440, 2.0, 16000))
    session.mark(100.0, "never")
    todo = session.clear(100.1)
    assert len(sent(todo, "clear")) == 1
    [(at_ms, unplayed)] = told(todo, "Cleared")
    assert at_ms <= 100
    assert unplayed == ("never",)


def test_keys_and_the_end_are_told() -> None:
    session, _ = begun(TELNYX_START)
    pressed = {"event": "dtmf", "stream_id": "x", "dtmf": {"digit": "5"}}
    assert told(session.receive(100.0, json.dumps(pressed)), "Dtmf") == [("5", 0)]
    todo = session.receive(100.1, '{"event":"stop","stream_id":"x","stop":{}}')
    assert told(todo, "Ended") == [("remote", "hangup", None, None)]
    assert todo[-1] == ("finished",)
    assert session.deadline is None
    assert session.play(100.2, bytes(640)) == []


def test_hanging_up_closes_twilios_stream_and_asks_telnyx() -> None:
    twilio, _ = begun(TWILIO_START)
    todo = twilio.hangup(101.0, "normal")
    assert ("close", 1000) in todo
    assert not [it for it in todo if it[0] == "ask"]
    telnyx, _ = begun(TELNYX_START)
    assert ("ask", "hangup", None) in telnyx.hangup(101.0, "normal")
    with pytest.raises(ValueError, match="normal, rejected"):
        begun(TWILIO_START)[0].hangup(101.0, "boredom")


def test_what_a_stream_cannot_do_is_refused_and_never_pretended() -> None:
    session, _ = begun(TWILIO_START)
    assert told(session.transfer(100.0, "+15125550000"), "Refused") == [("transfer", "denied")]
    with pytest.raises(ValueError, match="no key"):
        session.send_dtmf(100.0, "x", 100)
    with pytest.raises(ValueError, match="no number"):
        session.transfer(100.0, "two words")
    with pytest.raises(ValueError, match="256 bytes"):
        session.mark(100.0, "x" * 257)


def test_keys_are_heard_where_nothing_else_presses_them() -> None:
    session, _ = begun(TWILIO_START)
    [media, *_] = sent(session.send_dtmf(100.0, "1", 160), "media")
    heard = samples(mulaw_decode(base64.b64decode(media["media"]["payload"])))
    assert max(map(abs, heard)) > 4000


def test_silence_takes_the_place_of_what_does_not_come() -> None:
    session, _ = begun(TWILIO_START)
    heard = told(until(session, 101.0), "Audio")
    assert 35 <= len(heard) <= 41
    assert all(concealed for _, _, concealed in heard)


def test_a_connection_that_breaks_off_ends_the_call() -> None:
    session, _ = begun(TWILIO_START)
    assert told(session.closed(100.5), "Ended") == [("gateway", "stream_lost", None, None)]
    session, _ = begun(TWILIO_START)
    assert told(session.closed(100.5, 1000), "Ended") == [("remote", "hangup", None, None)]


def test_a_clock_that_stands_still_or_runs_back_harms_nothing() -> None:
    session, _ = begun(TWILIO_START)
    for now in (100.0, 99.0, -1e300, float("nan"), 100.1):
        session.receive(now, media(b"\xff" * 160, 1))


def test_every_dialect_has_a_name_and_a_format() -> None:
    known = {name: rest for name, *rest in stream_dialects()}
    assert {"twilio", "telnyx", "plivo", "vonage", "exotel"} <= known.keys()
    assert "signalwire" in known["twilio"][0]
    assert known["telnyx"][1:] == ["mulaw", 8000, []]
    assert known["jambonz"][3]


def test_telnyx_is_sent_what_its_stream_was_set_up_to_take() -> None:
    for codec, size in [(None, 160), ("pcma", 160), ("l16;rate=16000", 640)]:
        session = StreamSession(100.0, None, codec)
        session.greet(100.0, json.dumps(TELNYX_START))
        [media, *_] = sent(session.play(100.0, tone(440, 0.02, 16000)), "media")
        assert len(base64.b64decode(media["media"]["payload"])) == size
    with pytest.raises(ValueError, match="mp3"):
        StreamSession(0.0, "telnyx", "mp3")
