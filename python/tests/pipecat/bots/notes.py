"""What the bots of the tests write down: a JSON object a line, in the file that BOT_NOTES names."""

import asyncio
import gc
import json
import os
import signal
import sys
import threading
import time

from loguru import logger

_file = os.open(
    os.environ.get("BOT_NOTES", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644
)


def note(call: str, what: str, **more):
    """Writes down that this happened in a call now."""
    line = {"call": call, "what": what, "at_ns": time.time_ns(), **more}
    os.write(_file, (json.dumps(line) + "\n").encode())


def only_warnings():
    """Pipecat says what each frame does; only what is wrong is wanted here."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING", backtrace=False, diagnose=False)


def note_holdings_on_signal():
    """SIGUSR1 has the bot write down how many tasks, threads and objects of calls there are."""
    signal.signal(signal.SIGUSR1, lambda *_: note("any", "holdings", **_holdings()))


def _holdings() -> dict[str, int]:
    gc.collect()
    modules = (str(type(it).__module__) for it in gc.get_objects())
    objects = sum(module.startswith("trunkline") for module in modules)
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "objects": objects,
    }
