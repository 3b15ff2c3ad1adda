"""Calls by their names, for pipelines that take audio from queues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .audio_codec import AudioCodec
from .base_transport import CANONICAL_SAMPLE_RATE
from .did_router import DIDConfig
from .transport import SipTransport

logger = logging.getLogger(__name__)

QUEUE_MAX = 500
"""Pieces of 20 ms that wait for a pipeline: ten seconds. Then the oldest is dropped."""
RECORDING_BYTES_MAX = 64 * 1024 * 1024
"""The longest recording: half an hour at 16 kHz. What comes later is not in it."""

Pipeline = Callable[["SIPMediaGateway", str], Awaitable[None]]
"""What is run for a call, given the gateway and the call's name. It is cancelled when the call
ends, and the call ends when it returns."""


@dataclass
class _Session:
    """A call that is up."""

    transport: SipTransport
    codec: AudioCodec
    """From the transport (source) to the pipeline (target)."""
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))
    recording: bytearray = field(default_factory=bytearray)


class SIPMediaGateway:
    """The media gateway ``sip`` of an application that knows its calls by name: their audio comes
    by queues, and goes by :meth:`send_audio`.

    ``SipWebhookHandler(router, gateway.on_session)`` gives it the calls of providers, and the
    handler's ``take_calls`` those over SIP.
    """

    def __init__(self, pipeline: Pipeline | None = None) -> None:
        """A gateway that runs a pipeline (speech to text, a language model, text to speech) for
        each call; without one, whoever overrides :meth:`on_call_started` sees to the call."""
        self._pipeline = pipeline
        self._rate = CANONICAL_SAMPLE_RATE
        self._sessions: dict[str, _Session] = {}

    @property
    def name(self) -> str:
        """The word for it in a factory: ``sip``."""
        return "sip"

    async def initialize(self, config: Mapping[str, Any]) -> None:
        """Takes ``sample_rate``: what the pipeline hears and says, 8000, 16000 (the default), 24000
        or 48000.

        Raises:
            AudioCodecError: Where it is another.
        """
        rate = int(config.get("sample_rate", CANONICAL_SAMPLE_RATE))
        AudioCodec(CANONICAL_SAMPLE_RATE, "l16", rate)
        self._rate = rate

    async def on_session(self, transport: SipTransport, config: DIDConfig | None) -> None:
        """Takes a call from beginning to end."""
        metadata = transport.metadata
        call_id = str(metadata["call_sid"])
        codec = AudioCodec(CANONICAL_SAMPLE_RATE, "l16", self._rate)
        self._sessions[call_id] = _Session(transport, codec)
        reason = "error"
        try:
            await self.on_call_started(call_id, {**metadata, "config": config})
            await self._run(call_id, transport)
            reason = "hangup"
        finally:
            self._sessions.pop(call_id, None)
            await self.on_call_ended(call_id, reason)

    async def on_call_started(self, call_id: str, metadata: Mapping[str, Any]) -> None:
        """A call has begun; ``metadata`` is that of its transport, with the number's entry as
        ``config``."""
        logger.info("call %r from %r", call_id, metadata.get("caller_id"))

    async def on_audio_received(self, call_id: str, audio_chunk: bytes) -> None:
        """The caller said this, at the pipeline's rate: it is queued and recorded."""
        session = self._sessions.get(call_id)
        if session is None:
            return
        if session.queue.full():
            session.queue.get_nowait()
        session.queue.put_nowait(audio_chunk)
        if len(session.recording) + len(audio_chunk) <= RECORDING_BYTES_MAX:
            session.recording += audio_chunk

    async def on_call_ended(self, call_id: str, reason: str) -> None:
        """A call is over: ``hangup``, or ``error`` where the application failed."""
        logger.info("call %r is over: %s", call_id, reason)

    async def send_audio(self, call_id: str, audio_chunk: bytes) -> None:
        """Says audio at the pipeline's rate; returns when about 200 ms of it are still to be heard.
        On a call that is over it does nothing."""
        session = self._sessions.get(call_id)
        if session is not None:
            pcm = session.codec.encode_from_canonical(audio_chunk)
            await session.transport.send_audio(pcm)

    async def clear_output_buffer(self, call_id: str) -> None:
        """Forgets what was said and not played yet: the caller interrupts."""
        session = self._sessions.get(call_id)
        if session is not None:
            await session.transport.clear_audio()

    def get_audio_queue(self, call_id: str) -> asyncio.Queue[bytes] | None:
        """Where the caller's audio comes in; ``None`` where no such call is up."""
        session = self._sessions.get(call_id)
        return session and session.queue

    def get_recording_buffer(self, call_id: str) -> bytearray | None:
        """What the caller has said so far; ``None`` where no such call is up."""
        session = self._sessions.get(call_id)
        return None if session is None else session.recording

    def clear_recording_buffer(self, call_id: str) -> None:
        """Forgets what the caller has said so far."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.recording = bytearray()

    async def cleanup(self) -> None:
        """Ends every call."""
        transports = [session.transport for session in self._sessions.values()]
        await asyncio.gather(*(transport.close() for transport in transports))

    async def _run(self, call_id: str, transport: SipTransport) -> None:
        """Hears the caller until the call or its pipeline is over."""
        hearing = asyncio.create_task(self._hear(call_id, transport))
        work = [hearing]
        if self._pipeline is not None:
            work.append(asyncio.create_task(_awaited(self._pipeline(self, call_id))))
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.wait(work)

    async def _hear(self, call_id: str, transport: SipTransport) -> None:
        codec = self._sessions[call_id].codec
        async for pcm in transport.receive_audio():
            await self.on_audio_received(call_id, codec.decode_to_canonical(pcm))


async def _awaited(work: Awaitable[None]) -> None:
    await work
