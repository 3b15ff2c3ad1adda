"""What is left of calls that are over: nothing."""

from __future__ import annotations

import asyncio
import gc

from provider_end import TWILIO_CONNECTED, TWILIO_START, FakeWebSocket, run
from sound import tone

from sip_voice_transport import SipTransport, TwilioProvider
from sip_voice_transport.outbox import Outbox
from sip_voice_transport.stream_call import StreamCall

CALLS = 200
SPEECH = tone(440, 5.0, 16000)
KINDS = (StreamCall, Outbox, SipTransport, asyncio.Task)


def alive() -> int:
    """How many objects of a call there are."""
    gc.collect()
    return sum(isinstance(it, KINDS) for it in gc.get_objects())


async def call(number: int) -> None:
    """A call that ends as calls do, one way or another."""
    websocket, provider = FakeWebSocket(), TwilioProvider()
    websocket.says(TWILIO_START)
    await provider.connect(websocket, TWILIO_CONNECTED)
    transport = SipTransport(provider)
    speech = asyncio.create_task(transport.send_audio(SPEECH))
    await asyncio.sleep(0.1)
    await transport.send_mark("end")
    match number % 4:
        case 0:
            await transport.close()
        case 1:
            websocket.says({"event": "stop", "stop": {}})
        case 2:
            websocket.goes(1006)
        case _:
            speech.cancel()
            await transport.clear_audio()
            await transport.close()
    await asyncio.wait([speech])
    assert not await transport.wait_for_mark("end")
    await provider.call.wait_closed()


def test_nothing_is_left_of_calls_however_they_end() -> None:
    async def scenario() -> None:
        await call(0)
        before = alive()
        await asyncio.gather(*(call(number) for number in range(CALLS)))
        # A task that has ended is let go of in the next turn of the loop.
        await asyncio.sleep(1)
        assert alive() == before
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())
