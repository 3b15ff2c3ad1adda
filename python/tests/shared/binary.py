"""The real `trunkline`: a gateway in a process of its own, and a softphone that calls it."""

import asyncio
import json
import os
import wave
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from ports import free_port

import trunkline

ROOT = Path(__file__).parents[3]
BINARY = Path(os.environ.get("TRUNKLINE_BINARY", ROOT / "target/debug/trunkline"))
# Where the package lies that the tests have imported.
PACKAGE = str(Path(trunkline.__file__).resolve().parents[1])

WITHIN_S = 30
# Below the ports that Linux gives to whoever asks for none.
RTP_PORTS = "12000-19999"


def binary():
    """The program under test."""
    assert BINARY.is_file(), f"no {BINARY}: build it with `cargo build`, or set TRUNKLINE_BINARY"
    return str(BINARY)


def configuration(sip_port, http_port=0, **more):
    """A gateway on this machine alone."""
    places = [f"{transport}://127.0.0.1:{sip_port}" for transport in ("udp", "tcp")]
    return {
        "server": {"host": "127.0.0.1", "port": http_port},
        "sip": {"listen": places, "rtp_ports": RTP_PORTS},
        **more,
    }


async def until(what, condition, within_s=WITHIN_S):
    """Waits for a condition that another program brings about."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


@dataclass
class Gateway:
    """A running `trunkline serve`."""

    process: asyncio.subprocess.Process
    log: Path
    sip_port: int
    http_port: int

    @property
    def http(self):
        return f"http://127.0.0.1:{self.http_port}"

    def uri(self, user):
        return f"sip:{user}@127.0.0.1:{self.sip_port}"

    def is_ready(self):
        assert self.process.returncode is None, self.log.read_text()
        try:
            return urlopen(f"{self.http}/ready", timeout=WITHIN_S).status == 200
        except OSError:
            return False

    async def records(self):
        """The calls that have ended, newest first."""
        answer = await asyncio.to_thread(urlopen, f"{self.http}/v1/records", timeout=WITHIN_S)
        return json.load(answer)["records"]


@asynccontextmanager
async def serving(folder, *arguments, **more):
    """A gateway with these sections in its configuration, and these arguments."""
    sip_port, http_port = free_port(), free_port()
    file = folder / "trunkline.yaml"
    file.write_text(json.dumps(configuration(sip_port, http_port, **more)))
    log = folder / "gateway.log"
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            binary(), "serve", "-c", str(file), *arguments, stdout=output, stderr=output
        )
    gateway = Gateway(process, log, sip_port, http_port)
    try:
        await until("the gateway is ready", gateway.is_ready)
        yield gateway
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass
class Heard:
    """What a softphone says of its call, and what it heard: the right side of its recording."""

    report: dict
    samples: bytes = field(repr=False)
    rate_hz: int


async def call(uri, folder, *arguments):
    """Calls an address as `trunkline call` does, to the call's end."""
    tape = folder / f"tape-{free_port()}.wav"
    process = await asyncio.create_subprocess_exec(
        binary(),
        *("call", uri, "--json", "--record", str(tape), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(), 2 * WITHIN_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert said, complaints.decode()
    samples, rate_hz = right_side(tape)
    return Heard(json.loads(said), samples, rate_hz)


def right_side(tape):
    """The right side of a recording, as 16 bit sound, and its rate."""
    if not tape.exists():
        return b"", 0
    with wave.open(str(tape)) as file:
        both, rate_hz = file.readframes(file.getnframes()), file.getframerate()
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
    right = bytearray(len(both) // 2)
    right[0::2], right[1::2] = both[2::4], both[3::4]
    return bytes(right), rate_hz


@asynccontextmanager
async def program(folder, *command, **environment):
    """A program that runs beside the test: what it has printed, as it grows."""
    log = folder / f"program-{free_port()}.log"
    environment = {**os.environ, "PYTHONPATH": PACKAGE, **environment}
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=output, cwd=folder, env=environment
        )

    def printed(words):
        text = log.read_text()
        assert process.returncode is None or words in text, text
        return words in text

    try:
        yield printed
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
