"""Providers by name, and by how their streams begin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from trunkline._core import StreamSession

from ..base_sip_provider import BaseSipProvider
from ..exceptions import ProviderDetectionError
from .stream_provider import StreamProvider
from .telnyx_provider import TelnyxProvider
from .twilio_provider import TwilioProvider

__all__ = [
    "StreamProvider",
    "TelnyxProvider",
    "TwilioProvider",
    "detect_provider_from_message",
    "get_provider",
]

_CLASSES: dict[str, Callable[[], BaseSipProvider]] = {
    "telnyx": TelnyxProvider,
    "twilio": TwilioProvider,
}


def get_provider(name: str) -> BaseSipProvider:
    """A provider of this name, not connected yet: ``telnyx``, ``twilio``, or any other that the
    gateway speaks (``plivo``, ``vonage``, ``exotel``, …).

    Raises:
        ValueError: Where nobody has this name.
    """
    made = _CLASSES.get(name)
    return made() if made else StreamProvider(name)


def detect_provider_from_message(message: Mapping[str, Any]) -> BaseSipProvider:
    """The provider whose ``start`` this is, not connected yet; give the same message to its
    ``connect``.

    A ``connected`` tells nothing: several providers say it alike. The message after it does.

    Raises:
        ProviderDetectionError: Where it is nobody's ``start``.
    """
    try:
        _, start, _ = StreamSession(0.0).greet(0.0, json.dumps(message))
    except (LookupError, ValueError) as error:
        raise ProviderDetectionError(str(error)) from None
    if start is None:
        raise ProviderDetectionError(
            f"{json.dumps(message)[:120]} is no `start`: only that message tells its provider"
        )
    return get_provider(start["dialect"])
