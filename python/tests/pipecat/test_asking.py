"""What a bot asks of its call: keys, transfers, its end; by frames and by Daily's names."""

import asyncio

import pytest
from pipecat.frames.frames import OutputDTMFFrame, OutputDTMFUrgentFrame
from scripted_pipeline import BYE, on_the_line, until

from trunkline.events import Refused
from trunkline.pipecat import SIPHangupFrame, SIPReferFrame, SIPTransferFrame


async def test_keys_are_pressed_after_what_is_queued_unless_they_are_urgent():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(OutputDTMFFrame.from_string("12#"))
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.asked == []
        await bot.say(OutputDTMFUrgentFrame.from_string("9"))
        await until(lambda: bot.call.asked == [("send_dtmf", "9")])
        await bot.call.let_play(40)
        await until(lambda: bot.call.asked == [("send_dtmf", "9"), ("send_dtmf", "12#")])


@pytest.mark.parametrize("kind", [SIPTransferFrame, SIPReferFrame])
async def test_a_transfer_waits_until_what_is_queued_was_heard(kind):
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(kind("sip:desk@127.0.0.1", {"X-Why": "vip"}))
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.asked == []
        await bot.call.let_play(40)
        await until(lambda: bot.call.asked)
        assert bot.call.asked == [("transfer", "sip:desk@127.0.0.1", {"X-Why": "vip"})]
        bot.call.conclude_transfer(200, "OK")
        await until(lambda: "on_transfer_result" in bot.events)
        assert bot.data_of("on_transfer_result")["error"] is None


async def test_a_hang_up_waits_until_what_is_queued_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(SIPHangupFrame())
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.ended is None
        await bot.call.let_play(40)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.data_of("on_client_disconnected")["reason"] == "hangup"


@pytest.mark.parametrize("method", ["sip_refer", "sip_call_transfer"])
async def test_a_transfer_by_daily_s_names_answers_when_it_is_over(method):
    async with on_the_line() as bot:
        transfer = getattr(bot.transport, method)
        moving = asyncio.create_task(transfer({"toEndPoint": "sip:desk@127.0.0.1"}))
        await until(lambda: bot.call.asked)
        bot.call.conclude_transfer(486, "Busy Here")
        assert await moving == "486 Busy Here"
        moving = asyncio.create_task(transfer("sip:desk@127.0.0.1"))
        await until(lambda: len(bot.call.asked) == 2)
        bot.call.tell(Refused("transfer", "denied"))
        assert await moving == "the transfer was refused: denied"
        moving = asyncio.create_task(transfer("sip:desk@127.0.0.1"))
        await until(lambda: len(bot.call.asked) == 3)
        assert await transfer("sip:other@127.0.0.1") == "a transfer is under way"
        bot.call.end(BYE)
        assert await moving == "the call ended before the transfer did"
        assert bot.events.count("on_transfer_result") == 3
        assert "toEndPoint" in await transfer({})


async def test_keys_and_hang_ups_by_daily_s_names():
    async with on_the_line() as bot:
        assert await bot.transport.send_dtmf({"tones": "42"}) is None
        assert await bot.transport.send_dtmf("#") is None
        assert bot.call.asked == [("send_dtmf", "42"), ("send_dtmf", "#")]
        assert await bot.transport.stop_dialout("c1") is None
        assert bot.call.ended is not None
        assert await bot.transport.send_dtmf("1") == "there is no call"
