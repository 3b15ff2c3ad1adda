"""What can go wrong: the exceptions of :mod:`trunkline.exceptions`."""

from trunkline.exceptions import (
    AudioCodecError,
    CallRejectedError,
    DIDConfigError,
    DIDNotFoundError,
    ProviderConnectionError,
    ProviderDetectionError,
    SipTransportError,
)

__all__ = [
    "AudioCodecError",
    "CallRejectedError",
    "DIDConfigError",
    "DIDNotFoundError",
    "ProviderConnectionError",
    "ProviderDetectionError",
    "SipTransportError",
]
