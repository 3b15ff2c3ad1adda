"""What a :class:`~sip_voice_transport.SipTransport` needs of a provider's media stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from typing import Any


class BaseSipProvider(ABC):
    """One media stream, in the audio that its provider speaks.

    Every provider that the gateway knows comes from :func:`~sip_voice_transport.get_provider`. For
    another, derive from this class: a transport converts its audio.
    """

    @abstractmethod
    async def connect(self, websocket: Any, first_message: Mapping[str, Any] | str | bytes) -> None:
        """Begins the stream of an accepted WebSocket whose first message has been read, and is
        given as it came, or parsed.

        Raises:
            ProviderConnectionError: Where this does not become a stream.
        """

    @abstractmethod
    def receive_audio_frames(self) -> AsyncGenerator[bytes, None]:
        """What the caller says, in the provider's encoding, until the call ends."""

    @abstractmethod
    async def send_audio_frame(self, audio: bytes) -> None:
        """Says audio in the provider's encoding.

        Raises:
            ProviderConnectionError: Before :meth:`connect`.
        """

    @abstractmethod
    async def send_mark(self, name: str) -> None:
        """Puts a name behind everything said so far."""

    @abstractmethod
    async def clear_audio(self) -> None:
        """Forgets what was said and not played yet."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Ends the stream. What fails on the way is swallowed: the call is over."""

    @property
    @abstractmethod
    def provider_name(self) -> str:
        """Its name: ``telnyx``, ``twilio``, …"""

    @property
    @abstractmethod
    def native_sample_rate(self) -> int:
        """Samples a second of its audio."""

    @property
    @abstractmethod
    def native_encoding(self) -> str:
        """Its encoding: ``l16``, ``mulaw``, ``alaw``, …"""

    @property
    @abstractmethod
    def stream_id(self) -> str | None:
        """The provider's name of the stream; ``None`` before :meth:`connect`."""

    @property
    @abstractmethod
    def call_metadata(self) -> dict[str, Any]:
        """``caller_id``, ``did``, ``call_sid`` and ``stream_id``."""
