"""The configuration in its flat keys."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from sip_voice_transport import DIDConfigError, SipConfig

WriteFile = Callable[[str], Path]

VARIABLES = [
    "SIP_PROVIDER",
    "SIP_SERVER_HOST",
    "SIP_SERVER_PORT",
    "SIP_PUBLIC_WS_URL",
    "TELNYX_API_KEY",
    "TELNYX_APP_ID",
    "TELNYX_PUBLIC_KEY",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults() -> None:
    config = SipConfig()
    assert (config.provider, config.server_host, config.server_port) == (
        "telnyx",
        "127.0.0.1",
        8000,
    )
    assert (config.public_ws_url, config.log_level) == ("", "INFO")
    assert config == SipConfig.from_environment()


def test_a_file_is_read_with_its_variables(
    config_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret")
    config = SipConfig.from_yaml(
        config_file(
            "provider: twilio\nserver_host: 0.0.0.0\nserver_port: 9000\n"
            "public_ws_url: wss://voice.example.com/sip/media-stream\nlog_level: DEBUG\n"
            "provider_config:\n"
            '  twilio: {account_sid: AC1, auth_token: "${MY_TOKEN}"}\n'
            "  telnyx: {api_key: k, app_id: '7', public_key: p}\n"
        )
    )
    assert (config.provider, config.server_host, config.server_port) == ("twilio", "0.0.0.0", 9000)
    assert config.public_ws_url == "wss://voice.example.com/sip/media-stream"
    assert (config.twilio.account_sid, config.twilio.auth_token) == ("AC1", "s3cret")
    telnyx = config.telnyx
    assert (telnyx.api_key, telnyx.app_id, telnyx.public_key) == ("k", "7", "p")
    assert config.log_level == "DEBUG"


def test_the_environment_says_what_the_file_does_not(
    config_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "from-environment")
    monkeypatch.setenv("TELNYX_API_KEY", "from-environment")
    monkeypatch.setenv("SIP_SERVER_PORT", "7000")
    file = config_file("server_port: 9000\nprovider_config: {telnyx: {api_key: from-file}}\n")
    config = SipConfig.from_yaml(file)
    assert config.telnyx.api_key == "from-file"
    assert config.twilio.auth_token == "from-environment"
    assert config.server_port == 9000
    assert SipConfig.from_environment().server_port == 7000


def test_a_dot_env_beside_the_file_is_read(config_file: WriteFile) -> None:
    file = config_file('provider_config: {twilio: {auth_token: "${FROM_DOT_ENV}"}}\n')
    (file.parent / ".env").write_text("FROM_DOT_ENV=abc\n", encoding="utf-8")
    assert SipConfig.from_yaml(file).twilio.auth_token == "abc"


def test_a_variable_that_is_not_set_leaves_its_key_empty_and_is_told(
    config_file: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        config = SipConfig.from_yaml(config_file('log_level: "${NOT_SET_ANYWHERE}"\n'))
    assert config.log_level == "INFO"
    assert "NOT_SET_ANYWHERE is not set" in caplog.text


def test_a_missing_file_leaves_the_defaults_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert SipConfig.from_yaml(tmp_path / "none.yaml") == SipConfig()
    assert "none.yaml is not there" in caplog.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("server_port: high\n", "server_port: 'high' is no port"),
        ("server_port: 70000\n", "no port"),
        ("server_port: 0\n", "no port"),
        ("server_host: [a]\n", "server_host is no single value"),
        ("provider_config: telnyx\n", "provider_config is no mapping"),
        ("- a\n", "no mapping"),
        ("a: [\n", "correct the YAML"),
    ],
)
def test_what_is_wrong_is_named(config_file: WriteFile, text: str, why: str) -> None:
    with pytest.raises(DIDConfigError, match=why):
        SipConfig.from_yaml(config_file(text))


def test_secrets_are_not_printed() -> None:
    config = SipConfig()
    config.twilio.auth_token = "s3cret"
    config.telnyx.api_key = "k3y"
    assert "s3cret" not in repr(config)
    assert "k3y" not in repr(config)
