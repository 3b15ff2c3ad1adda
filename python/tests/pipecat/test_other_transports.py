"""The same bot file on another of Pipecat's transports: nothing in it is of SIP but one line."""

import asyncio
from pathlib import Path

import pytest
from phone import Telephone, loudness, pulse, tone_share
from ports import free_port, listens
from stage import BOTS, START_S_MAX, Bot

import trunkline

HZ = 1000
PULSES = 3
CREDENTIALS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]


@pytest.mark.parametrize(
    "runner", [[], ["-m", "trunkline.pipecat"]], ids=["pipecats-runner", "our-runner"]
)
@pytest.mark.usefixtures("pipecat")
def test_a_bot_with_a_line_for_sip_answers_a_media_stream_of_twilio(
    runner: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for variable in CREDENTIALS:
        monkeypatch.setenv(variable, "of-no-account")
    port = free_port()
    command = [*runner, str(BOTS / "echo.py"), "-t", "twilio", "--host", "127.0.0.1"]
    with Bot("echo.py", tmp_path, [*command, "--port", str(port)]) as bot:
        bot.eventually("an open port", lambda: listens(port), START_S_MAX)
        asyncio.run(_calls_through_a_gateway(port))
        bot.wait_for("any", "over")


async def _calls_through_a_gateway(bot_port: int):
    port = free_port()
    url = f"ws://127.0.0.1:{bot_port}/ws"
    configuration = {
        "server": {"port": free_port()},
        "sip": {"listen": [f"udp://127.0.0.1:{port}"]},
        "routes": [{"to": "*", "app": "bot"}],
        "apps": {"bot": {"type": "websocket", "url": url, "protocol": "twilio"}},
    }
    async with await trunkline.Gateway.start(configuration):
        async with await Telephone.dial(port) as phone:
            said = pulse(HZ, 200, 1000) * PULSES
            phone.say(said)
            await phone.until("every pulse", lambda: loudness(phone.heard) >= 0.9 * loudness(said))
            assert tone_share(phone.heard, HZ) > 0.5
