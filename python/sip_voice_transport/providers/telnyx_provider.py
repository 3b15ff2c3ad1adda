"""Telnyx."""

from .stream_provider import StreamProvider


class TelnyxProvider(StreamProvider):
    """A media stream of Telnyx, in whatever encoding its ``start`` announces.

    What Telnyx takes is not announced: it is what the stream was set up with, and PCMU where
    nothing was said (see the documents of :class:`~sip_voice_transport.SipWebhookHandler`).
    """

    def __init__(self) -> None:
        super().__init__("telnyx")
