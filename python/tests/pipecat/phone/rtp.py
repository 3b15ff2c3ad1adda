"""The audio of one call: a packet every 20 ms, and all that comes, with the kernel's time."""

import asyncio
import collections
import contextlib
import socket
import struct
from dataclasses import dataclass

from .sound import FRAME_SAMPLES, SILENCE, sounds

FRAME_S = 0.02
AUDIO, EVENTS = 0, 101
KEYS = "0123456789*#ABCD"
# Linux's number; Python has no name for it.
SO_TIMESTAMPNS = 35

# How often the packet of a key, and of its end, is sent (RFC 4733 section 2.5.1).
KEY_PACKETS, END_PACKETS = 4, 3


@dataclass(frozen=True)
class Packet:
    """One that came: when, in ns of the machine's clock, and what was in it."""

    at_ns: int
    sequence: int
    kind: int
    payload: bytes
    sounds: bool


class Media:
    """An RTP socket; it says silence where nothing else is to be said."""

    def __init__(self, host: str):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.packets: list[Packet] = []
        self.keys = ""
        self.sent = 0
        self._there: tuple[str, int] | None = None
        self._to_say: collections.deque[bytes] = collections.deque()
        self._to_press: collections.deque[bytes] = collections.deque()
        self._last_key: int | None = None
        self._timestamp = self._sequence = 0
        self._arrived = asyncio.Event()
        self._speaking: asyncio.Task[None] | None = None
        asyncio.get_running_loop().add_reader(self.socket, self._read)

    def begin(self, there: tuple[str, int]) -> None:
        """From now on a packet every 20 ms goes there."""
        self._there = there
        self._speaking = asyncio.create_task(self._speak())

    def say(self, audio: bytes) -> None:
        """Appends µ-law to what is to be said."""
        for at in range(0, len(audio), FRAME_SAMPLES):
            piece = audio[at : at + FRAME_SAMPLES]
            self._to_say.append(piece.ljust(FRAME_SAMPLES, SILENCE[:1]))

    def press(self, keys: str) -> None:
        """Appends keys to those that are to be pressed."""
        for key in keys:
            event = KEYS.index(key)
            for step in range(KEY_PACKETS + END_PACKETS):
                ends = step >= KEY_PACKETS
                duration = min(step + 1, KEY_PACKETS + 1) * FRAME_SAMPLES
                self._to_press.append(struct.pack("!BBH", event, 0x8A if ends else 0x0A, duration))

    async def arrival(self) -> None:
        """Waits for the next packet."""
        self._arrived.clear()
        await self._arrived.wait()

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket)
        if self._speaking:
            self._speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._speaking
        self.socket.close()

    async def _speak(self) -> None:
        """Late ones are sent at once, so that their number is always that of the time passed."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        key_began = 0
        while True:
            if self._to_press:
                event = self._to_press.popleft()
                began = struct.unpack("!H", event[2:])[0] == FRAME_SAMPLES
                key_began = self._timestamp if began else key_began
                self._send(EVENTS, key_began, event, marked=began)
            else:
                payload = self._to_say.popleft() if self._to_say else SILENCE
                self._send(AUDIO, self._timestamp, payload)
            self._timestamp += FRAME_SAMPLES
            due += FRAME_S
            await asyncio.sleep(max(0, due - loop.time()))

    def _send(self, kind: int, timestamp: int, payload: bytes, *, marked: bool = False) -> None:
        kind |= 0x80 if marked else 0
        header = struct.pack("!BBHII", 0x80, kind, self._sequence & 0xFFFF, timestamp, self.port)
        self._sequence += 1
        self.sent += 1
        # The far end may have left: its BYE is what counts.
        with contextlib.suppress(OSError):
            self.socket.sendto(header + payload, self._there)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                datagram, ancillary, _, _ = self.socket.recvmsg(2048, 64)
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
                self._take(seconds * 1_000_000_000 + nanoseconds, datagram)
        self._arrived.set()

    def _take(self, at_ns: int, datagram: bytes) -> None:
        _, kind, sequence, timestamp, _ = struct.unpack("!BBHII", datagram[:12])
        kind, payload = kind & 0x7F, datagram[12:]
        packet = Packet(at_ns, sequence, kind, payload, kind == AUDIO and sounds(payload))
        self.packets.append(packet)
        # All packets of one key have the same timestamp.
        if packet.kind == EVENTS and timestamp != self._last_key:
            self._last_key = timestamp
            self.keys += KEYS[packet.payload[0]]
