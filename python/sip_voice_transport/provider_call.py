"""A provider that an application brings along, as a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from trunkline.events import Audio, Ended, Event

from .audio_codec import AudioCodec
from .base_sip_provider import BaseSipProvider
from .base_transport import CANONICAL_SAMPLE_WIDTH
from .exceptions import ProviderConnectionError

logger = logging.getLogger(__name__)


class ProviderCall:
    """A :class:`~sip_voice_transport.BaseSipProvider` with the verbs of a call, its audio
    converted. What its interface has no words for (keys, transfers, marks that were played) is not
    told."""

    def __init__(self, provider: BaseSipProvider) -> None:
        """A connected provider.

        Raises:
            ProviderConnectionError: Where it is not.
        """
        if provider.stream_id is None:
            raise ProviderConnectionError("the provider is not connected: await connect() first")
        known = provider.call_metadata
        self.id = str(known.get("call_sid") or "")
        self.from_ = str(known.get("caller_id") or "")
        self.to = str(known.get("did") or "")
        self.ended: Ended | None = None
        self._provider = provider
        self._codec = AudioCodec(provider.native_sample_rate, provider.native_encoding)
        self._frames = provider.receive_audio_frames()
        self._heard = 0
        self._is_told = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def event(self) -> Event | None:
        """The next piece of the caller's audio, and at last the end."""
        if self._is_told:
            return None
        async for frame in self._frames:
            pcm = self._codec.decode_to_canonical(frame)
            at, self._heard = self._heard, self._heard + len(pcm) // CANONICAL_SAMPLE_WIDTH
            return Audio(pcm, at, False)
        self.ended = self.ended or Ended("remote", "hangup", None, None)
        self._is_told = True
        return self.ended

    async def play(self, pcm: bytes, /) -> None:
        """Says audio; returns when the provider has taken it."""
        async with self._turn:
            await self._provider.send_audio_frame(self._codec.encode_from_canonical(pcm))

    def mark(self, name: str, /) -> None:
        """Puts a mark behind what was said."""
        self._soon(lambda: self._provider.send_mark(name))

    def clear(self) -> None:
        """Forgets what was said and not heard."""
        self._soon(self._provider.clear_audio)

    def send_dtmf(self, digits: str, /) -> None:
        """There are no words for it."""
        raise NotImplementedError(f"{self._provider.provider_name} presses no keys")

    def transfer(self, target: str, /) -> None:
        """There are no words for it."""
        raise NotImplementedError(f"{self._provider.provider_name} moves no calls")

    def hangup(self) -> None:
        """Ends the call."""
        self.ended = self.ended or Ended("app", "normal", None, None)
        self._soon(self._provider.disconnect)

    def _soon(self, verb: Callable[[], Awaitable[None]]) -> None:
        """Does it in its turn, behind what was said before."""

        async def in_turn() -> None:
            async with self._turn:
                try:
                    await verb()
                except Exception:
                    logger.exception("%s failed", self._provider.provider_name)

        task = asyncio.get_running_loop().create_task(in_turn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
