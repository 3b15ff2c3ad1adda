"""Twilio."""

from .stream_provider import StreamProvider


class TwilioProvider(StreamProvider):
    """A media stream of Twilio, or of one who speaks as it does (SignalWire, Cloudonix)."""

    def __init__(self) -> None:
        super().__init__("twilio")
