"""`SIPParams`: where its values come from, and what is refused in which words."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from trunkline.pipecat import SIPParams

VARIABLES = ("SIP_SERVER_HOST", "SIP_SERVER_PORT", "SIP_RTP_PORT_RANGE")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def refusal(**arguments) -> str:
    with pytest.raises(ValidationError) as refused:
        SIPParams(**arguments)
    (problem,) = refused.value.errors()
    return problem["msg"].removeprefix("Value error, ")


def test_a_bot_that_says_nothing_takes_calls_on_every_address():
    assert SIPParams().configuration() == {
        "sip": {
            "listen": ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"],
            "rtp_ports": "10000-20000",
            "open": False,
        }
    }


def test_sound_is_16_khz_both_ways_in_pieces_of_a_packet():
    params = SIPParams()
    assert params.audio_in_enabled and params.audio_out_enabled
    assert params.audio_in_sample_rate == params.audio_out_sample_rate == 16_000
    assert params.audio_out_10ms_chunks == 2
    assert params.audio_out_end_silence_secs == 0


def test_the_environment_says_what_the_arguments_do_not(monkeypatch):
    monkeypatch.setenv("SIP_SERVER_HOST", "127.0.0.1")
    monkeypatch.setenv("SIP_SERVER_PORT", "6060")
    monkeypatch.setenv("SIP_RTP_PORT_RANGE", "10000-15000")
    params = SIPParams(port=5070)
    assert (params.host, params.port, params.rtp_port_range) == ("127.0.0.1", 5070, "10000-15000")


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("SIP_SERVER_PORT", "")
    assert SIPParams().port == 5060


@pytest.mark.parametrize("name", ["rtp_port_range", "SIP_RTP_PORT_RANGE"])
@pytest.mark.parametrize(
    ("ports", "words"),
    [
        ("20000-10000", "is 20000-10000, which ends before it begins: write 10000-20000"),
        ("10000-10008", "is 10000-10008, too few ports, for a call takes two: write at least 10"),
        ("10000", "is '10000': write the first and the last port, such as 10000-20000"),
        ("10000-70000", "is 10000-70000, but ports go from 1 to 65535"),
        ("-5-10", "is '-5-10': write the first and the last port"),
    ],
)
def test_a_wrong_range_of_ports_is_refused_by_the_name_it_was_said_under(
    monkeypatch, name, ports, words
):
    if name.isupper():
        monkeypatch.setenv(name, ports)
        said = refusal()
    else:
        said = refusal(rtp_port_range=ports)
    assert said.startswith(f"{name} {words}")


def test_ten_ports_are_enough():
    assert SIPParams(rtp_port_range=" 10000 - 10009 ").rtp_port_range == "10000-10009"


@pytest.mark.parametrize("port", ["sip", "65536", "-1", "50.6", ""])
def test_a_wrong_port_is_refused(monkeypatch, port):
    said = refusal(port=port)
    assert said == f"port is {port!r}, which is no port: write a number up to 65535"


def test_a_wrong_host_is_refused_by_the_name_of_its_variable(monkeypatch):
    monkeypatch.setenv("SIP_SERVER_HOST", "my bot")
    assert refusal() == (
        "SIP_SERVER_HOST is 'my bot', which is no address of this machine: "
        "write one, such as 127.0.0.1, or 0.0.0.0 for all of them"
    )


def test_another_rate_than_that_of_calls_is_refused():
    assert refusal(audio_out_sample_rate=24_000).startswith(
        "audio_out_sample_rate is 24000, but calls are 16000 Hz here: leave it out"
    )


def test_an_argument_that_is_misspelt_is_refused():
    assert refusal(rtp_ports="10000-20000") == "Extra inputs are not permitted"


def test_an_ipv6_address_stands_in_brackets():
    configuration = SIPParams(host="::1", port=5070).configuration()
    assert configuration["sip"]["listen"] == ["udp://[::1]:5070", "tcp://[::1]:5070"]


def test_every_argument_reaches_the_gateway():
    params = SIPParams(
        host="localhost",
        external_address="198.51.100.7",
        codecs=["pcmu"],
        open=True,
        users={"agent": "secret"},
        trunks={"telco": {"host": "sip.example.com"}},
        dial_allow=["+1*"],
    )
    assert params.configuration() == {
        "sip": {
            "listen": ["udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"],
            "rtp_ports": "10000-20000",
            "external_address": "198.51.100.7",
            "codecs": ["pcmu"],
            "open": True,
            "users": [{"name": "agent", "password": "secret"}],
        },
        "trunks": {"telco": {"host": "sip.example.com"}},
        "dial": {"allow": ["+1*"]},
    }


def test_arguments_count_more_than_a_configuration_and_defaults_less():
    written = {
        "sip": {"listen": ["udp://127.0.0.1:5080"], "rtp_ports": "30000-31000", "open": True},
        "limits": {"calls": 3},
    }
    params = SIPParams(config=written, rtp_port_range="20000-21000")
    assert params.configuration() == {
        "sip": {"listen": ["udp://127.0.0.1:5080"], "rtp_ports": "20000-21000", "open": True},
        "limits": {"calls": 3},
    }
    assert written["sip"]["rtp_ports"] == "30000-31000", "the caller's own mapping is untouched"


def test_a_file_that_says_all_is_left_to_the_gateway(tmp_path: Path):
    file = tmp_path / "trunkline.yaml"
    assert SIPParams(config=str(file)).configuration() == file


def test_a_file_is_read_where_an_argument_changes_it(tmp_path: Path):
    file = tmp_path / "trunkline.yaml"
    file.write_text("sip:\n  open: true\ndids:\n  +15125551234: {user_id: david}\nrecords:\n")
    assert SIPParams(config=file, port=5070).configuration() == {
        "sip": {
            "listen": ["udp://0.0.0.0:5070", "tcp://0.0.0.0:5070"],
            "rtp_ports": "10000-20000",
            "open": "true",
        },
        "dids": {"+15125551234": {"user_id": "david"}},
        "records": None,
    }


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    file = tmp_path / "none.yaml"
    with pytest.raises(ValueError, match=r"none\.yaml, which cannot be read"):
        SIPParams(config=file, port=5070).configuration()


def test_no_password_is_in_what_is_logged():
    params = SIPParams(users={"agent": "secret"}, trunks={"telco": {"password": "secret"}})
    assert "secret" not in repr(params)
