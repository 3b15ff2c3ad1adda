"""Telephone calls for Python programs: a gateway in the process, and calls as objects.

.. code-block:: python

    async with await trunkline.Gateway.start() as gateway:
        async for call in gateway:
            asyncio.create_task(talk(call))
"""

from __future__ import annotations

from . import events, exceptions
from ._core import __version__
from .call import Call, Cause
from .exceptions import (
    CallEndedError,
    CallRejectedError,
    ConfigurationError,
    GatewayError,
    QueueFullError,
    SipTransportError,
)
from .gateway import Gateway, log

__all__ = [
    "Call",
    "CallEndedError",
    "CallRejectedError",
    "Cause",
    "ConfigurationError",
    "Gateway",
    "GatewayError",
    "QueueFullError",
    "SipTransportError",
    "__version__",
    "events",
    "exceptions",
    "log",
]
