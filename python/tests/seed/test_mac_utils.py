"""What is of the machine."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from typing import Any, ClassVar

import pytest

from sip_voice_transport import SleepInhibitor, check_ollama_running, mac_utils


class Caffeinate:
    """What was started, and whether it runs."""

    started: ClassVar[list[list[str]]] = []
    running = 0

    def __init__(self, command: list[str]) -> None:
        Caffeinate.started.append(command)
        Caffeinate.running += 1

    def terminate(self) -> None:
        Caffeinate.running -= 1

    def wait(self) -> int:
        return 0


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> type[Caffeinate]:
    Caffeinate.started, Caffeinate.running = [], 0
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "Popen", Caffeinate)
    return Caffeinate


def test_a_mac_stays_awake_while_it_is_held(mac: type[Caffeinate]) -> None:
    with SleepInhibitor() as inhibitor:
        inhibitor.acquire()
        assert mac.started == [["caffeinate", "-d", "-i", "-s"]]
        assert mac.running == 1
    inhibitor.release()
    assert mac.running == 0


def test_elsewhere_nothing_is_started(
    mac: type[Caffeinate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with SleepInhibitor():
        assert mac.started == []


def test_a_mac_without_caffeinate_is_told_of(
    mac: type[Caffeinate], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(command: list[str]) -> Any:
        raise FileNotFoundError("caffeinate")

    monkeypatch.setattr(mac_utils.subprocess, "Popen", missing)
    with SleepInhibitor():
        assert "may fall asleep" in caplog.text


def test_ollama_is_there_when_it_answers() -> None:
    class Ollama(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/tags" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Ollama) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.server_address[1]
        assert check_ollama_running("127.0.0.1", port)
        server.shutdown()
        thread.join()
    assert not check_ollama_running("127.0.0.1", port)
