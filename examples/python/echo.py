"""Answers every call, says back what it hears, and hangs up at key #.

    python echo.py [trunkline.yaml]

Then call sip:echo@127.0.0.1.
"""

import asyncio
import sys
from contextlib import suppress

from trunkline import Call, CallEndedError, Gateway
from trunkline.events import Audio, Dtmf, Ended


async def echo(call: Call) -> None:
    print(f"{call.from_} calls {call.to}", flush=True)
    async for event in call:
        match event:
            case Audio(samples=samples):
                with suppress(CallEndedError):  # The caller may have hung up a moment ago.
                    call.play_nowait(samples)
            case Dtmf(digit="#"):
                call.hangup()
            case Ended(by=by, reason=reason):
                print(f"ended by {by}: {reason}", flush=True)
            case _:
                pass


async def main() -> None:
    configuration = sys.argv[1] if len(sys.argv) > 1 else None
    gateway = await Gateway.start(configuration)
    async with gateway, asyncio.TaskGroup() as calls:
        print(f"taking calls at {gateway.addresses}", flush=True)
        async for call in gateway:
            calls.create_task(echo(call))


if __name__ == "__main__":
    asyncio.run(main())
