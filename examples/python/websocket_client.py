"""An application of a gateway that runs by itself: it greets callers and says back their keys.

    python websocket_client.py [PORT]
    trunkline serve --ws-url 'ws://127.0.0.1:7860/ws/sip/{call_id}'

Then call sip:bot@127.0.0.1 and press keys: each is a tone of its own. A key cuts off the greeting.
"""

import asyncio
import math
import struct
import sys

from trunkline.client import Call, serve
from trunkline.events import Answered, Cleared, Dtmf, Ended, MarkPlayed


def tone(hz: int, seconds: float, rate_hz: int) -> bytes:
    """16 bit little-endian sound, mono."""
    step = math.tau * hz / rate_hz
    samples = [int(8000 * math.sin(step * at)) for at in range(int(rate_hz * seconds))]
    return struct.pack(f"<{len(samples)}h", *samples)


async def take_call(call: Call) -> None:
    print(f"{call.from_} calls {call.to}", flush=True)
    async for event in call:
        match event:
            case Answered():
                call.play_nowait(tone(440, 5.0, call.sample_rate))
                call.mark("greeting")
            case MarkPlayed(name=name, at_ms=at_ms):
                print(f"{name} was heard to its end, {at_ms} ms", flush=True)
            case Cleared(at_ms=at_ms, unplayed=unplayed):
                print(f"cut off after {at_ms} ms: {', '.join(unplayed)}", flush=True)
            case Dtmf(digit="#"):
                call.hangup()
            case Dtmf(digit=digit):
                call.clear()
                call.play_nowait(tone(600 + 50 * ord(digit) % 500, 0.5, call.sample_rate))
            case Ended(by=by, reason=reason):
                print(f"ended by {by}: {reason}", flush=True)
            case _:
                pass


async def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 7860
    async with serve(take_call, "127.0.0.1", port) as server:
        print(f"waiting for calls at port {port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
