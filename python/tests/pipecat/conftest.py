"""Bots that real Pipecat runs: that of the environment these tests run in."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import Bot


@pytest.fixture(scope="session")
def pipecat() -> None:
    """A test without Pipecat is skipped, and says so where pytest keeps no words."""
    if importlib.util.find_spec("pipecat") is None:
        why = "no Pipecat in this environment; `cargo xtask test` makes one that has it"
        print(f"SKIPPED peer pipecat: {why}", file=sys.__stderr__, flush=True)
        pytest.skip(why)


@pytest.fixture(scope="session")
def bot(pipecat: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """The bot of `bots/story.py`, one process for all tests: to load Pipecat takes seconds."""
    with Bot("story.py", tmp_path_factory.mktemp("story")) as bot:
        bot.wait_until_it_listens()
        yield bot
