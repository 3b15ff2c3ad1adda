"""The commands that the package brings along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import trunkline
from trunkline import __main__ as command_line

DEADLINE_S = 60.0
"""Longer than anything here takes on a loaded machine."""


def ran(*arguments: str, name: str = "trunkline") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, under this name."""
    script = "import sys; from trunkline.__main__ import main; sys.exit(main())"
    code = f"import sys; sys.argv[0] = {name!r}; {script}"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_the_command_line_is_the_binarys() -> None:
    version = ran("--version")
    assert (version.returncode, version.stdout) == (0, f"trunkline {trunkline.__version__}\n")
    wrong = ran("nonsense")
    assert wrong.returncode == 2
    assert "nonsense" in wrong.stderr


def test_a_configuration_is_proven(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.yaml"
    file.write_text("sip: {lissten: []}\n", encoding="utf-8")
    refused = ran("check", "-c", str(file))
    assert refused.returncode == 2
    assert "trunkline.yaml:1" in refused.stderr


def test_the_older_name_has_its_own_flags() -> None:
    usage = ran("--help", name="/usr/local/bin/sip-voice-server").stdout
    assert "--ws-url" in usage
    assert "--port" in usage


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_gateway_that_is_told_to_stop_stops(tmp_path: Path, stop: signal.Signals) -> None:
    file = tmp_path / "trunkline.yaml"
    file.write_text(
        "server: {port: 0}\nsip: {listen: ['udp://127.0.0.1:0'], rtp_ports: 20400-20499}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "trunkline", "serve", "-c", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        try:
            for line in gateway.stdout:
                if "udp" in line:
                    break
            os.kill(gateway.pid, stop)
            assert gateway.wait(DEADLINE_S) == 0
        finally:
            gateway.kill()


def test_without_a_script_the_name_is_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(command_line, "run_command", lambda words: seen.append(words) or 7)
    monkeypatch.setattr(sys, "argv", ["/x/trunkline/__main__.py", "demo"])
    before = signal.getsignal(signal.SIGINT)
    try:
        assert command_line.main() == 7
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [["trunkline", "demo"]]
