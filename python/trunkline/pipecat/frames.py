"""What a pipeline can ask of a call, and be told of it, beyond Pipecat's own frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipecat.frames.frames import DataFrame, SystemFrame

from trunkline.call import Cause


@dataclass
class SIPTransferFrame(DataFrame):
    """Moves the caller elsewhere once everything queued before it has been heard.

    The outcome is told by the event `on_transfer_result`. As with Pipecat's own queued frames, an
    interruption that comes first drops it.

    Parameters:
        target: Whom the caller is to talk to: a SIP URI, or a number. The gateway's `dial.allow`
            must permit it.
        headers: SIP headers sent along.
    """

    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class SIPReferFrame(SIPTransferFrame):
    """The same under the name that Daily's transport has for it."""


@dataclass
class SIPHangupFrame(DataFrame):
    """Hangs up once everything queued before it has been heard.

    The pipeline runs on; an `EndFrame` plays what is queued, hangs up and ends the pipeline too.

    Parameters:
        cause: Why: `normal` (the default), `rejected`, `busy`, `not_found` or `error`. The caller
            is told only where the call was not answered yet.
    """

    cause: Cause | None = None


@dataclass
class SIPPlayoutInterruptedFrame(SystemFrame):
    """What the bot was saying was cut off. Goes both ways from the output.

    Parameters:
        heard_ms: How much of the utterance went out to the caller, in ms.
    """

    heard_ms: int
