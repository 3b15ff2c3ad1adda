"""The command line: ``trunkline``, ``sip-voice-server``, or ``python -m trunkline``."""

from __future__ import annotations

import signal
import sys

from ._core import run_command


def main() -> int:
    """Runs the command line of this process."""
    # Without Python's own handler, Ctrl-C ends a command as it ends the binary.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    program, *arguments = sys.argv
    return run_command(["trunkline" if program.endswith("__main__.py") else program, *arguments])


if __name__ == "__main__":
    sys.exit(main())
