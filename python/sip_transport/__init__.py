"""`trunkline.pipecat` under the name by which some bots import it."""

from trunkline.pipecat import (
    SIPHangupFrame,
    SIPInputTransport,
    SIPOutputTransport,
    SIPParams,
    SIPPlayoutInterruptedFrame,
    SIPReferFrame,
    SIPRunnerArguments,
    SIPTransferFrame,
    SIPTransport,
    create_transport,
    main,
)

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
