"""A hand-written Twilio media-stream server: FastAPI, numpy, one coroutine a stream.

The application hears 16 kHz and says it back. Each message goes through json, base64, G.711
u-law by table and linear interpolation, each step once, without a queue in between.
"""

import argparse
import base64
import json

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


def decode_table() -> np.ndarray:
    """The sample of each u-law code (ITU-T G.711)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 7).astype(np.int32)
    magnitude = ((((code & 15).astype(np.int32) << 3) + 132) << exponent) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


def encode_table() -> np.ndarray:
    """The u-law code of each 16 bit sample, by its two's complement."""
    sample = np.arange(65536, dtype=np.uint16).astype(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(sample), 32635) + 132
    exponent = np.log2(magnitude).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    sign = np.where(sample < 0, 128, 0)
    return (~(sign | exponent << 4 | mantissa) & 255).astype(np.uint8)


DECODED = decode_table()
ENCODED = encode_table()


def resample(samples: np.ndarray, ratio: float) -> np.ndarray:
    count = int(len(samples) * ratio)
    places = np.arange(count) / ratio
    return np.interp(places, np.arange(len(samples)), samples).astype(np.int16)


def to_16_khz(payload: str) -> bytes:
    codes = np.frombuffer(base64.b64decode(payload), dtype=np.uint8)
    return resample(DECODED[codes], 2.0).tobytes()


def from_16_khz(audio: bytes) -> str:
    samples = resample(np.frombuffer(audio, dtype=np.int16), 0.5)
    return base64.b64encode(ENCODED[samples.view(np.uint16)].tobytes()).decode()


@app.websocket("/media-stream")
async def media_stream(websocket: WebSocket):
    await websocket.accept()
    stream_sid = None
    try:
        while True:
            message = json.loads(await websocket.receive_text())
            if message["event"] == "start":
                stream_sid = message["start"]["streamSid"]
            elif message["event"] == "stop":
                break
            elif message["event"] == "media":
                audio = to_16_khz(message["media"]["payload"])
                media = {"payload": from_16_khz(audio)}
                said = {"event": "media", "streamSid": stream_sid, "media": media}
                await websocket.send_text(json.dumps(said))
        await websocket.close()
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    uvicorn.run(
        app, host="127.0.0.1", port=arguments.parse_args().port, loop="uvloop", log_level="warning"
    )
