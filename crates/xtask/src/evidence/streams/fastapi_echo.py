"""A hand-written Twilio media-stream server: FastAPI and numpy, one coroutine a stream.

The application hears 16 kHz, in an async generator, and says back what it hears. G.711 u-law is
decoded by a table and encoded by its definition; rates are changed by linear interpolation.
"""

import argparse
import base64
import json
from collections.abc import AsyncIterator

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

PROVIDER_HZ = 8000
APPLICATION_HZ = 16000
BIAS = 132
CLIP = 32635

app = FastAPI()


def decode_table() -> np.ndarray:
    """The sample of each u-law code (ITU-T G.711)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 7).astype(np.int32)
    magnitude = ((((code & 15).astype(np.int32) << 3) + BIAS) << exponent) - BIAS
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


DECODED = decode_table()


def mulaw_decode(codes: bytes) -> np.ndarray:
    return DECODED[np.frombuffer(codes, dtype=np.uint8)]


def mulaw_encode(samples: np.ndarray) -> bytes:
    samples = samples.astype(np.int32)
    sign = np.where(samples < 0, 128, 0)
    magnitude = np.minimum(np.abs(samples), CLIP) + BIAS
    exponent = np.zeros_like(magnitude)
    for segment in range(1, 8):
        exponent[magnitude >= 1 << (segment + 7)] = segment
    mantissa = (magnitude >> (exponent + 3)) & 15
    return (~(sign | exponent << 4 | mantissa) & 255).astype(np.uint8).tobytes()


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    count = len(samples) * to_hz // from_hz
    places = np.arange(count) * (from_hz / to_hz)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.int16)


class Call:
    """One stream, as the application sees it."""

    def __init__(self, websocket: WebSocket):
        self.websocket = websocket
        self.stream_sid = ""

    async def receive_audio(self) -> AsyncIterator[bytes]:
        """What the caller says, until the stream ends."""
        while True:
            message = json.loads(await self.websocket.receive_text())
            event = message.get("event")
            if event == "start":
                self.stream_sid = message["start"]["streamSid"]
            elif event == "media":
                samples = mulaw_decode(base64.b64decode(message["media"]["payload"]))
                yield resample(samples, PROVIDER_HZ, APPLICATION_HZ).tobytes()
            elif event == "stop":
                return

    async def send_audio(self, audio: bytes):
        samples = np.frombuffer(audio, dtype=np.int16)
        codes = mulaw_encode(resample(samples, APPLICATION_HZ, PROVIDER_HZ))
        payload = base64.b64encode(codes).decode("ascii")
        message = {"event": "media", "streamSid": self.stream_sid, "media": {"payload": payload}}
        await self.websocket.send_text(json.dumps(message))


@app.websocket("/media-stream")
async def media_stream(websocket: WebSocket):
    await websocket.accept()
    call = Call(websocket)
    try:
        async for audio in call.receive_audio():
            await call.send_audio(audio)
        await websocket.close()
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    uvicorn.run(
        app, host="127.0.0.1", port=arguments.parse_args().port, loop="uvloop", log_level="warning"
    )
