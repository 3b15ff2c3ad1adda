"""Prints how many ms each of so many interruptions took to be silence, as a JSON list.

For `cargo xtask evidence pipecat`; usage: measure_interruptions.py COUNT
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from stage import Bot
from test_interruption import interruptions


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Bot("story.py", Path(folder)) as bot:
        bot.wait_until_it_listens()
        happened = asyncio.run(interruptions(bot, 1, int(sys.argv[1])))
        print(json.dumps([interruption.silent_after_ms for interruption in happened]))


if __name__ == "__main__":
    main()
