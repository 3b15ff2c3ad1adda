"""How bots take calls: the `sip` entry of a bot's `transport_params`."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import yaml
from pipecat.transports.base_transport import TransportParams
from pydantic import ConfigDict, Field, field_validator, model_validator

# What a call is at the application's edge, whatever its codec: 16 bit mono at this rate.
SAMPLE_RATE_HZ = 16_000
RTP_PORTS_MIN = 10

_Check = Callable[[str, object], object]


class SIPParams(TransportParams):
    """Parameters of `SIPTransport`, and of the gateway that its calls come in by.

    An argument that is not given is taken from the environment where it has a variable, then from
    `config`, then from the defaults here. What is wrong is refused with a `ValueError` that names
    the argument or the variable and says what to write.

    Parameters:
        host: The address that calls come to; `0.0.0.0` is all of this machine's
            (`SIP_SERVER_HOST`).
        port: The SIP port, UDP and TCP (`SIP_SERVER_PORT`). With 0 the system chooses.
        rtp_port_range: The ports of media, first and last; a call takes two
            (`SIP_RTP_PORT_RANGE`).
        external_address: The address told to peers outside, where it is not the machine's own.
        codecs: Those offered and taken, best first: `g722`, `pcmu`, `pcma`.
        open: Whether calls are taken from public addresses without a user or a trunk.
        users: Names and passwords of those who may register.
        trunks: Providers and PBXs by name, each with what `trunks.NAME` takes in a configuration.
        dial_allow: Whom calls may be placed and transferred to; nobody, unless a rule says so.
        config: A configuration of the gateway, or the path of its file, for everything else. What
            is said by the arguments above, or by the environment, counts more.
        audio_out_lead_ms: How far playout may be behind what the pipeline has written. Less makes
            `BotStoppedSpeakingFrame` more exact; more outlasts longer stalls of the event loop.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "0.0.0.0"
    port: int = 5060
    rtp_port_range: str = "10000-20000"
    external_address: str | None = None
    codecs: list[str] | None = None
    open: bool = False
    users: dict[str, str] = Field(default_factory=dict[str, str], repr=False)
    trunks: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]], repr=False)
    dial_allow: list[str] = Field(default_factory=list[str])
    config: dict[str, Any] | Path | None = Field(default=None, repr=False)
    audio_out_lead_ms: int = Field(default=100, ge=20, le=1000)

    audio_in_enabled: bool = True
    audio_in_sample_rate: int | None = SAMPLE_RATE_HZ
    audio_out_enabled: bool = True
    audio_out_sample_rate: int | None = SAMPLE_RATE_HZ
    # 20 ms a write, one packet: an interruption leaves no longer piece half written.
    audio_out_10ms_chunks: int = 2
    # The gateway plays what is queued before it hangs up; silence after that would be heard.
    audio_out_end_silence_secs: int = 0

    @model_validator(mode="before")
    @classmethod
    def _take_environment(cls, given: Any) -> Any:
        """Fills in what was not given from the environment, proven under the variable's name."""
        if not isinstance(given, Mapping):
            return given
        values = dict(cast(Mapping[str, Any], given))
        for field, (variable, check) in _FROM_ENVIRONMENT.items():
            said = os.environ.get(variable, "").strip()
            if values.get(field) is None and said:
                values[field] = check(variable, said)
        return values

    @field_validator("host", mode="before")
    @classmethod
    def _check_host(cls, host: Any) -> object:
        return check_host("host", host)

    @field_validator("port", mode="before")
    @classmethod
    def _check_port(cls, port: Any) -> object:
        return check_port("port", port)

    @field_validator("rtp_port_range", mode="before")
    @classmethod
    def _check_rtp_port_range(cls, ports: Any) -> object:
        return check_rtp_port_range("rtp_port_range", ports)

    @model_validator(mode="after")
    def _check_audio(self) -> "SIPParams":
        """A call has one form of sound; another would be played too fast or too slow."""
        for field in ("audio_in_sample_rate", "audio_out_sample_rate"):
            if getattr(self, field) not in (None, SAMPLE_RATE_HZ):
                raise ValueError(
                    f"{field} is {getattr(self, field)}, but calls are {SAMPLE_RATE_HZ} Hz here: "
                    "leave it out; Pipecat converts what your services speak"
                )
        for field in ("audio_in_channels", "audio_out_channels"):
            if getattr(self, field) != 1:
                raise ValueError(f"{field} is {getattr(self, field)}, but a call is mono: write 1")
        self.audio_in_sample_rate = self.audio_out_sample_rate = SAMPLE_RATE_HZ
        return self

    def configuration(self) -> dict[str, Any] | Path:
        """All of it as `trunkline.Gateway.start` takes it; the file of `config` where it says all.

        Raises `ValueError` where that file is to be read here and cannot be.
        """
        if isinstance(self.config, Path) and not self.model_fields_set & _OF_THE_GATEWAY:
            return self.config
        written = _read(self.config)
        sip = _section(written, "sip")
        if "listen" not in sip or self.model_fields_set & {"host", "port"}:
            host = f"[{self.host}]" if ":" in self.host else self.host
            sip["listen"] = [f"{transport}://{host}:{self.port}" for transport in ("udp", "tcp")]
        self._say(sip, "rtp_ports", "rtp_port_range")
        for key in ("external_address", "codecs", "open"):
            self._say(sip, key, key)
        if self.users:
            sip["users"] = [{"name": name, "password": self.users[name]} for name in self.users]
        if self.dial_allow:
            _section(written, "dial")["allow"] = self.dial_allow
        if self.trunks:
            _section(written, "trunks").update(self.trunks)
        return written

    def _say(self, section: dict[str, Any], key: str, field: str) -> None:
        value = getattr(self, field)
        if value is not None and (field in self.model_fields_set or key not in section):
            section[key] = value


def check_host(name: str, host: object) -> str:
    """`host` as an address; `name` is what it is called where it was said."""
    text = str(host).strip()
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise ValueError(
            f"{name} is {text!r}, which is no address of this machine: write one, such as "
            "127.0.0.1, or 0.0.0.0 for all of them"
        ) from None


def check_port(name: str, port: object) -> int:
    """`port` as a number; `name` is what it is called where it was said."""
    text = str(port).strip()
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > 65_535:
        raise ValueError(f"{name} is {text!r}, which is no port: write a number up to 65535")
    return int(text)


def check_rtp_port_range(name: str, ports: object) -> str:
    """`ports` as `first-last`; `name` is what it is called where it was said."""
    text = str(ports).strip()
    numbers = re.fullmatch(r"(\d{1,5})\s*-\s*(\d{1,5})", text, re.ASCII)
    if numbers is None:
        raise ValueError(
            f"{name} is {text!r}: write the first and the last port, such as 10000-20000"
        )
    first, last = int(numbers[1]), int(numbers[2])
    if last < first:
        raise ValueError(f"{name} is {text}, which ends before it begins: write {last}-{first}")
    if not 0 < first <= last <= 65_535:
        raise ValueError(f"{name} is {text}, but ports go from 1 to 65535: write 10000-20000")
    if last - first + 1 < RTP_PORTS_MIN:
        raise ValueError(
            f"{name} is {text}, too few ports, for a call takes two: write at least "
            f"{RTP_PORTS_MIN}, such as 10000-20000"
        )
    return f"{first}-{last}"


_FROM_ENVIRONMENT: dict[str, tuple[str, _Check]] = {
    "host": ("SIP_SERVER_HOST", check_host),
    "port": ("SIP_SERVER_PORT", check_port),
    "rtp_port_range": ("SIP_RTP_PORT_RANGE", check_rtp_port_range),
}


_OF_THE_GATEWAY = {
    "host",
    "port",
    "rtp_port_range",
    "external_address",
    "codecs",
    "open",
    "users",
    "trunks",
    "dial_allow",
}


class _AsWritten(yaml.SafeLoader):
    """Leaves values as text, for the gateway reads them by their keys: `+1512…` keeps its plus."""


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(config: dict[str, Any] | Path | None) -> dict[str, Any]:
    """A configuration of our own to write into."""
    if not isinstance(config, Path):
        return deepcopy(config or {})
    try:
        written: object = yaml.load(config.read_text(), _AsWritten)
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"config is {config}, which cannot be read: {error}") from error
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise ValueError(f"config is {config}, which is no mapping of keys: write `sip: …`")
    return cast(dict[str, Any], written)


def _section(written: dict[str, Any], key: str) -> dict[str, Any]:
    """The section of that name, which is there afterwards."""
    if written.get(key) is None:
        written[key] = {}
    section = written[key]
    if not isinstance(section, dict):
        raise ValueError(f"config has {key}: {section!r}, which is no mapping of keys")
    return cast(dict[str, Any], section)
