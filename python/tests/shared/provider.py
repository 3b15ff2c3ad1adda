"""A provider of telephone calls, simulated: it brings a call as a media stream."""

import asyncio
import json
import sys

WITHIN_S = 60.0
"""Longer than anything here takes on a loaded machine."""


async def simulated(*arguments):
    """What `trunkline simulate` says of a server: `good`, or which `faults` it has."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trunkline", "simulate", *arguments, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            told, wrong = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert told, wrong.decode()
    return json.loads(told)
