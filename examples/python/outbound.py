"""Calls somebody, plays a tone of two seconds, waits for a key, and hangs up.

    python outbound.py sip:bob@192.168.1.20 [trunkline.yaml]

Nobody is called unless a rule under `dial.allow` says so; without a file, this one does.
"""

import asyncio
import math
import struct
import sys
from pathlib import Path

from trunkline import Call, Gateway
from trunkline.events import Dtmf, Ended
from trunkline.exceptions import CallRejectedError

SAMPLE_RATE_HZ = 16_000
KEY_WITHIN_S = 10


def tone(hz: int, seconds: float) -> bytes:
    """16 bit little-endian sound, mono."""
    step = math.tau * hz / SAMPLE_RATE_HZ
    samples = [int(8000 * math.sin(step * at)) for at in range(int(SAMPLE_RATE_HZ * seconds))]
    return struct.pack(f"<{len(samples)}h", *samples)


async def key_of(call: Call) -> str | None:
    """The first key that is pressed; `None` where the call ends before."""
    async for event in call:
        match event:
            case Dtmf(digit=digit):
                return digit
            case Ended():
                return None
            case _:
                pass
    return None


async def main() -> None:
    target = sys.argv[1]
    configuration: Path | dict[str, object] = {
        "sip": {"listen": ["udp://0.0.0.0:0"]},
        "dial": {"allow": [target]},
    }
    if len(sys.argv) > 2:
        configuration = Path(sys.argv[2])
    async with await Gateway.start(configuration) as gateway:
        try:
            call = await gateway.dial(target)
        except CallRejectedError as refusal:
            print(f"not answered: {refusal}")
            return
        print("answered", flush=True)
        await call.play(tone(440, 2.0), lead_ms=0)
        try:
            key = await asyncio.wait_for(key_of(call), KEY_WITHIN_S)
        except TimeoutError:
            key = None
        print(f"key {key}", flush=True)
        call.hangup()


if __name__ == "__main__":
    asyncio.run(main())
