"""The configuration of a server for one provider, in the flat keys of earlier programs."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from trunkline._core import read_outline

from .did_router import DEFAULT_CONFIG_PATH
from .exceptions import DIDConfigError

logger = logging.getLogger(__name__)

_PORT_MAX = 65535


@dataclass
class ProviderConfig:
    """What is shared with a provider. Secrets are not shown when it is printed."""

    api_key: str = field(default="", repr=False)
    """Telnyx: the key of its REST interface."""
    account_sid: str = ""
    """Twilio: the account."""
    auth_token: str = field(default="", repr=False)
    """Twilio: what its webhooks are signed with."""
    app_id: str = ""
    """Telnyx: the TeXML application."""
    public_key: str = ""
    """Telnyx: what its webhooks are verified with."""


@dataclass
class SipConfig:
    """A server's configuration."""

    provider: str = "telnyx"
    telnyx: ProviderConfig = field(default_factory=ProviderConfig)
    twilio: ProviderConfig = field(default_factory=ProviderConfig)
    server_host: str = "127.0.0.1"
    server_port: int = 8000
    public_ws_url: str = ""
    log_level: str = "INFO"

    @classmethod
    def from_yaml(cls, path: str | Path = DEFAULT_CONFIG_PATH) -> SipConfig:
        """Reads a file. ``${NAME}`` in it is filled in from the environment or a ``.env`` beside
        it; what the file does not say, the environment may (see :meth:`from_environment`). A file
        that is not there says nothing, and a variable that is not set leaves its key empty; both
        are logged.

        Raises:
            DIDConfigError: Where the file is no YAML, or one of its values cannot be.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            logger.warning("%s is not there: the defaults hold", path)
            return cls.from_environment()
        file, problems = read_outline(path)
        if file is None:
            raise DIDConfigError("\n".join(problems))
        for problem in problems:
            logger.warning("%s", problem)
        try:
            return cls._of(_section(file, "the file"), os.environ)
        except DIDConfigError as error:
            raise DIDConfigError(f"{path}: {error}") from None

    @classmethod
    def from_environment(cls) -> SipConfig:
        """What the environment says: ``SIP_PROVIDER``, ``SIP_SERVER_HOST``, ``SIP_SERVER_PORT``,
        ``SIP_PUBLIC_WS_URL``, ``TELNYX_API_KEY``, ``TELNYX_APP_ID``, ``TELNYX_PUBLIC_KEY``,
        ``TWILIO_ACCOUNT_SID``, ``TWILIO_AUTH_TOKEN``.

        Raises:
            DIDConfigError: Where a value cannot be.
        """
        return cls._of({}, os.environ)

    @classmethod
    def _of(cls, file: Mapping[str, Any], environment: Mapping[str, str]) -> SipConfig:
        def value(section: Mapping[str, Any], key: str, variable: str, default: str = "") -> str:
            return _text(section, key) or environment.get(variable) or default

        providers = _section(file.get("provider_config"), "provider_config")
        telnyx = _section(providers.get("telnyx"), "provider_config.telnyx")
        twilio = _section(providers.get("twilio"), "provider_config.twilio")
        return cls(
            provider=value(file, "provider", "SIP_PROVIDER", cls.provider),
            telnyx=ProviderConfig(
                api_key=value(telnyx, "api_key", "TELNYX_API_KEY"),
                app_id=value(telnyx, "app_id", "TELNYX_APP_ID"),
                public_key=value(telnyx, "public_key", "TELNYX_PUBLIC_KEY"),
            ),
            twilio=ProviderConfig(
                account_sid=value(twilio, "account_sid", "TWILIO_ACCOUNT_SID"),
                auth_token=value(twilio, "auth_token", "TWILIO_AUTH_TOKEN"),
            ),
            server_host=value(file, "server_host", "SIP_SERVER_HOST", cls.server_host),
            server_port=_port(value(file, "server_port", "SIP_SERVER_PORT", str(cls.server_port))),
            public_ws_url=value(file, "public_ws_url", "SIP_PUBLIC_WS_URL"),
            log_level=_text(file, "log_level") or cls.log_level,
        )


def _section(value: object, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DIDConfigError(f"{name} is no mapping of keys to values")
    return cast("dict[str, Any]", value)


def _text(section: Mapping[str, Any], key: str) -> str:
    value = section.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DIDConfigError(f"{key} is no single value")
    return value


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= port <= _PORT_MAX:
        raise DIDConfigError(f"server_port: {text!r} is no port; write a number such as 8000")
    return port
