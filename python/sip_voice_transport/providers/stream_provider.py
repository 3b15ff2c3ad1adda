"""The providers whose media streams the gateway speaks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from trunkline._core import stream_dialects
from trunkline.events import Audio

from ..audio_codec import AudioCodec
from ..base_sip_provider import BaseSipProvider
from ..exceptions import ProviderConnectionError
from ..stream_call import StreamCall


class StreamProvider(BaseSipProvider):
    """A media stream in one of the gateway's dialects.

    A :class:`~sip_voice_transport.SipTransport` hears it at 16 kHz straight from the gateway's
    machines. The frames of this class are the same audio in the provider's own encoding, for
    programs that want it so.
    """

    def __init__(self, name: str, *, telnyx_codec: str | None = None) -> None:
        """A stream of this provider: ``telnyx``, ``twilio``, ``plivo``, …; ``telnyx_codec`` is what
        a stream of Telnyx was set up to take, where that is not ``pcmu``.

        Raises:
            ValueError: Where nobody has this name.
        """
        found = [known for known in stream_dialects() if name in (known[0], *known[1])]
        if not found:
            names = ", ".join(known[0] for known in stream_dialects())
            raise ValueError(f"no provider is named {name!r}; write one of {names}")
        _, _, self._encoding, self._rate, _ = found[0]
        self._name = name
        self._telnyx_codec = telnyx_codec
        self._stream: StreamCall | None = None
        self._codec: AudioCodec | None = None

    @classmethod
    def of(cls, call: StreamCall) -> StreamProvider:
        """The provider of a stream that has begun."""
        provider = cls(call.provider)
        provider._stream = call
        return provider

    @property
    def call(self) -> StreamCall:
        """The call that its stream brings.

        Raises:
            ProviderConnectionError: Before :meth:`connect`.
        """
        if self._stream is None:
            raise ProviderConnectionError("the provider is not connected: await connect() first")
        return self._stream

    async def connect(self, websocket: Any, first_message: Mapping[str, Any] | str | bytes) -> None:
        """Begins the stream of an accepted WebSocket (FastAPI, Starlette or ``websockets``) whose
        first message has been read: ``connected``, after which ``start`` is read, or ``start``
        itself.

        Raises:
            ProviderConnectionError: Where it begins with anything else, not in time, or was
                connected before. The WebSocket is closed.
        """
        if self._stream is not None:
            raise ProviderConnectionError("the provider is connected already")
        heard = (
            first_message if isinstance(first_message, str | bytes) else json.dumps(first_message)
        )
        self._stream = await StreamCall.begin(
            websocket,
            dialect=self._name,
            telnyx_codec=self._telnyx_codec,
            heard=[heard],
            at_once=True,
        )

    async def receive_audio_frames(self) -> AsyncGenerator[bytes, None]:
        """What the caller says, 20 ms at a time, in the provider's encoding. Either this or a
        transport listens to a call, not both."""
        call, codec = self.call, self._frames()
        while (event := await call.event()) is not None:
            if isinstance(event, Audio):
                yield codec.encode_from_canonical(event.samples)

    async def send_audio_frame(self, audio: bytes) -> None:
        """Says audio in the provider's encoding."""
        call, codec = self.call, self._frames()
        await call.play(codec.decode_to_canonical(audio))

    async def send_mark(self, name: str) -> None:
        """Puts a name behind everything said so far."""
        self.call.mark(name)

    async def clear_audio(self) -> None:
        """Forgets what was said and not played yet."""
        self.call.clear()

    async def disconnect(self) -> None:
        """Ends the call and closes its connection."""
        if self._stream is not None:
            self._stream.hangup()
            await self._stream.wait_closed()

    @property
    def provider_name(self) -> str:
        """Its name."""
        return self._name

    @property
    def native_sample_rate(self) -> int:
        """What the stream announced; before that, what this provider has unless told otherwise."""
        return self._stream.sample_rate if self._stream else self._rate

    @property
    def native_encoding(self) -> str:
        """The same of its encoding: ``mulaw``, ``alaw``, ``l16``, ``g722`` or ``opus``."""
        return self._stream.encoding if self._stream else self._encoding

    @property
    def stream_id(self) -> str | None:
        """The provider's name of the stream."""
        return self._stream.stream_id if self._stream else None

    @property
    def call_metadata(self) -> dict[str, Any]:
        """``caller_id``, ``did``, ``call_sid``, ``stream_id``, and under ``parameters`` what else
        was attached to the stream."""
        if self._stream is None:
            return {"caller_id": "", "did": "", "call_sid": "", "stream_id": None, "parameters": {}}
        return {
            "caller_id": self._stream.from_,
            "did": self._stream.to,
            "call_sid": self._stream.id,
            "stream_id": self._stream.stream_id,
            "parameters": dict(self._stream.parameters),
        }

    def _frames(self) -> AudioCodec:
        """The way between the provider's encoding and ours.

        Raises:
            AudioCodecError: For G.722 and Opus, which a transport hears all the same.
        """
        if self._codec is None:
            self._codec = AudioCodec(self.native_sample_rate, self.native_encoding)
        return self._codec
