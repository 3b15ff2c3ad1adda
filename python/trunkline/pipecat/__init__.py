"""Pipecat bots on the telephone.

Add `"sip": lambda: SIPParams()` to a bot's `transport_params`, take `create_transport` and `main`
from here, and run it with `-t sip`: it is called once for every telephone call.
"""

from trunkline.pipecat.frames import (
    SIPHangupFrame,
    SIPPlayoutInterruptedFrame,
    SIPReferFrame,
    SIPTransferFrame,
)
from trunkline.pipecat.input import SIPInputTransport
from trunkline.pipecat.output import SIPOutputTransport
from trunkline.pipecat.params import SIPParams
from trunkline.pipecat.runner import SIPRunnerArguments, create_transport, main
from trunkline.pipecat.transport import SIPTransport

__all__ = [
    "SIPHangupFrame",
    "SIPInputTransport",
    "SIPOutputTransport",
    "SIPParams",
    "SIPPlayoutInterruptedFrame",
    "SIPReferFrame",
    "SIPRunnerArguments",
    "SIPTransferFrame",
    "SIPTransport",
    "create_transport",
    "main",
]
