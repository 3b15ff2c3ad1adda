"""A server made with Wyoming's own package, until its input ends. Says where it listens.

It hears how much sound came, and speaks a tone of 22,050 Hz, 100 ms for each character.
"""

import asyncio
import math
import struct
import sys
from functools import partial

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

RATE = 22050
TONE = 1000


class Handler(AsyncEventHandler):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.language = None
        self.format = None
        self.heard = 0

    async def handle_event(self, event: Event) -> bool:
        if Transcribe.is_type(event.type):
            self.language = Transcribe.from_event(event).language
        elif AudioStart.is_type(event.type):
            self.format = AudioStart.from_event(event)
        elif AudioChunk.is_type(event.type):
            self.heard += len(AudioChunk.from_event(event).audio) // 2
        elif AudioStop.is_type(event.type):
            said = f"{self.heard} samples at {self.format.rate} Hz in {self.language}"
            await self.write_event(Transcript(text=said).event())
            return False
        elif Synthesize.is_type(event.type):
            return await self.speak(Synthesize.from_event(event))
        return True

    async def speak(self, asked: Synthesize) -> bool:
        if asked.voice is not None and asked.voice.name == "nobody":
            await self.write_event(Error(text="no such voice").event())
            return False
        await self.write_event(AudioStart(rate=RATE, width=2, channels=1).event())
        count = len(asked.text) * RATE // 10
        wave = [int(8000 * math.sin(2 * math.pi * TONE * n / RATE)) for n in range(count)]
        for begin in range(0, count, 1024):
            part = wave[begin : begin + 1024]
            audio = struct.pack(f"<{len(part)}h", *part)
            chunk = AudioChunk(rate=RATE, width=2, channels=1, audio=audio)
            await self.write_event(chunk.event())
        await self.write_event(AudioStop().event())
        return False


async def main() -> None:
    listening = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    server = AsyncServer.from_uri(f"tcp://127.0.0.1:{port}")
    await server.start(partial(Handler))
    print(f"tcp://127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
