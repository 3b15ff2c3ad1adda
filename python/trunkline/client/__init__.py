"""Calls over the gateway's WebSocket protocol, in pure Python.

The gateway runs as a process of its own, here or elsewhere, and this program is its application.
A call has the same methods and tells the same events as one of `trunkline.Gateway`. It needs the
package `websockets`, which `pip install "trunkline[client]"` brings.

The gateway may come to the application, one connection a call (`type: websocket` with a `url`):

    async def take_call(call: Call) -> None:
        async for event in call:
            if isinstance(event, Audio):
                call.play_nowait(event.samples)

    async with serve(take_call, "127.0.0.1", 7860) as server:
        await server.serve_forever()

Or the application comes to the gateway (`type: websocket` with `role: server`), for calls that are
announced as waiting:

    async with waiting("http://127.0.0.1:8000") as announced:
        async for each in announced:
            async with each.connect() as call:
                ...
"""

from trunkline.client._call import Call
from trunkline.client._connections import connect, serve
from trunkline.client._waiting import Waiting, waiting

__all__ = ["Call", "Waiting", "connect", "serve", "waiting"]
