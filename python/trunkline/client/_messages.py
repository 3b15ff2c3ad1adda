"""The text messages of the protocol: what they say as events, and how commands are spelled.

`docs/protocol.schema.json` describes each of them.
"""

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

from trunkline.call import Cause
from trunkline.events import (
    Answered,
    AppDeaf,
    Cleared,
    Dtmf,
    Ended,
    Event,
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

PROTOCOL = "trunkline.v1"

DTMF_DIGITS = frozenset("0123456789*#ABCD")
DTMF_DIGITS_MAX = 64
DTMF_MS = range(40, 8001)
MARK_NAME_BYTES_MAX = 256
TARGET_BYTES_MAX = 1024

Message: TypeAlias = Mapping[str, Any]
Mode: TypeAlias = Literal["refer", "bridge"]
By: TypeAlias = Literal["app", "remote", "gateway", "upstream"]
Direction: TypeAlias = Literal["inbound", "outbound"]


class MalformedMessageError(ValueError):
    """A message that is not as the protocol has it."""


@dataclass(frozen=True)
class Start:
    """The first message of a call."""

    call_id: str
    direction: Direction
    from_: str
    to: str
    sample_rate: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    traceparent: str = ""


def parsed(text: str) -> Message:
    """The object in a text message."""
    try:
        message: object = json.loads(text)
    except ValueError as error:
        raise MalformedMessageError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise MalformedMessageError("not a JSON object")
    return cast("Message", message)


def start(message: Message) -> Start:
    """What the first message says."""
    if message.get("type") != "start" or message.get("protocol") != PROTOCOL:
        raise MalformedMessageError(f"the first message is no `start` of {PROTOCOL}")
    return Start(
        call_id=_text(message, "callId"),
        direction=cast(Direction, _one_of(message, "direction", Direction)),
        from_=_text(message, "from"),
        to=_text(message, "to"),
        sample_rate=_count(message, "sampleRate"),
        headers=_texts(message, "headers"),
        parameters=_texts(message, "customParameters"),
        traceparent=_text(message, "traceparent"),
    )


def event(message: Message) -> Event | None:
    """The event that a message tells; `None` where it tells none, or is of a later version."""
    read = EVENTS.get(_text(message, "type"))
    return read(message) if read else None


def command(kind: str, **fields: object) -> str:
    """A message to the gateway."""
    return json.dumps({"type": kind, **fields})


def mark(name: str) -> str:
    """A mark; its name is ours or was proven."""
    return command("mark", data={"name": name})


def name_of_mark(text: str) -> str | None:
    """The name in a message of ours, where it is a mark."""
    message = parsed(text)
    return _text(_object(message, "data"), "name") if message["type"] == "mark" else None


def proven_mark_name(name: str) -> str:
    """The name, where a mark may have it."""
    if len(name.encode()) > MARK_NAME_BYTES_MAX:
        raise ValueError(f"a mark's name has at most {MARK_NAME_BYTES_MAX} bytes")
    if name and unicodedata.category(name[0]) == "Cc":
        raise ValueError("a mark's name does not begin with a control character")
    return name


def send_dtmf(digits: str, duration_ms: int) -> str:
    """Keys to press."""
    if not 1 <= len(digits) <= DTMF_DIGITS_MAX or not set(digits) <= DTMF_DIGITS:
        raise ValueError(f"digits are 1 to {DTMF_DIGITS_MAX} of 0-9, *, # and A-D: {digits!r}")
    if duration_ms not in DTMF_MS:
        raise ValueError(f"a key is pressed for 40 to 8000 ms, not {duration_ms}")
    return command("sendDtmf", digits=digits, durationMs=duration_ms)


def transfer(target: str, headers: Mapping[str, str], mode: str) -> str:
    """Where the call is to go."""
    if not 1 <= len(target.encode()) <= TARGET_BYTES_MAX:
        raise ValueError(f"a target is a URI or a number of at most {TARGET_BYTES_MAX} bytes")
    if any(sign.isspace() or not sign.isprintable() for sign in target):
        raise ValueError(f"a target has no spaces: {target!r}")
    if mode not in get_args(Mode):
        raise ValueError(f"a transfer is {' or '.join(get_args(Mode))}, not {mode!r}")
    return command("transfer", target=target, headers=dict(headers), mode=mode)


def hangup(cause: str) -> str:
    """The end of the call."""
    if cause not in get_args(Cause):
        raise ValueError(f"a cause is one of {', '.join(get_args(Cause))}, not {cause!r}")
    return command("hangup", cause=cause)


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise MalformedMessageError(f"`{name}` is no text")
    return value


def _one_of(message: Message, name: str, words: object) -> str:
    value = _text(message, name)
    if value not in get_args(words):
        raise MalformedMessageError(f"`{name}` is {value!r}")
    return value


def _count(message: Message, name: str) -> int:
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedMessageError(f"`{name}` is no count")
    return value


def _object(message: Message, name: str) -> Message:
    value = message.get(name)
    if not isinstance(value, dict):
        raise MalformedMessageError(f"`{name}` is no object")
    return cast("Message", value)


def _texts(message: Message, name: str) -> Mapping[str, str]:
    values = _object(message, name)
    return {key: _text(values, key) for key in values}


def _names(message: Message, name: str) -> tuple[str, ...]:
    value = message.get(name)
    if not isinstance(value, list):
        raise MalformedMessageError(f"`{name}` is no list")
    names = cast("list[object]", value)
    if not all(isinstance(each, str) for each in names):
        raise MalformedMessageError(f"`{name}` holds other things than names")
    return tuple(cast("list[str]", names))


def _mark(message: Message) -> Event | None:
    data = _object(message, "data")
    if _text(data, "event") != "playout":
        # `cleared` names every mark that will not be reached.
        return None
    return MarkPlayed(name=_text(data, "name"), at_ms=_count(message, "atMs"))


def _queue(message: Message) -> Event:
    queued_ms = _count(message, "queuedMs")
    return QueueHigh(queued_ms) if message.get("state") == "high" else QueueLow(queued_ms)


def _transferred(message: Message) -> Event:
    outcome = _object(message, "outcome")
    return Transferred(code=_count(outcome, "code"), text=_text(outcome, "text"))


def _stages(message: Message) -> Stages:
    stages = _object(message, "stages")
    return Stages(
        packet_ms=_count(stages, "packetMs"),
        jitter_buffer_ms=_count(stages, "jitterBufferMs"),
        decode_ms=_count(stages, "decodeMs"),
        application_ms=_count(stages, "applicationMs"),
        queue_ms=_count(stages, "queueMs"),
        encode_ms=_count(stages, "encodeMs"),
    )


def _interrupted(message: Message) -> Event:
    yielded = _stages(message) if message.get("yielded") is True else None
    return Interrupted(_count(message, "atMs"), yielded)


def _stop(message: Message) -> Event:
    return Ended(
        by=cast(By, _one_of(message, "by", By)),
        reason=_text(message, "reason"),
        code=_count(message, "code") if "code" in message else None,
        text=_text(message, "text") if "text" in message else None,
    )


# Messages by their type. `start` comes before all of them, and sound is no text.
EVENTS: Mapping[str, Callable[[Message], Event | None]] = {
    "ringing": lambda _: Ringing(),
    "answered": lambda _: Answered(),
    "dtmf": lambda said: Dtmf(_text(said, "digit"), _count(said, "durationMs")),
    "mark": _mark,
    "cleared": lambda said: Cleared(_count(said, "atMs"), _names(said, "marks")),
    "paused": lambda said: Paused(_count(said, "atMs")),
    "queue": _queue,
    "held": lambda _: Held(),
    "resumed": lambda _: Resumed(),
    "transferred": _transferred,
    "refused": lambda said: Refused(_text(said, "command"), _text(said, "why")),
    "turn": lambda said: Turn(_count(said, "atMs"), _stages(said)),
    "interrupted": _interrupted,
    "app_deaf": lambda said: AppDeaf(_count(said, "atMs"), _count(said, "silentMs")),
    "stop": _stop,
}
