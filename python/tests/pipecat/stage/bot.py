"""A bot in a process of its own."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ports import free_port

import trunkline

BOTS = Path(__file__).resolve().parents[1] / "bots"
# Pipecat imports a good part of Python's package index; on a busy machine that has taken a minute.
START_S_MAX = 100.0
PATIENCE_S = 60.0
TURN_S = 0.02


class Bot:
    """`python -m trunkline.pipecat BOT -t sip`, or another command, ready to be called."""

    def __init__(self, bot: str, folder: Path, command: list[str] | None = None):
        self.port = free_port()
        self.notes_file = folder / "notes"
        self.log_file = folder / "log"
        environment = os.environ | {
            # Where the package lies that these tests have imported.
            "PYTHONPATH": str(Path(trunkline.__file__).resolve().parents[1]),
            "BOT_NOTES": str(self.notes_file),
            "SIP_SERVER_HOST": "127.0.0.1",
            "SIP_SERVER_PORT": str(self.port),
        }
        # Compiled once and not by every bot, Pipecat is loaded in half the time.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        words = command or ["-m", "trunkline.pipecat", str(BOTS / bot), "-t", "sip"]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words], cwd=folder, env=environment, stdout=log, stderr=log
            )

    def __enter__(self) -> "Bot":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def notes(self, call: str | None = None) -> list[dict[str, Any]]:
        """What it has written down so far, of one call or of all."""
        text = self.notes_file.read_text() if self.notes_file.exists() else ""
        # The last line may be half written.
        notes = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [note for note in notes if call in (None, note["call"])]

    def story(self, call: str) -> list[str]:
        """What happened in a call, in order; a key with its name."""
        notes = self.notes(call)
        return [f"key {note['key']}" if note["what"] == "key" else note["what"] for note in notes]

    def wait_for(self, call: str, what: str, times: int = 1) -> dict[str, Any]:
        """Waits until it has written this down so often; the last of these notes."""

        def found() -> list[dict[str, Any]] | None:
            notes = [note for note in self.notes(call) if note["what"] == what]
            return notes if len(notes) >= times else None

        return self.eventually(f"{call}: {what}", found)[-1]

    async def told(self, call: str, what: str, times: int = 1) -> dict[str, Any]:
        """As `wait_for`, while telephones go on talking."""
        return await asyncio.to_thread(self.wait_for, call, what, times)

    def wait_until_it_listens(self) -> None:
        """Asks by OPTIONS until there is an answer (RFC 3261 section 11)."""

        def answers() -> bool:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
                here.settimeout(0.2)
                here.connect(("127.0.0.1", self.port))
                address = "{}:{}".format(*here.getsockname())
                with contextlib.suppress(OSError):
                    here.send(_options(address, self.port))
                    return here.recv(2048).startswith(b"SIP/2.0 200")
                return False

        self.eventually("an answer to OPTIONS", answers, START_S_MAX)

    def holdings(self) -> dict[str, int]:
        """What its process holds, and what it says of itself."""
        before = len([note for note in self.notes("any") if note["what"] == "holdings"])
        self.process.send_signal(signal.SIGUSR1)
        said = self.wait_for("any", "holdings", before + 1)
        folder = Path(f"/proc/{self.process.pid}")
        descriptors = [_target(entry) for entry in (folder / "fd").iterdir()]
        return {
            "descriptors": len([it for it in descriptors if it]),
            "udp_ports": _udp_sockets(folder, descriptors),
            "native_threads": len(list((folder / "task").iterdir())),
            **{name: said[name] for name in ("tasks", "threads", "objects")},
        }

    def interrupt(self) -> int:
        """SIGINT, as Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def eventually(self, what: str, ask: Any, seconds: float = PATIENCE_S) -> Any:
        """Waits until there is an answer, or the process or the patience ends."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            answer = ask()
            if answer:
                return answer
            if self.process.poll() is not None:
                raise AssertionError(f"the bot left, waiting for {what}:\n{self.log}")
            time.sleep(TURN_S)
        raise AssertionError(f"waited in vain for {what}:\n{self.log}")


def _options(here: str, port: int) -> bytes:
    lines = [
        f"OPTIONS sip:ready@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{here};rport",
        "Max-Forwards: 70",
        f"From: <sip:ready@{here}>;tag=1",
        f"To: <sip:ready@127.0.0.1:{port}>",
        f"Call-ID: ready-{here}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except FileNotFoundError:
        # Closed while we looked.
        return ""


def _udp_sockets(folder: Path, descriptors: list[str]) -> int:
    tables = [(folder / "net" / name).read_text().splitlines()[1:] for name in ("udp", "udp6")]
    # The tenth column is the socket's inode.
    inodes = {f"socket:[{line.split()[9]}]" for table in tables for line in table}
    return len(inodes.intersection(descriptors))
