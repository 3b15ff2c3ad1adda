"""What happens on a call. ``at_ms`` counts the application's own audio that is on the wire, since
answer; differences between two of them are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end is being alerted (outbound calls)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up; audio flows both ways from here to the end."""


@dataclass(frozen=True, slots=True)
class Audio:
    """20 ms of what the far end says."""

    samples: bytes
    """640 bytes: 320 samples, 16 kHz, mono, 16-bit, little-endian."""
    at: int
    """Position of its first sample, counted from answer."""
    concealed: bool
    """Whether it was made up because nothing came in time."""


@dataclass(frozen=True, slots=True)
class Dtmf:
    """The far end pressed a key."""

    digit: str
    """``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``."""
    duration_ms: int
    """For how long, as far as it was told."""


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """All audio before a mark is on the wire."""

    name: str
    """What :meth:`Call.mark` was given."""
    at_ms: int
    """Audio played so far."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """The queue was emptied: by :meth:`Call.clear`, or by the end of the call."""

    at_ms: int
    """Audio played so far."""
    unplayed: tuple[str, ...]
    """Marks that will never be reached, in their order."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Playing stopped on request; what is queued stays."""

    at_ms: int
    """Audio played so far."""


@dataclass(frozen=True, slots=True)
class QueueHigh:
    """Four minutes of audio are queued; five are the most."""

    queued_ms: int
    """How much it is."""


@dataclass(frozen=True, slots=True)
class QueueLow:
    """The queue came down to a minute again."""

    queued_ms: int
    """How much is left."""


@dataclass(frozen=True, slots=True)
class Held:
    """The call is on hold, by either side: what is played may not be heard."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Neither side holds the other any more."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """A transfer came to its end."""

    code: int
    """A SIP status; 2xx is success."""
    text: str
    """Its reason phrase."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was not carried out."""

    command: str
    """Which: ``play``, ``mark``, ``sendDtmf``, ``transfer``, …"""
    why: str
    """``unsupported``, ``full``, ``not_now``, ``denied`` or ``failed``."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Where the time from a sound of the far end to one of ours went, in ms. The stages follow one
    another and add up to all of it."""

    packet_ms: int
    """Until the packet was full that carried the far end's sound, and so came."""
    jitter_buffer_ms: int
    """In the jitter buffer."""
    decode_ms: int
    """In the filters of the decoder."""
    application_ms: int
    """Between this program's hearing of it and its answer, ways to and fro included."""
    queue_ms: int
    """In the queue of what this program said, until its turn on the wire."""
    encode_ms: int
    """In the filters of the encoder."""

    @property
    def total_ms(self) -> int:
        """All of it."""
        return (
            self.packet_ms
            + self.jitter_buffer_ms
            + self.decode_ms
            + self.application_ms
            + self.queue_ms
            + self.encode_ms
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """The far end was answered, by the audio alone: from its last word to our first sound on the
    wire. Told a moment later, when it is certain."""

    at_ms: int
    """When our first sound was on the wire, since answer."""
    stages: Stages
    """The way there."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The far end spoke while this program did."""

    at_ms: int
    """When it began, since answer."""
    yielded: Stages | None
    """The way from there to our last sound on the wire; ``None`` where this program talked on."""


@dataclass(frozen=True, slots=True)
class AppDeaf:
    """The far end has spoken, and this program has said nothing for as long as ``limits.app_deaf``
    has it."""

    at_ms: int
    """When the far end had first fallen silent, since answer."""
    silent_ms: int
    """How long ago that is."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every call."""

    by: Literal["app", "remote", "gateway", "upstream"]
    """Who ended it: this program, the far end, the gateway, or the far end by refusing it."""
    reason: str
    """Why, as one word: ``normal``, ``hangup``, ``rtp_timeout``, ``4xx``, …"""
    code: int | None
    """The SIP status behind it, where there is one."""
    text: str | None
    """The far end's words, where there are any."""


Event: TypeAlias = (
    Ringing
    | Answered
    | Audio
    | Dtmf
    | MarkPlayed
    | Cleared
    | Paused
    | QueueHigh
    | QueueLow
    | Held
    | Resumed
    | Transferred
    | Refused
    | Turn
    | Interrupted
    | AppDeaf
    | Ended
)
"""Whatever :meth:`Call.event` gives."""
