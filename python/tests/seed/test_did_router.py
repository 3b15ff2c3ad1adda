"""Numbers and their entries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from sip_voice_transport import DIDConfigError, DIDNotFoundError, DIDRouter

WriteFile = Callable[[str], Path]

TWO = """
dids:
  "+15125551234":
    user_id: david
    display_name: David's desk
    llm_model: qwen3
    system_prompt: |
      Be brief.
      Be kind.
    tts_voice: en-gb-alan-low
    app: agent
    greeting: Hello!
    hours: {from: 9, until: 17}
  +15125555678: {user_id: alice}
"""


def test_an_entry_is_found_with_everything_that_it_says(config_file: WriteFile) -> None:
    entry = DIDRouter(str(config_file(TWO))).lookup("+15125551234")
    assert entry is not None
    assert (entry.did, entry.user_id, entry.display_name) == (
        "+15125551234",
        "david",
        "David's desk",
    )
    assert (entry.llm_model, entry.tts_voice) == ("qwen3", "en-gb-alan-low")
    assert entry.system_prompt == "Be brief.\nBe kind.\n"
    assert entry.extra == {
        "app": "agent",
        "greeting": "Hello!",
        "hours": {"from": "9", "until": "17"},
    }


def test_a_short_entry_has_defaults(config_file: WriteFile) -> None:
    entry = DIDRouter(config_file(TWO)).lookup_or_raise("+15125555678")
    assert (entry.user_id, entry.display_name, entry.extra) == ("alice", "", {})
    assert entry.llm_model
    assert entry.system_prompt
    assert entry.tts_voice


def test_a_number_without_quotes_keeps_its_plus(config_file: WriteFile) -> None:
    assert DIDRouter(config_file(TWO)).dids == ["+15125551234", "+15125555678"]


@pytest.mark.parametrize(
    "spelling",
    [
        "+15125551234",
        " +1 (512) 555-1234 ",
        "+1.512.555.1234",
        "tel:+1-512-555-1234;ext=42",
        "sip:+15125551234@192.0.2.4:5060;user=phone",
        "sips:%2B15125551234@example.com",
    ],
)
def test_a_number_is_found_however_it_is_written(config_file: WriteFile, spelling: str) -> None:
    assert DIDRouter(config_file(TWO)).lookup_or_raise(spelling).user_id == "david"


def test_numbers_without_a_country_need_one(config_file: WriteFile) -> None:
    spellings = ["5125551234", "(512) 555-1234", "15125551234"]
    nowhere = DIDRouter(config_file(TWO))
    assert [nowhere.lookup(spelling) for spelling in spellings] == [None] * 3
    asked = DIDRouter(config_file(TWO), country="US")
    told = DIDRouter(config_file("default_country: us\n" + TWO))
    for router in (asked, told):
        assert [router.lookup_or_raise(it).user_id for it in spellings] == ["david"] * 3
    # What a program took for an integer.
    assert asked.lookup_or_raise(15125551234).user_id == "david"  # type: ignore[arg-type]


def test_an_international_prefix_is_one_where_it_is_dialled(config_file: WriteFile) -> None:
    london = "dids: {+442079460000: {user_id: ann}}"
    for country, found in [("DE", True), ("US", False)]:
        router = DIDRouter(config_file(london), country=country)
        assert (router.lookup("00442079460000") is not None) is found


@pytest.mark.parametrize(
    "withheld", ["anonymous", "Restricted", "", "+", "sip:anonymous@x.invalid"]
)
def test_a_caller_without_a_number_is_nobodys_number(config_file: WriteFile, withheld: str) -> None:
    assert DIDRouter(config_file(TWO), country="US").lookup(withheld) is None


def test_names_and_extensions_are_found_as_they_are(config_file: WriteFile) -> None:
    router = DIDRouter(config_file("dids: {support: {user_id: bob}, 100: {user_id: eve}}"))
    assert router.lookup_or_raise("support").user_id == "bob"
    assert router.lookup_or_raise("100").user_id == "eve"


def test_an_unknown_number_is_nothing_or_an_error(config_file: WriteFile) -> None:
    router = DIDRouter(config_file(TWO))
    assert router.lookup("+19999999999") is None
    with pytest.raises(DIDNotFoundError) as caught:
        router.lookup_or_raise("+19999999999")
    assert caught.value.did == "+19999999999"


def test_a_missing_file_has_no_numbers_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        router = DIDRouter(tmp_path / "nowhere.yaml")
    assert router.dids == []
    assert "nowhere.yaml is not there" in caplog.text


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("+15125550001: {display_name: nobody}", "no user_id"),
        ("+15125550001: david", "says nothing"),
        ("+15125550001:", "says nothing"),
        ("+15125550001: {user_id: [a]}", "no user_id"),
        ("+15125550001: {user_id: a, tts_voice: [b]}", "tts_voice"),
        ("'+1*': {user_id: a}", "is no number"),
        ("+1-512-555-5678: {user_id: a}", "same number"),
    ],
)
def test_an_entry_that_is_wrong_is_left_out_and_told(
    config_file: WriteFile, caplog: pytest.LogCaptureFixture, entry: str, why: str
) -> None:
    file = config_file(f"dids:\n  +15125555678: {{user_id: alice}}\n  {entry}\n")
    with caplog.at_level(logging.WARNING):
        router = DIDRouter(file)
    assert why in caplog.text
    assert router.lookup_or_raise("+15125555678").user_id in ("alice", "a")
    assert len(router.dids) == 1


@pytest.mark.parametrize(
    "text", ["dids: [1,", "dids: [+15125551234]", "just words", "default_country: XX", "dids: 7"]
)
def test_a_file_that_is_wrong_as_a_whole_is_an_error(config_file: WriteFile, text: str) -> None:
    with pytest.raises(DIDConfigError):
        DIDRouter(config_file(text))


def test_an_empty_file_has_no_numbers(config_file: WriteFile) -> None:
    assert DIDRouter(config_file("")).dids == []
    assert DIDRouter(config_file("provider: telnyx\ndids:\n")).dids == []


def test_a_reload_takes_the_new_file_whole_or_not_at_all(config_file: WriteFile) -> None:
    router = DIDRouter(config_file("dids: {+15125551234: {user_id: david}}"))
    config_file("dids: {+15125551234: {user_id: anna}}")
    assert router.lookup_or_raise("+15125551234").user_id == "david"
    router.reload()
    assert router.lookup_or_raise("+15125551234").user_id == "anna"
    config_file("dids: [")
    with pytest.raises(DIDConfigError):
        router.reload()
    assert router.lookup_or_raise("+15125551234").user_id == "anna"


def test_a_variable_is_filled_in_and_cannot_become_structure(
    config_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHO", "eve}, +15125550000: {user_id: mallory")
    router = DIDRouter(config_file('dids: {+15125551234: {user_id: "${WHO}"}}'))
    assert router.dids == ["+15125551234"]
