"""Every example is run, and called by a softphone or a provider."""

import asyncio
import json
import sys
import wave

import pytest
from binary import (
    ROOT,
    WITHIN_S,
    call,
    configuration,
    program,
    serving,
    until,
)
from ports import free_port, listens
from provider import simulated
from sound import frames_of_tone, tone

from trunkline import Gateway
from trunkline.events import Audio

EXAMPLES = ROOT / "examples/python"
LINES_MAX = 100
PRESSES_HASH = ("--dtmf", "#", "--duration", "30")

# What callers say: a tone, of which a busy machine may break pieces off.
SPOKEN_HZ = 1000
SPOKEN_FRAMES = 150
HEARD_FRAMES = 40

# Pipecat imports a good part of Python's package index; on a busy machine that has taken a minute.
PIPECAT_WITHIN_S = 100


def spoken(folder):
    """A file for a softphone to play."""
    file = folder / "spoken.wav"
    with wave.open(str(file), "wb") as recording:
        recording.setparams((1, 2, 16_000, 0, "NONE", ""))
        recording.writeframes(tone(SPOKEN_HZ, SPOKEN_FRAMES / 50))
    return str(file)


def example(name, *arguments):
    return (sys.executable, str(EXAMPLES / name), *map(str, arguments))


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.name)
def test_an_example_is_read_in_one_go_and_has_a_test(file):
    assert len(file.read_text().splitlines()) <= LINES_MAX
    name = f"test_{file.stem}_"
    assert any(test.startswith(name) for test in globals()), f"no {name}…"


async def test_echo_says_back_what_it_hears(tmp_path):
    port = free_port()
    file = tmp_path / "trunkline.yaml"
    file.write_text(json.dumps(configuration(port)))
    async with program(tmp_path, *example("echo.py", file)) as printed:
        await until("it takes calls", lambda: printed("taking calls"))
        uri = f"sip:echo@127.0.0.1:{port}"
        heard = await call(uri, tmp_path, "--play", spoken(tmp_path))
        assert frames_of_tone(SPOKEN_HZ, heard.samples, heard.rate_hz) >= HEARD_FRAMES
        await until("it is told", lambda: printed("ended by remote: hangup"))
        heard = await call(uri, tmp_path, *PRESSES_HASH)
        assert heard.report["end"]["by"] == "remote"
        await until("it is told", lambda: printed("ended by app: normal"))


async def test_outbound_calls_and_plays_a_tone(tmp_path):
    port = free_port()
    async with await Gateway.start(configuration(port)) as gateway:
        command = example("outbound.py", f"sip:bob@127.0.0.1:{port}")
        async with program(tmp_path, *command) as printed, asyncio.timeout(WITHIN_S):
            callee = await gateway.accept()
            heard = bytearray()
            async for event in callee:
                heard += event.samples if isinstance(event, Audio) else b""
                if len(heard) == len(tone(440, 0.5)):
                    callee.send_dtmf("5")
            assert callee.ended.by == "remote"
            await until("it is told", lambda: printed("key 5"))
    assert frames_of_tone(440, heard, 16_000) >= 50


async def test_websocket_client_greets_and_is_cut_off(tmp_path):
    port = free_port()
    async with program(tmp_path, *example("websocket_client.py", port)) as printed:
        await until("it waits", lambda: printed("waiting for calls"))
        url = f"ws://127.0.0.1:{port}/ws/sip/{{call_id}}"
        async with serving(tmp_path, "--ws-url", url) as gateway:
            heard = await call(gateway.uri("bot"), tmp_path, "--dtmf", "1#", "--duration", "30")
        assert frames_of_tone(440, heard.samples, heard.rate_hz) >= 5
        assert heard.report["end"]["by"] == "remote"
        await until("it is told", lambda: printed("ended by app: normal"))
        assert printed("cut off after")
        assert printed(": greeting")


async def test_pipecat_bot_greets_and_says_back_what_it_hears(tmp_path):
    port = free_port()
    command = example("pipecat_bot.py", "-t", "sip")
    settings = {"SIP_SERVER_HOST": "127.0.0.1", "SIP_SERVER_PORT": str(port)}
    async with program(tmp_path, *command, **settings) as printed:
        await until("it takes calls", lambda: printed("calls are taken"), PIPECAT_WITHIN_S)
        uri = f"sip:bot@127.0.0.1:{port}"
        heard = await call(uri, tmp_path, "--play", spoken(tmp_path))
        assert frames_of_tone(600, heard.samples, heard.rate_hz) >= 20
        assert frames_of_tone(SPOKEN_HZ, heard.samples, heard.rate_hz) >= HEARD_FRAMES
        heard = await call(uri, tmp_path, *PRESSES_HASH)
        assert heard.report["end"]["by"] == "remote"


async def test_fastapi_webhooks_takes_a_call_of_twilio_s(tmp_path):
    port = free_port()
    (tmp_path / "trunkline.yaml").write_text(
        'dids: {"+15125551234": {user_id: david, display_name: David}}\n'
    )
    settings = {
        "SIP_PUBLIC_WS_URL": f"ws://127.0.0.1:{port}/sip/media-stream",
        "TWILIO_AUTH_TOKEN": "of-no-account",
    }
    async with program(tmp_path, *example("fastapi_webhooks.py", port), **settings) as printed:
        await until("it takes calls", lambda: listens(port))
        webhook = f"http://127.0.0.1:{port}/sip/twilio/answer"
        who = ("--auth-token", "of-no-account", "--to", "+15125551234")
        verdict = await simulated("twilio", "--webhook", webhook, *who, "--play", spoken(tmp_path))
        assert verdict["good"], verdict
        assert printed("calls David")
        await until("it is told", lambda: printed("the call is over"))
