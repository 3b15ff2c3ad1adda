"""Whose number was called, and how that call is to be answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from trunkline._core import read_number, read_outline

from .exceptions import DIDConfigError, DIDNotFoundError

logger = logging.getLogger(__name__)

DEFAULT_CONFIG_PATH = "~/.vibecode/sip_config.yaml"
"""Where earlier programs kept their configuration. The gateway looks there too."""


@dataclass
class DIDConfig:
    """A number's entry."""

    did: str
    """The number, ``+15125551234``."""
    user_id: str
    """Whose number it is."""
    display_name: str = ""
    """What the application calls itself."""
    llm_model: str = "llama3.2"
    """The language model, as Ollama names it."""
    system_prompt: str = "You are a helpful voice assistant. Keep your answers short."
    """What that model is told."""
    tts_voice: str = "en-us-ryan-medium"
    """The voice to speak with, as Piper names it."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """Every other key of the entry. Values are texts, as they stand in the file."""


_OWN_KEYS = {known.name for known in fields(DIDConfig)} - {"did", "extra"}


class DIDRouter:
    """The entries under ``dids`` of a configuration, found however a number is written.

    A file that is not there has no entries, and an entry that is wrong is left out; both are
    logged. Numbers without a country (``5125551234``) are found where ``country``, or
    ``default_country`` in the file, says of which country they are.
    """

    def __init__(
        self, config_path: str | Path = DEFAULT_CONFIG_PATH, *, country: str | None = None
    ) -> None:
        """Reads a configuration. ``country`` is two letters of ISO 3166, such as ``US``.

        Raises:
            DIDConfigError: Where the file is no YAML, or a country is none.
        """
        self.config_path = Path(config_path).expanduser()
        self._asked_country = country
        self._country = country
        self._entries: dict[str, DIDConfig] = {}
        self.reload()

    def lookup(self, did: str) -> DIDConfig | None:
        """The entry of a number, a SIP URI or a user's name; ``None`` where there is none."""
        return self._entries.get(_normalize(did, self._country))

    def lookup_or_raise(self, did: str) -> DIDConfig:
        """The entry of a number.

        Raises:
            DIDNotFoundError: Where there is none.
        """
        entry = self.lookup(did)
        if entry is None:
            raise DIDNotFoundError(did)
        return entry

    def reload(self) -> None:
        """Reads the file again. What is wrong as a whole changes nothing.

        Raises:
            DIDConfigError: Where the file is no YAML, or a country is none.
        """
        if not self.config_path.is_file():
            logger.warning("%s is not there: no number is configured", self.config_path)
            self._entries = {}
            return
        file, problems = read_outline(self.config_path)
        if file is None:
            raise DIDConfigError("\n".join(problems))
        for problem in problems:
            logger.warning("%s", problem)
        root = _mapping(file)
        if root is None:
            raise DIDConfigError(
                f"{self.config_path}: not a mapping; write `dids:` and the numbers"
            )
        country = _country(self._asked_country or root.get("default_country"))
        entries = self._read(root.get("dids"), country)
        self._country, self._entries = country, entries
        logger.info("%s: %d numbers", self.config_path, len(entries))

    @property
    def dids(self) -> list[str]:
        """Every number that has an entry."""
        return list(self._entries)

    def _read(self, dids: object, country: str | None) -> dict[str, DIDConfig]:
        numbers = _mapping(dids)
        if numbers is None:
            raise DIDConfigError(f"{self.config_path}: `dids` is no mapping of numbers to entries")
        entries: dict[str, DIDConfig] = {}
        for number, entry in numbers.items():
            try:
                config = _entry(number, entry, country)
                if config.did in entries:
                    raise DIDConfigError("is the same number as an entry before it")
            except DIDConfigError as error:
                logger.warning("%s: dids.%s %s: left out", self.config_path, number, error)
            else:
                entries[config.did] = config
        return entries


def _mapping(value: object) -> dict[str, Any] | None:
    """A mapping; nothing at all is an empty one."""
    if value is None:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _entry(number: str, value: object, country: str | None) -> DIDConfig:
    entry = _mapping(value)
    if not entry:
        raise DIDConfigError("says nothing of the number")
    if not isinstance(entry.get("user_id"), str):
        raise DIDConfigError("has no user_id")
    did = _normalize(number, country)
    if not did or any(sign in did for sign in "*@"):
        raise DIDConfigError("is no number")
    own = {key: value for key, value in entry.items() if key in _OWN_KEYS and value is not None}
    for key, value in own.items():
        if not isinstance(value, str):
            raise DIDConfigError(f"has a {key} that is no text")
    extra = {key: value for key, value in entry.items() if key not in _OWN_KEYS}
    return DIDConfig(did=did, extra=extra, **own)


def _normalize(did: str, country: str | None) -> str:
    """A number in its one spelling; what is none (a name, an extension) as it is."""
    # Programs in Python find numbers without quotes to be integers.
    text = str(did).strip()
    return read_number(text, country) or text


def _country(name: object) -> str | None:
    if name is None:
        return None
    try:
        if not isinstance(name, str):
            raise ValueError("is no single value")
        read_number("", name)
    except ValueError as error:
        raise DIDConfigError(f"default_country: {error}; write two letters such as US") from None
    return name
