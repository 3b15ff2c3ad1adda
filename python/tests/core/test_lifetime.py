"""What a call and a gateway leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import sys
import textwrap
import threading

import pytest
from holdings import descriptors, needs_proc, settled, threads
from line import DEADLINE_S, Line, calls_at, here, until

import trunkline
from trunkline import events

CALLS = 200


@needs_proc
async def test_many_calls_leave_no_descriptor_and_no_thread(line: Line) -> None:
    await line.call()
    gc.collect()
    before = descriptors(), threads()
    for number in range(CALLS):
        ours, theirs = await line.call()
        if number % 3 == 0:
            ours.hangup()
        elif number % 3 == 1:
            theirs.hangup()
        # The last third is dropped with words on its lips.
        else:
            ours.play_nowait(bytes(64_000))
        del ours, theirs
    await settled(before[0], descriptors)
    await settled(before[1], threads)


@needs_proc
async def test_gateways_that_stopped_leave_no_descriptor_and_no_thread() -> None:
    async with await trunkline.Gateway.start(here()):
        pass
    before = descriptors(), threads()
    for _ in range(5):
        async with await trunkline.Gateway.start(here()):
            pass
        dropped = await trunkline.Gateway.start(here())
        del dropped
    await settled(before[0], descriptors)
    await settled(before[1], threads)


async def test_a_dial_that_is_cancelled_hangs_up() -> None:
    manual = here(apps={"desk": {"type": "python", "answer": "manual"}})
    async with (
        await trunkline.Gateway.start(manual) as ours,
        await trunkline.Gateway.start(here()) as theirs,
    ):
        line = Line(ours, theirs)
        dialling = asyncio.ensure_future(theirs.dial(line.target))
        call = await ours.accept()
        assert call is not None and call.ended is None
        dialling.cancel()
        ended = await until(call, events.Ended)
        assert ended.by == "remote"
        with pytest.raises(asyncio.CancelledError):
            await dialling


async def test_dials_that_are_cancelled_at_any_moment_leave_no_call() -> None:
    """However far each had come, and although what was cancelled is held on to."""
    manual = here(apps={"desk": {"type": "python", "answer": "manual"}})
    async with (
        await trunkline.Gateway.start(manual) as ours,
        await trunkline.Gateway.start(here()) as theirs,
    ):
        line = Line(ours, theirs)
        cancelled: list[asyncio.Future[trunkline.Call]] = []
        for moment in range(20):
            dialling = asyncio.ensure_future(theirs.dial(line.target))
            await asyncio.sleep(moment / 5_000)
            dialling.cancel()
            cancelled.append(dialling)
        async with asyncio.timeout(DEADLINE_S):
            await theirs.drain()
        outcomes = await asyncio.gather(*cancelled, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


async def test_an_application_answers_rings_and_refuses_by_itself() -> None:
    manual = here(apps={"desk": {"type": "python", "answer": "manual"}})
    async with (
        await trunkline.Gateway.start(manual) as ours,
        await trunkline.Gateway.start(here()) as theirs,
    ):
        line = Line(ours, theirs)
        refused = asyncio.ensure_future(theirs.dial(line.target))
        call = await ours.accept()
        assert call is not None
        call.hangup("busy")
        with pytest.raises(trunkline.CallRejectedError) as busy:
            await refused
        assert (busy.value.code, busy.value.reason) == (486, "Busy Here")

        taken = asyncio.ensure_future(theirs.dial(line.target))
        call = await ours.accept()
        assert call is not None
        call.ring()
        playing = asyncio.ensure_future(call.play(bytes(32_000)))
        await asyncio.sleep(0)
        assert not playing.done(), "it waits for the answer"
        call.answer()
        await playing
        far = await taken
        assert await far.event() == events.Ringing()
        assert await far.event() == events.Answered()
        assert await call.event() == events.Answered()


async def test_a_caller_who_gave_up_is_not_handed_over() -> None:
    async with (
        await trunkline.Gateway.start(here(server={"port": 0})) as ours,
        await trunkline.Gateway.start(here()) as theirs,
    ):
        line = Line(ours, theirs)
        gone = asyncio.ensure_future(theirs.dial(line.target))
        await calls_at(ours, 1)
        gone.cancel()
        await calls_at(ours, 0)
        staying = asyncio.ensure_future(theirs.dial(line.target, headers={"X-Number": "2"}))
        async with asyncio.timeout(DEADLINE_S):
            call = await ours.accept()
            await staying
        assert call is not None and call.headers["X-Number"] == "2"


EXITS = """
    import asyncio, sys, trunkline
    async def main():
        gateway = await trunkline.Gateway.start(
            {"sip": {"listen": ["udp://127.0.0.1:0"]}, "dial": {"allow": ["sip:bot@*"]}}
        )
        call = await gateway.dial(sys.argv[1])
        KEPT.append((gateway, call))
        print("up", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    KEPT = []
    asyncio.run(main())
"""


@pytest.mark.parametrize("keeps", [True, False])
async def test_an_interpreter_that_exits_hangs_up_its_calls(line: Line, keeps: bool) -> None:
    script = textwrap.dedent(EXITS)
    if not keeps:
        script = script.replace("KEPT.append", "str")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        line.target,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    call = await line.ours.accept()
    assert call is not None
    assert await process.stdout.readline() == b"up\n"
    process.stdin.close()
    assert (await until(call, events.Ended)).by == "remote"
    async with asyncio.timeout(DEADLINE_S):
        assert await process.wait() == 0


FORKS = """
    import asyncio, os, sys, trunkline
    gateway = trunkline.Gateway.start_blocking({"sip": {"listen": ["udp://127.0.0.1:0"]}})
    child = os.fork()
    if child == 0:
        try:
            gateway.accept_blocking(1)
        except RuntimeError as refused:
            print(refused, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    gateway.stop_blocking()
"""


async def test_a_child_that_was_forked_is_told_that_the_gateway_is_not_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(FORKS), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await process.communicate()
    assert b"start one in this process" in said and process.returncode == 0


def test_without_an_event_loop_calls_are_made_from_threads() -> None:
    ours = trunkline.Gateway.start_blocking(here())
    theirs = trunkline.Gateway.start_blocking(here())
    target = Line(ours, theirs).target
    with pytest.raises(TimeoutError):
        ours.accept_blocking(0.01)
    turns = 0
    goes_on = True

    def count() -> None:
        nonlocal turns
        while goes_on:
            turns += 1

    counting = threading.Thread(target=count)
    dialling = threading.Thread(target=lambda: asyncio.run(_hang_up_at_once(theirs, target)))
    dialling.start()
    call = ours.accept_blocking(DEADLINE_S)
    assert call is not None
    counting.start()
    kinds = set()
    while (event := call.event_blocking(DEADLINE_S)) is not None:
        kinds.add(type(event))
    goes_on = False
    counting.join()
    dialling.join()
    assert {events.Answered, events.Audio, events.Ended} <= kinds
    assert turns > 1_000, "Python went on while this thread waited"
    ours.stop_blocking(DEADLINE_S)
    theirs.stop_blocking(DEADLINE_S)


async def _hang_up_at_once(gateway: trunkline.Gateway, target: str) -> None:
    call = await gateway.dial(target)
    for _ in range(25):
        await until(call, events.Audio)
    call.hangup()
    await until(call, events.Ended)


async def test_two_tasks_cannot_take_the_events_of_one_call(line: Line) -> None:
    ours, _theirs = await line.call()
    while not isinstance(await ours.event(), events.Audio):
        pass
    first = asyncio.ensure_future(until(ours, events.Ended))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="in one task"):
        while True:
            await ours.event()
    ours.hangup()
    await first


async def test_a_gateway_serves_several_event_loops(line: Line) -> None:
    async def elsewhere() -> events.Ended:
        call = await line.theirs.dial(line.target)
        return await until(call, events.Ended)

    other = asyncio.ensure_future(asyncio.to_thread(asyncio.run, elsewhere()))
    call = await line.ours.accept()
    assert call is not None
    call.hangup()
    assert (await other).by == "remote"


async def test_a_drain_waits_for_the_last_call_and_takes_no_other(line: Line) -> None:
    ours, theirs = await line.call()

    async def let_go() -> None:
        """Whoever comes before the drain has begun."""
        async for early in line.ours:
            early.hangup()

    letting_go = asyncio.ensure_future(let_go())
    draining = asyncio.ensure_future(line.ours.drain())
    with pytest.raises(trunkline.CallRejectedError) as refused:
        while True:
            await line.theirs.dial(line.target)
    letting_go.cancel()
    assert refused.value.code == 503
    assert not draining.done()
    theirs.hangup()
    async with asyncio.timeout(DEADLINE_S):
        await draining
    assert ours.ended is not None
