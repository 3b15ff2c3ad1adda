"""Audio between what a provider speaks and what an application hears.

All of it is the gateway's own: G.711 as ITU-T G.191 has it, and filters that keep their state from
one piece of a stream to the next, so that a stream sounds the same however it is cut.
"""

from __future__ import annotations

import base64
import binascii
import logging

from trunkline._core import Converter

from .base_transport import CANONICAL_SAMPLE_RATE
from .exceptions import AudioCodecError

logger = logging.getLogger(__name__)

# G.711 works sample by sample: any rate that is the same on both sides will do.
_SAME_RATE = 8000


class AudioCodec:
    """Converts both directions of one call's audio.

    Each direction is a stream: give it its pieces in their order, and take a new codec for a new
    call. Linear audio is 16 bit, little-endian, mono.
    """

    def __init__(
        self,
        source_rate: int,
        source_encoding: str,
        target_rate: int = CANONICAL_SAMPLE_RATE,
        target_encoding: str = "l16",
    ) -> None:
        """A codec between the provider's format (source) and the application's (target).

        Encodings are ``l16``, ``mulaw`` and ``alaw``, or what providers call them (``PCMU``,
        ``audio/x-mulaw``); rates are 8000, 16000, 24000 and 48000.

        Raises:
            AudioCodecError: Where one of them is neither.
        """
        self.source_rate = source_rate
        self.source_encoding = source_encoding
        self.target_rate = target_rate
        self.target_encoding = target_encoding
        self._decoder = _converter(source_rate, source_encoding, target_rate, target_encoding)
        self._encoder = _converter(target_rate, target_encoding, source_rate, source_encoding)
        if self.is_noop:
            logger.debug("%s at %d Hz needs no conversion", source_encoding, source_rate)

    @property
    def is_noop(self) -> bool:
        """Whether both formats are the same, so that bytes go through as they are."""
        return self._decoder.is_noop

    # The name under which earlier programs looked.
    _is_noop = is_noop

    def decode_to_canonical(self, raw: bytes) -> bytes:
        """The next piece of the provider's audio, as the application hears it."""
        return self._decoder.convert(raw)

    def encode_from_canonical(self, pcm: bytes) -> bytes:
        """The next piece of the application's audio, as the provider takes it."""
        return self._encoder.convert(pcm)


def mulaw_encode(pcm_data: bytes) -> bytes:
    """16 bit little-endian samples as G.711 mu-law, a byte each.

    Raises:
        AudioCodecError: Where half a sample is left over.
    """
    return _whole(pcm_data, "l16", "mulaw")


def mulaw_decode(data: bytes) -> bytes:
    """G.711 mu-law as 16 bit little-endian samples."""
    return _whole(data, "mulaw", "l16")


def alaw_encode(pcm_data: bytes) -> bytes:
    """16 bit little-endian samples as G.711 A-law, a byte each.

    Raises:
        AudioCodecError: Where half a sample is left over.
    """
    return _whole(pcm_data, "l16", "alaw")


def alaw_decode(data: bytes) -> bytes:
    """G.711 A-law as 16 bit little-endian samples."""
    return _whole(data, "alaw", "l16")


def resample(pcm_data: bytes, from_rate: int, to_rate: int) -> bytes:
    """A whole recording of 16 bit samples at another rate.

    What comes piece by piece belongs in an :class:`AudioCodec`: a filter that begins anew with
    every piece is heard at every seam.

    Raises:
        AudioCodecError: Where half a sample is left over, or a rate is not 8000, 16000, 24000 or
            48000.
    """
    _check_whole(pcm_data)
    return _converter(from_rate, "l16", to_rate, "l16").convert(pcm_data)


def base64_decode_audio(payload: str) -> bytes:
    """The bytes of a base64 text.

    Raises:
        AudioCodecError: Where it is none.
    """
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AudioCodecError(f"audio that is no base64: {error}") from None


def base64_encode_audio(audio: bytes) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(audio).decode("ascii")


def _converter(from_rate: int, from_encoding: str, to_rate: int, to_encoding: str) -> Converter:
    try:
        return Converter(from_rate, from_encoding, to_rate, to_encoding)
    except (ValueError, OverflowError) as error:
        raise AudioCodecError(str(error)) from None


def _whole(data: bytes, from_encoding: str, to_encoding: str) -> bytes:
    if from_encoding == "l16":
        _check_whole(data)
    return _converter(_SAME_RATE, from_encoding, _SAME_RATE, to_encoding).convert(data)


def _check_whole(pcm_data: bytes) -> None:
    if len(pcm_data) % 2:
        raise AudioCodecError(f"{len(pcm_data)} bytes are no whole number of 16 bit samples")
