"""What the guide shows is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from trunkline._core import sign_as_twilio

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "sip-voice-transport.md"


def test_the_server_of_the_guide_answers_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = dict(
        re.findall(r"```(python|yaml)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)[:2]
    )
    (tmp_path / "sip_config.yaml").write_text(blocks["yaml"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token")
    names: dict[str, Any] = {}
    exec(compile(blocks["python"], str(GUIDE), "exec", dont_inherit=True), names)
    entry = names["handler"].did_router.lookup_or_raise("(512) 555-1234")
    assert (entry.system_prompt, entry.extra) == ("Be brief.", {"greeting": "Hello!"})
    body = urlencode({"CallSid": "CA1", "From": "+15125550100", "To": "+15125551234"}).encode()
    signature = sign_as_twilio("token", "https://voice.example.com/sip/twilio/answer", body)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
    }
    answer = TestClient(names["app"]).post("/sip/twilio/answer", content=body, headers=headers)
    assert "wss://voice.example.com/sip/twilio/media-stream/" in answer.text
