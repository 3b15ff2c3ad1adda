"""Telnyx."""

from .stream_provider import StreamProvider


class TelnyxProvider(StreamProvider):
    """A media stream of Telnyx, in whatever encoding its ``start`` announces."""

    def __init__(self, codec: str = "pcmu") -> None:
        """``codec`` is what its stream was set up to take (``bidirectionalCodec``), which is not
        announced: ``pcmu``, ``pcma``, ``g722`` or ``l16``."""
        super().__init__("telnyx", telnyx_codec=codec)
