"""What a bot says: how it is queued, heard and interrupted."""

import asyncio

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from scripted_pipeline import BYE, FRAME, WITHIN_S, on_the_line, until

from trunkline.pipecat import SIPParams, SIPPlayoutInterruptedFrame


async def test_a_write_waits_until_the_call_has_room():
    async with on_the_line(params=SIPParams(audio_out_lead_ms=40)) as bot:
        await bot.speak(frames=10)
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.queued_ms == 40
        await bot.call.let_play(20)
        await until(lambda: bot.call.queued_ms == 40)
        while bot.call.heard_ms < 200:
            await bot.call.let_play(20)
            await asyncio.sleep(0.001)
        assert bytes(bot.call.heard) == FRAME * 10


async def test_a_bot_that_pauses_its_call_for_long_can_speak_on(monkeypatch):
    monkeypatch.setattr("trunkline.pipecat.output.WRITE_S_MAX", 0.01)
    params = SIPParams(audio_out_lead_ms=20)
    params.audio_out_write_timeout_secs = 1.0
    async with on_the_line(params=params) as bot:
        await bot.speak(frames=10)
        await until(lambda: bot.call.queued_ms == 200)
        assert bot.transport.output().is_usable


async def test_what_services_speak_at_24_khz_is_played_at_16():
    async with on_the_line() as bot:
        second = bytes(2 * 24_000)
        await bot.say(TTSStartedFrame(), TTSAudioRawFrame(second, 24_000, 1), TTSStoppedFrame())
        async with asyncio.timeout(WITHIN_S):
            while bot.call.heard_ms < 800:
                await bot.call.let_play(20)
                await asyncio.sleep(0.001)
        for _ in range(50):
            await bot.call.let_play(20)
            await asyncio.sleep(0.001)
        assert 800 <= bot.call.heard_ms <= 1020


async def test_stereo_is_refused_in_words():
    async with on_the_line() as bot:
        errors = []
        bot.worker.add_event_handler("on_pipeline_error", lambda _, error: errors.append(error))
        await bot.say(OutputAudioRawFrame(bytes(1280), 16_000, 2))
        await until(lambda: errors)
        assert "have your services speak mono" in errors[0].error
        assert bot.call.queued_ms == 0


async def test_the_bot_s_voice_is_known_to_begin():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await until(lambda: bot.after.of(BotStartedSpeakingFrame))


async def test_an_interruption_forgets_what_is_queued_and_tells_what_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=50)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.call.let_play(60)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.say(InterruptionFrame())
        await until(lambda: "on_playout_interrupted" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 60
        await until(lambda: bot.after.of(SIPPlayoutInterruptedFrame))
        await until(lambda: bot.tap.of(SIPPlayoutInterruptedFrame))
        assert [it.heard_ms for it in bot.after.of(SIPPlayoutInterruptedFrame)] == [60]
        await asyncio.sleep(0.05)
        assert bot.call.queued_ms == 0, "nothing of what was interrupted comes after it"
        assert bot.call.asked == ["clear"]


async def test_of_a_second_utterance_only_what_was_heard_of_it_counts():
    async with on_the_line() as bot:
        await bot.speak(frames=3)
        await until(lambda: bot.call.queued_ms == 60)
        await bot.call.let_play(60)
        await bot.speak(frames=4)
        await until(lambda: bot.call.queued_ms == 80)
        await bot.call.let_play(40)
        await bot.say(InterruptionFrame())
        await until(lambda: "on_playout_interrupted" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 40


async def test_an_interruption_of_nothing_is_not_told():
    async with on_the_line() as bot:
        await bot.speak(frames=3)
        await until(lambda: bot.call.queued_ms == 60)
        await bot.call.let_play(60)
        await until(lambda: bot.after.of(TTSStoppedFrame))
        await bot.say(InterruptionFrame())
        await until(lambda: bot.call.asked == ["clear"])
        await asyncio.sleep(0.02)
        assert "on_playout_interrupted" not in bot.events


async def test_what_comes_after_an_interruption_is_played():
    async with on_the_line() as bot:
        await bot.speak(frames=20)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.say(InterruptionFrame())
        await until(lambda: bot.call.queued_ms == 0)
        await bot.speak(frames=2)
        await until(lambda: bot.call.queued_ms == 40)


async def test_a_caller_who_hangs_up_tells_what_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=50)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.call.let_play(20)
        bot.call.end(BYE)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 20


async def test_what_was_to_be_said_after_the_end_does_not_hide_what_was_cut_off():
    async with on_the_line() as bot:
        await bot.speak(frames=50)
        await bot.speak(frames=5)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.call.let_play(20)
        # The end is known before it is told, and what waits to be written is dropped at once.
        untold = []
        tell, bot.call.tell = bot.call.tell, untold.append
        bot.call.end(BYE)
        await until(lambda: len(bot.after.of(BotStoppedSpeakingFrame)) == 2)
        for event in untold:
            tell(event)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 20
