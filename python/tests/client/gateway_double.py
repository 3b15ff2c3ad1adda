"""The gateway's end of a connection, under the test's hand: it says what it is told to."""

import asyncio
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect

from trunkline.client import serve

WITHIN_S = 10

START = {
    "type": "start",
    "protocol": "trunkline.v1",
    "callId": "c1",
    "callSid": "c1",
    "direction": "inbound",
    "from": "alice",
    "to": "bot",
    "sampleRate": 16000,
    "mixType": "mono",
    "media": {"encoding": "pcm_s16le", "sampleRate": 16000, "channels": 1, "ptime": 20},
    "headers": {},
    "customParameters": {"queue": "sales"},
    "traceparent": "",
}
STOP = {"type": "stop", "by": "remote", "reason": "hangup", "playedMs": 0}


class GatewayEnd:
    """One connection of a gateway's to an application."""

    def __init__(self, socket):
        self.socket = socket

    async def tell(self, **message):
        await self.socket.send(json.dumps(message))

    async def sound(self, samples):
        await self.socket.send(samples)

    async def next(self):
        """The next message: an object, or sound."""
        message = await asyncio.wait_for(self.socket.recv(), WITHIN_S)
        return message if isinstance(message, bytes) else json.loads(message)

    async def next_of(self, kind):
        """The next message of a type; what comes before it is passed over."""
        while True:
            message = await self.next()
            if isinstance(message, dict) and message["type"] == kind:
                return message

    async def closed(self):
        """The code that the application closes with."""
        await asyncio.wait_for(self.socket.wait_closed(), WITHIN_S)
        return self.socket.close_code


@asynccontextmanager
async def brought_to(handler, start=START):
    """An application that serves calls with `handler`, and a call that is brought to it."""
    async with serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/ws/sip/c1") as socket:
            gateway = GatewayEnd(socket)
            await gateway.tell(**start)
            yield gateway
