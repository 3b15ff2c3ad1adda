"""The runner: whose bot it runs, for what, and how it ends."""

import argparse
import asyncio
import os
import signal
import sys
from types import ModuleType

import pytest
from loguru import logger
from pipecat.runner import run as pipecat_run
from pipecat.runner.types import LiveKitRunnerArguments
from scripted_call import ScriptedCall

from trunkline.pipecat import SIPParams, SIPRunnerArguments, SIPTransport, create_transport, runner
from trunkline.pipecat.reception import Reception

BOT = """
transport_params = {}
async def bot(runner_args):
    pass
"""


class ScriptedGateway:
    """A gateway whose calls the test lets in."""

    def __init__(self):
        self.addresses = [("udp", "127.0.0.1", 5060)]
        self.calls = asyncio.Queue()
        self.drains = False
        self.is_stopped = False

    async def __aiter__(self):
        while (call := await self.calls.get()) is not None:
            yield call

    async def drain(self):
        self.drains = True

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.is_stopped = True


async def until(condition, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
def as_pipecat(monkeypatch):
    """What reaches Pipecat's own runner: the arguments, and the bot it would find."""
    reached = []

    def main(parser=None):
        bot = getattr(sys.modules["__main__"], "bot", None)
        reached.append((sys.argv[1:], bot, parser))

    monkeypatch.setattr(pipecat_run, "main", main)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return reached


@pytest.fixture
def taken(monkeypatch):
    """The bots and configurations with which calls would have been taken."""
    taken = []

    async def serve(bot, configuration, args):
        taken.append((bot, configuration, args))

    monkeypatch.setattr(runner, "_serve", serve)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    return taken


def argv(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["bot.py", *arguments])


async def test_a_transport_is_made_of_the_call_and_the_entry_for_calls():
    runner_args = SIPRunnerArguments(ScriptedCall())
    transport = await create_transport(runner_args, {"sip": lambda: SIPParams(port=5070)})
    assert isinstance(transport, SIPTransport)
    assert transport.call is runner_args.call
    data = runner_args.call_data
    assert (data.call_id, data.from_number, data.to_number) == ("c1", "+15550100", "bot")
    assert data["from"] == "+15550100"
    assert data.body == {"X-Tenant": "blue", "queue": "sales"}


@pytest.mark.parametrize(
    ("entries", "words"),
    [({}, 'add `"sip": lambda: SIPParams()`'), ({"sip": dict}, "makes a dict")],
)
async def test_a_bot_without_an_entry_for_calls_is_told_what_to_write(entries, words):
    with pytest.raises(ValueError) as refused:
        await create_transport(SIPRunnerArguments(ScriptedCall()), entries)
    assert words in str(refused.value)


async def test_what_is_no_call_is_left_to_pipecat():
    elsewhere = LiveKitRunnerArguments("room", "wss://example.com", "token")
    with pytest.raises(ValueError, match="Missing transport params for 'livekit'"):
        await create_transport(elsewhere, {"sip": SIPParams})


def test_another_transport_than_calls_is_left_to_pipecat(monkeypatch, as_pipecat):
    argv(monkeypatch, "-t", "twilio", "-x", "example.com")
    parser = argparse.ArgumentParser()
    runner.main(parser)
    assert [(arguments, given) for arguments, _, given in as_pipecat] == [
        (["-t", "twilio", "-x", "example.com"], parser)
    ]


def test_pipecat_finds_the_bot_of_a_file(monkeypatch, as_pipecat, tmp_path):
    file = tmp_path / "my_bot.py"
    file.write_text(BOT)
    monkeypatch.setattr(sys, "argv", ["trunkline.pipecat", str(file), "--transport=webrtc"])
    runner.run_file()
    ((arguments, bot, _),) = as_pipecat
    assert arguments == ["--transport=webrtc"]
    assert bot is not None and bot.__module__ == "my_bot"


def test_a_file_takes_calls_where_nothing_else_is_said(monkeypatch, taken, tmp_path):
    file = tmp_path / "my_bot.py"
    file.write_text("import my_neighbour\n" + BOT)
    (tmp_path / "my_neighbour.py").write_text("")
    monkeypatch.setattr(sys, "argv", ["trunkline.pipecat", str(file), "--port", "5070"])
    runner.run_file()
    ((bot, configuration, args),) = taken
    assert bot.__module__ == "my_bot"
    assert configuration["sip"]["listen"][0] == "udp://0.0.0.0:5070"
    assert args.port == "5070"


def test_a_script_takes_calls_with_its_own_parameters_and_arguments(monkeypatch, taken):
    script = ModuleType("__main__")
    script.bot = lambda runner_args: None
    script.transport_params = {"sip": lambda: SIPParams(host="127.0.0.1", port=5080)}
    monkeypatch.setitem(sys.modules, "__main__", script)
    argv(monkeypatch, "-t", "sip", "--mood", "calm")
    parser = argparse.ArgumentParser()
    parser.add_argument("--mood")
    runner.main(parser)
    ((bot, configuration, args),) = taken
    assert bot is script.bot
    assert configuration["sip"]["listen"][0] == "udp://127.0.0.1:5080"
    assert args.mood == "calm"


def test_a_bot_is_found_in_the_working_directory(monkeypatch, taken, tmp_path):
    (tmp_path / "a_tool.py").write_text("raise SystemExit('was run')")
    (tmp_path / "my_assistant.py").write_text(BOT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    argv(monkeypatch, "-t", "sip")
    runner.main()
    assert taken[0][0].__module__ == "my_assistant"


def test_variables_may_stand_in_a_file_beside_the_bot(monkeypatch, taken, tmp_path):
    pytest.importorskip("dotenv")
    (tmp_path / "bot.py").write_text(BOT)
    (tmp_path / ".env").write_text("SIP_SERVER_PORT=5099\nSIP_SERVER_HOST=127.0.0.9\n")
    monkeypatch.setenv("SIP_SERVER_PORT", "set to be taken back")
    monkeypatch.delenv("SIP_SERVER_PORT")
    monkeypatch.setenv("SIP_SERVER_HOST", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["trunkline.pipecat", "bot.py"])
    runner.run_file()
    assert taken[0][1]["sip"]["listen"][0] == "udp://127.0.0.1:5099"


@pytest.mark.parametrize(
    ("variable", "value", "arguments", "words"),
    [
        ("SIP_RTP_PORT_RANGE", "9-1", [], "SIP_RTP_PORT_RANGE is 9-1, which ends before it begins"),
        ("SIP_SERVER_PORT", "x", [], "SIP_SERVER_PORT is 'x', which is no port"),
        ("NOTHING", "", ["--port", "99999"], "--port is '99999', which is no port"),
        ("NOTHING", "", ["--host", "?"], "--host is '?', which is no address"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_no_bot_starts(
    monkeypatch, taken, capsys, tmp_path, variable, value, arguments, words
):
    file = tmp_path / "my_bot.py"
    file.write_text(BOT)
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "argv", ["trunkline.pipecat", str(file), *arguments])
    with pytest.raises(SystemExit) as refused:
        runner.run_file()
    assert refused.value.code == 2
    assert not taken
    said = capsys.readouterr().err
    assert said.startswith(words) and said.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "is no Python file"), ("x = 1", "has no function `bot(runner_args)`")],
)
def test_a_file_without_a_bot_is_refused(monkeypatch, capsys, tmp_path, text, words):
    file = tmp_path / "my_bot.py"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(sys, "argv", ["trunkline.pipecat", str(file)])
    with pytest.raises(SystemExit) as refused:
        runner.run_file()
    assert refused.value.code == 2
    assert words in capsys.readouterr().err


async def test_every_call_has_a_bot_of_its_own_all_at_once(monkeypatch):
    gateway = ScriptedGateway()
    monkeypatch.setattr(runner.Gateway, "start", _starting(gateway), raising=False)
    sessions, at_once = [], asyncio.Barrier(3)

    async def bot(runner_args):
        sessions.append((runner_args.session_id, runner_args.call_data.call_id))
        assert runner_args.gateway is gateway and not runner_args.handle_sigint
        await at_once.wait()

    serving = asyncio.create_task(runner._serve(bot, {}, argparse.Namespace()))
    calls = [ScriptedCall(f"c{number}") for number in range(3)]
    for call in calls:
        gateway.calls.put_nowait(call)
    await until(lambda: all(call.ended for call in calls))
    assert sessions == [("c0", "c0"), ("c1", "c1"), ("c2", "c2")]
    assert all(call.asked == [("hangup", None)] for call in calls)
    gateway.calls.put_nowait(None)
    await asyncio.wait_for(serving, 5)
    assert gateway.is_stopped


async def test_a_bot_that_fails_ends_its_call_alone_and_its_traceback_is_logged():
    gateway, lines = ScriptedGateway(), []
    log = logger.add(lines.append, level="ERROR", backtrace=False)

    async def bot(call):
        if call.id == "bad":
            raise RuntimeError("no model by that name")
        await call.event()

    reception = asyncio.create_task(Reception(gateway, bot).run())
    good, bad = ScriptedCall("good"), ScriptedCall("bad")
    gateway.calls.put_nowait(good)
    gateway.calls.put_nowait(bad)
    await until(lambda: bad.ended)
    assert bad.asked == [("hangup", "error")]
    assert good.ended is None and not reception.done()
    logger.remove(log)
    assert any("Traceback" in line and "no model by that name" in line for line in lines)
    good.answer()
    gateway.calls.put_nowait(None)
    await asyncio.wait_for(reception, 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_hangs_up_and_waits_for_the_bots(monkeypatch, number):
    gateway, farewells = ScriptedGateway(), []
    monkeypatch.setattr(runner.Gateway, "start", _starting(gateway), raising=False)

    async def bot(runner_args):
        while await runner_args.call.event() is not None:
            pass
        await asyncio.sleep(0.01)
        farewells.append(runner_args.session_id)

    serving = asyncio.create_task(runner._serve(bot, {}, argparse.Namespace()))
    call = ScriptedCall()
    gateway.calls.put_nowait(call)
    call.answer()
    await until(lambda: call._events.empty() and gateway.calls.empty())
    os.kill(os.getpid(), number)
    await asyncio.wait_for(serving, 5)
    assert farewells == ["c1"]
    assert call.asked == [("hangup", None)]
    assert gateway.drains and gateway.is_stopped


async def test_a_bot_that_does_not_notice_is_cancelled(monkeypatch):
    monkeypatch.setattr("trunkline.pipecat.reception.FAREWELL_S", 0.05)
    gateway, began = ScriptedGateway(), asyncio.Event()

    async def bot(call):
        began.set()
        await asyncio.Event().wait()

    reception = asyncio.create_task(Reception(gateway, bot).run())
    gateway.calls.put_nowait(ScriptedCall())
    await began.wait()
    reception.cancel()
    await asyncio.wait({reception}, timeout=5)
    assert reception.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _starting(gateway):
    async def start(configuration):
        return gateway

    return start
