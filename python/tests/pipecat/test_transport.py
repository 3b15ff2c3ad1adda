"""What a call tells the pipeline about it, by `SIPTransport`."""

import asyncio

import pytest
from pipecat.frames.frames import ClientConnectedFrame, InputAudioRawFrame, InputDTMFFrame
from scripted_call import ScriptedCall
from scripted_pipeline import BYE, FRAME, WITHIN_S, Bot, on_the_line, until

from trunkline.events import Dtmf, Ended, Held, Refused, Resumed


async def test_an_answer_is_told_by_every_name_it_has_once_and_in_order():
    async with on_the_line() as bot:
        assert bot.events == [
            "on_dialin_ready",
            "on_call_state_changed",
            "on_dialin_connected",
            "on_first_participant_joined",
            "on_participant_joined",
            "on_client_connected",
        ]
        client = bot.data_of("on_client_connected")
        assert client["call_id"] == client["id"] == "c1"
        assert (client["from"], client["to"]) == ("+15550100", "bot")
        assert client["addr"] == "127.0.0.1:5070"
        assert bot.transport.get_client_id(client) == "c1"
        await until(lambda: bot.tap.of(ClientConnectedFrame))


async def test_what_the_caller_says_is_16_khz_in_frames_of_20_ms():
    async with on_the_line() as bot:
        bot.call.speak(FRAME)
        bot.call.speak(bytes(640))
        await until(lambda: len(bot.tap.of(InputAudioRawFrame)) == 2)
        frames = bot.tap.of(InputAudioRawFrame)
        assert [frame.audio for frame in frames] == [FRAME, bytes(640)]
        assert {(frame.sample_rate, frame.num_channels) for frame in frames} == {(16_000, 1)}


async def test_a_key_is_an_event_and_a_frame_and_one_that_has_no_frame_an_event():
    async with on_the_line() as bot:
        bot.call.tell(Dtmf("A", 100))
        bot.call.tell(Dtmf("#", 120))
        await until(lambda: bot.tap.of(InputDTMFFrame))
        keys = [args[0] for event, *args in bot.told if event == "on_dtmf_event"]
        assert [(key["tone"], key["duration_ms"]) for key in keys] == [("A", 100), ("#", 120)]
        assert [frame.button.value for frame in bot.tap.of(InputDTMFFrame)] == ["#"]


@pytest.mark.parametrize(
    ("ended", "reason", "event"),
    [
        (BYE, "bye", "on_dialin_stopped"),
        (Ended("gateway", "rtp_timeout", None, None), "rtp_timeout", "on_dialin_error"),
    ],
)
async def test_the_end_is_told_once_with_its_reason(ended, reason, event):
    async with on_the_line() as bot:
        del bot.told[:]
        bot.call.end(ended)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.events == [
            "on_call_state_changed",
            event,
            "on_participant_left",
            "on_client_disconnected",
        ]
        assert bot.data_of("on_client_disconnected")["reason"] == reason
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_caller_who_has_gone_before_the_bot_was_ready_is_told_of_all_the_same():
    call = ScriptedCall()
    call.answer()
    call.end(BYE)
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    await until(lambda: "on_client_disconnected" in bot.events)
    assert bot.events.index("on_client_connected") < bot.events.index("on_client_disconnected")
    await bot.worker.cancel()
    await asyncio.wait_for(running, WITHIN_S)


async def test_holds_are_told():
    async with on_the_line() as bot:
        bot.call.tell(Held())
        bot.call.tell(Resumed())
        await until(lambda: len(bot.events) == 8)
        states = [args[1] for event, *args in bot.told if event == "on_call_state_changed"]
        assert states == ["answered", "held", "resumed"]


async def test_what_was_refused_is_a_warning():
    async with on_the_line() as bot:
        bot.call.tell(Refused("sendDtmf", "unsupported"))
        await until(lambda: "on_dialin_warning" in bot.events)
        data = bot.data_of("on_dialin_warning")
        assert (data["command"], data["why"]) == ("sendDtmf", "unsupported")
