"""Runs a bot for every call, as Pipecat's runner does for every connection."""

# Pipecat's own signatures are untyped in part: `**kwargs`, and handlers of events.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import argparse
import asyncio
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from loguru import logger
from pipecat.runner.types import CallData, RunnerArguments
from pipecat.transports.base_transport import BaseTransport
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trunkline import Call, Gateway
from trunkline.exceptions import SipTransportError
from trunkline.pipecat.params import SIPParams, check_host, check_port
from trunkline.pipecat.reception import Reception
from trunkline.pipecat.transport import SIPTransport

Bot = Callable[[RunnerArguments], Awaitable[None]]

ABOUT = "Runs the function `bot(runner_args)` for every telephone call."


@dataclass
class SIPRunnerArguments(RunnerArguments):
    """What a bot is run with for a call.

    `call_data` says who calls whom, as with Pipecat's telephony transports: `call_id`,
    `from_number`, `to_number`, and in `body` the caller's headers worth knowing and the parameters
    of the route that the call came by.

    Parameters:
        call: The call.
        gateway: The gateway it came by; to dial from.
    """

    call: Call
    gateway: Gateway | None = field(default=None, kw_only=True)


async def create_transport(
    runner_args: RunnerArguments, transport_params: Mapping[str, Callable[[], Any]]
) -> BaseTransport:
    """A transport for what the runner has given to the bot.

    For a call it is made with the entry `sip`; for anything else, this is Pipecat's
    `create_transport`.

    Raises `ValueError` where there is no such entry.
    """
    if not isinstance(runner_args, SIPRunnerArguments):
        from pipecat.runner import utils

        return await utils.create_transport(runner_args, dict(transport_params))
    if "sip" not in transport_params:
        raise ValueError(
            'transport_params has no entry for calls: add `"sip": lambda: SIPParams()` to it'
        )
    params = _sip_params(transport_params)
    if runner_args.call_data is None:
        runner_args.call_data = call_data_of(runner_args.call)
    return SIPTransport(params, call=runner_args.call, gateway=runner_args.gateway)


def _sip_params(transport_params: Mapping[str, Callable[[], Any]]) -> SIPParams:
    params = transport_params["sip"]()
    if not isinstance(params, SIPParams):
        raise ValueError(f"the entry `sip` makes a {type(params).__name__}: have it make SIPParams")
    return params


def call_data_of(call: Call) -> CallData:
    """Who calls whom, as Pipecat tells it."""
    return CallData.model_validate(
        {
            "stream_id": call.id,
            "call_id": call.id,
            "from": call.from_,
            "to": call.to,
            # What the route says of a call counts more than what its caller does.
            "body": {**call.headers, **call.parameters},
        }
    )


def main(parser: argparse.ArgumentParser | None = None) -> None:
    """Runs the `bot(runner_args)` of the calling script: with `-t sip` for every call that comes.

    Without, it is Pipecat's own runner. A bot is looked for where that looks: in the script, in
    `bot.py`, and in the other files of the working directory.

    Args:
        parser: One with arguments of the bot's own; they reach it as `runner_args.cli_args`.
    """
    _read_dotenv()
    if _transport_asked_for() == "sip":
        _take_calls(None, parser or argparse.ArgumentParser(description=ABOUT))
    else:
        _run_pipecat(parser)


def run_file() -> None:
    """`python -m trunkline.pipecat [bot.py] [options]`: the same for a bot in a file.

    Calls are taken where no `-t` says otherwise.
    """
    _read_dotenv()
    module = None
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        module = _load(Path(sys.argv[1]))
        del sys.argv[0]
        # Where Pipecat's runner looks for the bot first.
        sys.modules["__main__"] = module
    if _transport_asked_for() in ("sip", None):
        prog = "python -m trunkline.pipecat [bot.py]"
        _take_calls(module, argparse.ArgumentParser(prog=prog, description=ABOUT))
    else:
        _run_pipecat(None)


def _read_dotenv() -> None:
    """Takes the working directory's `.env` into the environment; what is set there already wins."""
    try:
        import dotenv
    except ImportError:
        # Bots that have one bring what reads it.
        return
    dotenv.load_dotenv(Path.cwd() / ".env")


def _transport_asked_for() -> str | None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-t", "--transport")
    return parser.parse_known_args()[0].transport


def _run_pipecat(parser: argparse.ArgumentParser | None) -> None:
    from pipecat.runner import run

    epilog = f"-t sip: {ABOUT}"
    run.main(parser or argparse.ArgumentParser(description="Pipecat's runner", epilog=epilog))


def _take_calls(module: ModuleType | None, parser: argparse.ArgumentParser) -> None:
    args = _parse(parser)
    module = module or _find_bot()
    if args.verbose:
        logger.remove()
        logger.add(sys.stderr, level="TRACE")
    try:
        configuration = _params_of(module, args).configuration()
    except ValidationError as error:
        _refuse("\n".join(_sentence(problem) for problem in error.errors()))
    except ValueError as error:
        _refuse(error)
    asyncio.run(_serve(module.bot, configuration, args))


def _refuse(why: object) -> NoReturn:
    print(why, file=sys.stderr)
    sys.exit(2)


def _sentence(problem: ErrorDetails) -> str:
    """What Pydantic says of a value, without its ornaments."""
    error = problem.get("ctx", {}).get("error")
    where = ".".join(str(part) for part in problem["loc"])
    return str(error) if error is not None else f"{where}: {problem['msg']}"


def _parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    parser.add_argument("-t", "--transport", default="sip", help="sip; others are Pipecat's own")
    parser.add_argument("--host", help="the address that calls come to (default: SIPParams.host)")
    parser.add_argument("--port", help="the SIP port (default: SIPParams.port)")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log every frame")
    return parser.parse_args()


def _params_of(module: ModuleType, args: argparse.Namespace) -> SIPParams:
    """Where calls are to be taken: the entry `sip` of the bot's `transport_params`."""
    entries: Mapping[str, Callable[[], Any]] = getattr(module, "transport_params", {})
    params = _sip_params(entries) if "sip" in entries else SIPParams()
    said: dict[str, Any] = {}
    if args.host is not None:
        said["host"] = check_host("--host", args.host)
    if args.port is not None:
        said["port"] = check_port("--port", args.port)
    return params.model_copy(update=said)


async def _serve(bot: Bot, configuration: dict[str, Any] | Path, args: argparse.Namespace) -> None:
    """Takes calls until a signal says not to, and ends those that live."""
    try:
        gateway = await Gateway.start(configuration)
    except (ValueError, SipTransportError) as error:
        _refuse(error)

    async def converse(call: Call) -> None:
        runner_args = SIPRunnerArguments(
            call, gateway=gateway, call_data=call_data_of(call), session_id=call.id
        )
        runner_args.cli_args = args
        await bot(runner_args)

    async with gateway:
        reception = asyncio.create_task(Reception(gateway, converse).run())
        _end_on_signals(reception, gateway)
        for transport, host, port in gateway.addresses:
            logger.info(f"calls are taken at sip:{host}:{port} ({transport})")
        await asyncio.wait({reception})
        if not reception.cancelled():
            reception.result()


def _end_on_signals(reception: asyncio.Task[None], gateway: Gateway) -> None:
    """The first SIGINT or SIGTERM ends calls and takes no more; a second ends the process."""
    drains: list[asyncio.Task[None]] = []

    def on_signal(number: signal.Signals) -> None:
        if drains:
            os._exit(128 + number)
        logger.info(f"{number.name}: calls end; the same again ends this at once")
        drains.append(asyncio.create_task(gateway.drain()))
        reception.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal, number)


def _find_bot() -> ModuleType:
    """The module with the function `bot`."""
    main_module = sys.modules["__main__"]
    if hasattr(main_module, "bot"):
        return main_module
    here = Path.cwd()
    files = [here / "bot.py", *sorted(here.glob("*.py"))]
    for path in files:
        if path.exists() and "def bot(" in path.read_text(errors="replace"):
            return _load(path)
    _refuse(
        "there is no function `bot(runner_args)` to run: say its file, as in "
        "`python -m trunkline.pipecat bot.py`"
    )


def _load(path: Path) -> ModuleType:
    """Imports a file, which finds its neighbours as a script does."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        _refuse(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    if not hasattr(module, "bot"):
        _refuse(f"{path} has no function `bot(runner_args)`: add it")
    return module
