"""Things of the machine under the application's desk."""

from __future__ import annotations

import logging
import subprocess
import sys
import urllib.error
import urllib.request
from types import TracebackType

logger = logging.getLogger(__name__)

# How long a server on this machine may take to say that it is there.
_ANSWER_MAX_S = 2.0


class SleepInhibitor:
    """Keeps a Mac awake while it is held; elsewhere it does nothing.

    ``with SleepInhibitor(): …`` holds it for a block. To acquire or release it twice does no more
    than to do it once.
    """

    def __init__(self) -> None:
        self._caffeinate: subprocess.Popen[bytes] | None = None

    def acquire(self) -> None:
        """Keeps display, disk and system awake (``caffeinate -d -i -s``)."""
        if sys.platform != "darwin" or self._caffeinate is not None:
            return
        try:
            self._caffeinate = subprocess.Popen(["caffeinate", "-d", "-i", "-s"])
        except OSError as error:
            logger.warning("this Mac may fall asleep: caffeinate does not start: %s", error)

    def release(self) -> None:
        """Lets the machine sleep again."""
        caffeinate, self._caffeinate = self._caffeinate, None
        if caffeinate is not None:
            caffeinate.terminate()
            caffeinate.wait()

    def __enter__(self) -> SleepInhibitor:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def check_ollama_running(host: str = "localhost", port: int = 11434) -> bool:
    """Whether Ollama answers there. This waits for it, for two seconds at most."""
    try:
        with urllib.request.urlopen(
            f"http://{host}:{port}/api/tags", timeout=_ANSWER_MAX_S
        ) as answer:
            return answer.status == 200
    except (OSError, ValueError, urllib.error.URLError):
        return False
