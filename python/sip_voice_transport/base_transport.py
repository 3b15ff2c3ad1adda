"""What an application needs of a call, whoever brings it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any

CANONICAL_SAMPLE_RATE = 16000
"""Samples a second of what an application hears and says."""
CANONICAL_SAMPLE_WIDTH = 2
"""Bytes of a sample: 16 bit, little-endian."""
CANONICAL_CHANNELS = 1
"""Mono."""


class BaseTransport(ABC):
    """One call. Audio is 16 kHz, 16 bit, little-endian, mono, both ways."""

    @abstractmethod
    def receive_audio(self) -> AsyncGenerator[bytes, None]:
        """What the caller says, in pieces of 20 to 100 ms, until the call ends."""

    @abstractmethod
    async def send_audio(self, audio: bytes) -> None:
        """Says audio of any length after what was said before."""

    @abstractmethod
    async def send_mark(self, name: str) -> None:
        """Puts a name behind everything said so far; it is told when all of that was played."""

    @abstractmethod
    async def clear_audio(self) -> None:
        """Forgets what was said and not played yet: somebody is interrupted."""

    @abstractmethod
    async def close(self) -> None:
        """Hangs up. To close twice does no more than to close once."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether the call is up."""

    @property
    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """What is known of the call: ``transport``, ``provider``, ``caller_id``, ``did``,
        ``call_sid``."""
