"""The spelling of events and commands, held against `docs/protocol.schema.json`."""

import json
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from trunkline.client import _messages
from trunkline.events import (
    Answered,
    AppDeaf,
    Cleared,
    Dtmf,
    Ended,
    Held,
    Interrupted,
    MarkPlayed,
    Paused,
    QueueHigh,
    QueueLow,
    Refused,
    Resumed,
    Ringing,
    Stages,
    Transferred,
    Turn,
)

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/protocol.schema.json").read_text())

START = {
    "type": "start",
    "protocol": "trunkline.v1",
    "callId": "c1",
    "callSid": "c1",
    "direction": "inbound",
    "from": "alice",
    "to": "bot",
    "sampleRate": 16000,
    "mixType": "mono",
    "media": {"encoding": "pcm_s16le", "sampleRate": 16000, "channels": 1, "ptime": 20},
    "headers": {"User-Agent": "a telephone"},
    "customParameters": {"queue": "sales"},
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}

STAGES = {
    "packetMs": 5,
    "jitterBufferMs": 40,
    "decodeMs": 1,
    "applicationMs": 600,
    "queueMs": 20,
    "encodeMs": 1,
}

TOLD = [
    ({"type": "ringing"}, Ringing()),
    ({"type": "answered"}, Answered()),
    (
        {
            "type": "dtmf",
            "digit": "#",
            "durationMs": 160,
            "event": "dtmf",
            "dtmf": "#",
            "duration": "1280",
        },
        Dtmf("#", 160),
    ),
    (
        {"type": "mark", "data": {"name": "greeting", "event": "playout"}, "atMs": 2140},
        MarkPlayed("greeting", 2140),
    ),
    # `cleared` names it too.
    ({"type": "mark", "data": {"name": "greeting", "event": "cleared"}, "atMs": 2140}, None),
    # A clip's end: this client plays no clips.
    ({"type": "playDone", "data": {"id": "1", "event": "playout"}, "atMs": 1}, None),
    ({"type": "cleared", "atMs": 1200, "marks": ["a", "b"]}, Cleared(1200, ("a", "b"))),
    ({"type": "paused", "atMs": 40, "marks": ["a"]}, Paused(40)),
    ({"type": "queue", "state": "high", "queuedMs": 31000}, QueueHigh(31000)),
    ({"type": "queue", "state": "low", "queuedMs": 900}, QueueLow(900)),
    ({"type": "held"}, Held()),
    ({"type": "resumed"}, Resumed()),
    (
        {"type": "transferred", "outcome": {"code": 202, "text": "Accepted"}},
        Transferred(202, "Accepted"),
    ),
    ({"type": "refused", "command": "play", "why": "full"}, Refused("play", "full")),
    (
        {"type": "turn", "atMs": 4000, "waitMs": 667, "stages": STAGES},
        Turn(4000, Stages(5, 40, 1, 600, 20, 1)),
    ),
    (
        {
            "type": "interrupted",
            "atMs": 9000,
            "yielded": True,
            "yieldMs": 667,
            "stages": STAGES,
        },
        Interrupted(9000, Stages(5, 40, 1, 600, 20, 1)),
    ),
    ({"type": "interrupted", "atMs": 9000, "yielded": False}, Interrupted(9000, None)),
    ({"type": "app_deaf", "atMs": 800, "silentMs": 10000}, AppDeaf(800, 10000)),
    (
        {"type": "stop", "by": "remote", "reason": "hangup", "playedMs": 0},
        Ended("remote", "hangup", None, None),
    ),
    (
        {
            "type": "stop",
            "by": "upstream",
            "reason": "4xx",
            "code": 486,
            "text": "Busy Here",
            "playedMs": 0,
        },
        Ended("upstream", "4xx", 486, "Busy Here"),
    ),
]

COMMANDS = [
    _messages.command("answer"),
    _messages.command("ring"),
    _messages.command("clear"),
    _messages.command("pause"),
    _messages.command("continue"),
    _messages.command("hold"),
    _messages.command("resume"),
    _messages.mark("greeting"),
    _messages.send_dtmf("0123456789*#ABCD", 160),
    _messages.transfer("sip:desk@pbx.example.com", {"X-Reason": "billing"}, "refer"),
    _messages.transfer("+15125550100", {}, "bridge"),
    *(_messages.hangup(cause) for cause in get_args(_messages.Cause)),
]

# Other names for what is said already, and what this client has no method for.
UNSAID = {"killAudio", "disconnect", "clearMarks", "playAudio"}


def validator(direction: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{direction}", "$defs": SCHEMA["$defs"]})


def types(direction: str) -> set[str]:
    names = [each["$ref"].rsplit("/", 1)[1] for each in SCHEMA["$defs"][direction]["oneOf"]]
    return {SCHEMA["$defs"][name]["properties"]["type"]["const"] for name in names}


@pytest.mark.parametrize(("message", "event"), TOLD, ids=lambda each: str(each)[:40])
def test_a_message_of_the_gateway_becomes_an_event(message, event):
    validator("toApplication").validate(message)
    assert _messages.event(message) == event


def test_every_message_that_the_schema_has_was_tried():
    validator("toApplication").validate(START)
    tried = {"start", *(message["type"] for message, _ in TOLD)}
    assert tried == types("toApplication")


def test_the_first_message_says_who_calls_whom():
    start = _messages.start(START)
    assert (start.call_id, start.direction, start.from_, start.to) == (
        "c1",
        "inbound",
        "alice",
        "bot",
    )
    assert start.sample_rate == 16000
    assert start.headers == {"User-Agent": "a telephone"}
    assert start.parameters == {"queue": "sales"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_as_the_schema_has_it(command):
    validator("fromApplication").validate(json.loads(command))


def test_every_command_that_the_schema_has_is_said_or_left_out_on_purpose():
    said = {json.loads(command)["type"] for command in COMMANDS}
    assert said | UNSAID == types("fromApplication")
    assert not said & UNSAID


def test_the_limits_are_those_of_the_schema():
    defs = SCHEMA["$defs"]
    keys = defs["sendDtmf"]["properties"]
    assert keys["digits"]["maxLength"] == _messages.DTMF_DIGITS_MAX
    assert _messages.DTMF_MS.start == keys["durationMs"]["minimum"]
    assert _messages.DTMF_MS.stop - 1 == keys["durationMs"]["maximum"]
    assert set(defs["digit"]["enum"]) == _messages.DTMF_DIGITS
    assert set(defs["hangup"]["properties"]["cause"]["enum"]) == set(get_args(_messages.Cause))
    assert set(defs["stop"]["properties"]["by"]["enum"]) == set(get_args(_messages.By))
    directions = defs["start"]["properties"]["direction"]["enum"]
    assert set(directions) == set(get_args(_messages.Direction))
    transfer = defs["transfer"]["properties"]
    assert set(transfer["mode"]["enum"]) == set(get_args(_messages.Mode))
    assert transfer["target"]["maxLength"] == _messages.TARGET_BYTES_MAX
    assert (
        defs["mark"]["properties"]["data"]["properties"]["name"]["maxLength"]
        == _messages.MARK_NAME_BYTES_MAX
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: _messages.send_dtmf("", 160),
        lambda: _messages.send_dtmf("5" * 65, 160),
        lambda: _messages.send_dtmf("12x", 160),
        lambda: _messages.send_dtmf("1", 39),
        lambda: _messages.send_dtmf("1", 8001),
        lambda: _messages.transfer("", {}, "refer"),
        lambda: _messages.transfer("sip:a b", {}, "refer"),
        lambda: _messages.transfer("sip:a\r\nb", {}, "refer"),
        lambda: _messages.transfer("sip:a", {}, "attended"),
        lambda: _messages.hangup("bored"),
        lambda: _messages.proven_mark_name("x" * 257),
        lambda: _messages.proven_mark_name("ü" * 129),
        lambda: _messages.proven_mark_name("\x01x"),
    ],
)
def test_what_the_gateway_would_count_as_nonsense_is_not_sent(wrong):
    with pytest.raises(ValueError, match=r"digits|pressed|target|transfer|cause|mark"):
        wrong()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"type": 5}',
        '{"type": "dtmf", "digit": 5, "durationMs": 160}',
        '{"type": "dtmf", "digit": "5", "durationMs": true}',
        '{"type": "dtmf", "digit": "5", "durationMs": -1}',
        '{"type": "cleared", "atMs": 0, "marks": [1]}',
        '{"type": "cleared", "atMs": 0, "marks": "a"}',
        '{"type": "mark", "data": null, "atMs": 0}',
        '{"type": "stop"}',
        '{"type": "stop", "by": "nobody", "reason": "hangup"}',
    ],
)
def test_a_malformed_message_is_an_error_of_its_own(text):
    with pytest.raises(_messages.MalformedMessageError):
        _messages.event(_messages.parsed(text))


def test_a_message_of_a_later_version_tells_nothing():
    assert _messages.event({"type": "weather"}) is None


@pytest.mark.parametrize("missing", sorted(START.keys() - {"callSid", "mixType", "media"}))
def test_a_start_that_lacks_something_is_malformed(missing):
    start = {name: value for name, value in START.items() if name != missing}
    with pytest.raises(_messages.MalformedMessageError):
        _messages.start(start)
