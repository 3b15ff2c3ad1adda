"""What can go wrong, under one root: :class:`SipTransportError`."""

from __future__ import annotations


class SipTransportError(Exception):
    """The root of all of them."""


class ConfigurationError(SipTransportError):
    """The configuration is wrong: one line for each problem, with place, key and remedy."""


class DIDConfigError(ConfigurationError):
    """What is said of telephone numbers is wrong."""


class DIDNotFoundError(SipTransportError):
    """Nothing is said of this number."""

    def __init__(self, did: str) -> None:
        super().__init__(f"{did} is not configured")
        self.did: str = did
        """The number, as it was asked for."""


class GatewayError(SipTransportError):
    """The gateway does not start, or has stopped."""


class CallRejectedError(SipTransportError):
    """A call was not placed, not answered, or is not wanted."""

    def __init__(self, code: int | str, reason: str = "Decline") -> None:
        """With a reason alone, the code is 603: whoever answers does not want the call."""
        if isinstance(code, str):
            code, reason = 603, code
        super().__init__(f"{code} {reason}")
        self.code: int = code
        """A SIP status: the far end's own, or the one that says the same."""
        self.reason: str = reason
        """The words that came with it."""


class CallEndedError(SipTransportError):
    """Something was asked of a call that is over."""


class QueueFullError(SipTransportError):
    """A call has more to play than it can hold."""


class ProviderConnectionError(SipTransportError):
    """A provider's connection is not there, or broke."""


class ProviderDetectionError(SipTransportError):
    """It cannot be told which provider speaks."""


class AudioCodecError(SipTransportError):
    """Audio is not in the form that it is said to be in."""
