"""Telephone calls for applications in Python: audio in, audio out, whoever brings the call.

A call comes over a provider's media stream (:class:`SipWebhookHandler` with FastAPI) or over SIP (a
:class:`trunkline.Gateway`); an application has it as a :class:`SipTransport`, at 16 kHz. Everything
that speaks to the far end is the gateway's own.
"""

from trunkline._core import __version__

from .audio_codec import (
    AudioCodec,
    alaw_decode,
    alaw_encode,
    base64_decode_audio,
    base64_encode_audio,
    mulaw_decode,
    mulaw_encode,
    resample,
)
from .base_sip_provider import BaseSipProvider
from .base_transport import (
    CANONICAL_CHANNELS,
    CANONICAL_SAMPLE_RATE,
    CANONICAL_SAMPLE_WIDTH,
    BaseTransport,
)
from .config import ProviderConfig, SipConfig
from .did_router import DIDConfig, DIDRouter
from .exceptions import (
    AudioCodecError,
    CallRejectedError,
    DIDConfigError,
    DIDNotFoundError,
    ProviderConnectionError,
    ProviderDetectionError,
    SipTransportError,
)
from .mac_utils import SleepInhibitor, check_ollama_running
from .media_gateway import SIPMediaGateway
from .providers import (
    StreamProvider,
    TelnyxProvider,
    TwilioProvider,
    detect_provider_from_message,
    get_provider,
)
from .transport import SipTransport
from .webhook import OnSessionCallback, SipWebhookHandler

__all__ = [
    "CANONICAL_CHANNELS",
    "CANONICAL_SAMPLE_RATE",
    "CANONICAL_SAMPLE_WIDTH",
    "AudioCodec",
    "AudioCodecError",
    "BaseSipProvider",
    "BaseTransport",
    "CallRejectedError",
    "DIDConfig",
    "DIDConfigError",
    "DIDNotFoundError",
    "DIDRouter",
    "OnSessionCallback",
    "ProviderConfig",
    "ProviderConnectionError",
    "ProviderDetectionError",
    "SIPMediaGateway",
    "SipConfig",
    "SipTransport",
    "SipTransportError",
    "SipWebhookHandler",
    "SleepInhibitor",
    "StreamProvider",
    "TelnyxProvider",
    "TwilioProvider",
    "__version__",
    "alaw_decode",
    "alaw_encode",
    "base64_decode_audio",
    "base64_encode_audio",
    "check_ollama_running",
    "detect_provider_from_message",
    "get_provider",
    "mulaw_decode",
    "mulaw_encode",
    "resample",
]
