"""Pipelines that end, however they do: their call is hung up."""

import asyncio

from pipecat.frames.frames import CancelFrame, EndFrame
from scripted_call import ScriptedCall
from scripted_pipeline import FRAME, WITHIN_S, Bot, until


async def test_the_end_of_a_pipeline_plays_what_is_queued_and_hangs_up():
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    await bot.speak(frames=8)
    await bot.say(EndFrame())
    async with asyncio.timeout(WITHIN_S):
        while call.ended is None:
            await call.let_play(20)
            await asyncio.sleep(0.001)
    await asyncio.wait_for(running, WITHIN_S)
    assert bytes(call.heard) == FRAME * 8
    assert call.asked == [("hangup", None)]
    assert bot.events[-1] == "on_client_disconnected"
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_cancelled_pipeline_hangs_up_at_once():
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    await bot.speak(frames=50)
    await until(lambda: call.queued_ms == 100)
    await bot.say(CancelFrame())
    await asyncio.wait_for(running, WITHIN_S)
    assert call.asked == [("hangup", None)]
    assert call.heard_ms == 0
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_bot_whose_task_is_cancelled_leaves_no_call_and_no_task():
    before = asyncio.all_tasks()
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    running.cancel()
    await asyncio.wait({running}, timeout=WITHIN_S)
    assert running.done()
    assert call.ended is not None
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_pipeline_that_never_started_leaves_no_call():
    call = ScriptedCall()
    bot = Bot(call)
    await bot.transport.input().cleanup()
    await bot.transport.output().cleanup()
    assert call.asked == [("hangup", None)]
