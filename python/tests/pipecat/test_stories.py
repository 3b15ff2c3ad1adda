"""What may happen in a call, each with everything the bot is told of it, once and in order."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from phone import Refused, Telephone, tone_ms, tone_share
from stage import Bot

BEGINNING = ["begins", "connected"]
HUNG_UP = ["disconnected", "over"]
TONE_HZ = 600
WORD_MS, FRAME_MS = 300, 20

_numbers = itertools.count(1)


def _tell(
    bot: Bot, name: str, story: Callable[[Telephone], Awaitable[None]], user: str = "bot"
) -> list[str]:
    """One call from dialling to its end; what the bot has written down of it."""

    name = f"{name}-{next(_numbers)}"

    async def call():
        async with await Telephone.dial(bot.port, user, name) as phone:
            await story(phone)
        await bot.told(name, "over")

    asyncio.run(call())
    return bot.story(name)


def _without_speech(told: list[str]) -> list[str]:
    """When Pipecat says that a bot whose audio was dropped has spoken is its own matter."""
    return [what for what in told if what not in ("speaks", "stops")]


def test_keys_go_both_ways(bot: Bot):
    async def story(phone: Telephone):
        phone.press("3")
        await phone.until("three keys", lambda: len(phone.media.keys) >= 3)
        assert phone.media.keys == "42#"

    assert _tell(bot, "keys", story) == [*BEGINNING, "key 3", *HUNG_UP]


def test_every_key_of_a_row_is_told_once_and_in_order(bot: Bot):
    async def story(phone: Telephone):
        phone.press("0#*0*#")
        await bot.told(phone.name, "key", 6)

    keys = [f"key {key}" for key in "0#*0*#"]
    assert _tell(bot, "row", story) == [*BEGINNING, *keys, *HUNG_UP]


def test_the_caller_hangs_up_while_the_bot_speaks(bot: Bot):
    async def story(phone: Telephone):
        phone.press("1")
        await phone.until_sounding()

    told = _tell(bot, "leaves", story)
    assert _without_speech(told) == [*BEGINNING, "key 1", "cut off", *HUNG_UP]


def test_a_bot_that_ends_is_heard_to_its_last_word_before_it_hangs_up(bot: Bot):
    async def story(phone: Telephone):
        phone.press("5")
        await phone.until_ended()
        assert WORD_MS - FRAME_MS <= tone_ms(phone.heard, TONE_HZ) <= WORD_MS + FRAME_MS
        assert tone_share(phone.heard, TONE_HZ) > 0.5
        assert phone.asked == ["BYE"]

    told = _tell(bot, "farewell", story)
    assert told == [*BEGINNING, "key 5", "speaks", "stops", *HUNG_UP]


def test_a_hang_up_frame_ends_the_call(bot: Bot):
    async def story(phone: Telephone):
        phone.press("6")
        await phone.until_ended()
        assert phone.asked == ["BYE"]

    assert _tell(bot, "hang-up", story) == [*BEGINNING, "key 6", *HUNG_UP]


def test_a_pipeline_cancelled_while_it_speaks_is_silent_at_once_and_hangs_up(bot: Bot):
    async def story(phone: Telephone):
        phone.press("1")
        await phone.until_sounding()
        phone.press("7")
        await phone.until_ended()
        assert phone.asked == ["BYE"]

    told = _tell(bot, "cancelled", story)
    assert _without_speech(told) == [*BEGINNING, "key 1", "key 7", *HUNG_UP]


def test_a_transfer_asks_the_caller_and_tells_how_it_went(bot: Bot):
    async def story(phone: Telephone):
        phone.press("4")
        await phone.until_ended()
        assert phone.referred == ["sip:elsewhere@127.0.0.1:9;transport=tcp"]
        assert phone.asked == ["REFER", "BYE"]

    told = _tell(bot, "transfer", story)
    assert told == [*BEGINNING, "key 4", "transferred", *HUNG_UP]


def test_the_caller_hangs_up_while_the_bot_plays_its_last_words(bot: Bot):
    async def story(phone: Telephone):
        phone.press("1")
        await phone.until_sounding()
        phone.press("5")
        await bot.told(phone.name, "key", 2)

    told = _tell(bot, "leaves-early", story)
    assert _without_speech(told) == [*BEGINNING, "key 1", "key 5", "cut off", *HUNG_UP]


def test_a_bot_aborted_while_it_speaks_hangs_up(bot: Bot):
    async def story(phone: Telephone):
        phone.press("1")
        await phone.until_sounding()
        phone.press("9")
        await phone.until_ended()
        assert phone.asked == ["BYE"]

    told = _tell(bot, "aborted", story)
    assert _without_speech(told) == [*BEGINNING, "key 1", "key 9", *HUNG_UP]


def test_a_processor_that_fails_does_not_end_the_call(bot: Bot):
    async def story(phone: Telephone):
        phone.press("83")
        await phone.until("three keys", lambda: len(phone.media.keys) >= 3)

    assert _tell(bot, "fails", story) == [*BEGINNING, "key 8", "key 3", *HUNG_UP]


def test_every_event_is_told_once_and_in_order_by_each_of_its_names(bot: Bot):
    async def story(phone: Telephone):
        phone.press("1")
        await phone.until_sounding()
        phone.press("2")
        await bot.told(phone.name, "on_playout_interrupted")

    assert _without_speech(_tell(bot, "events", story, "events")) == [
        "begins",
        "on_dialin_ready",
        "on_call_state_changed",
        "on_dialin_connected",
        "on_first_participant_joined",
        "on_participant_joined",
        "connected",
        "on_client_connected",
        "on_dtmf_event",
        "key 1",
        "on_dtmf_event",
        "key 2",
        "interrupts",
        "cut off",
        "on_playout_interrupted",
        "on_call_state_changed",
        "on_dialin_stopped",
        "on_participant_left",
        "disconnected",
        "on_client_disconnected",
        "over",
    ]


def test_after_a_transfer_that_fails_the_bot_still_has_its_caller(bot: Bot):
    async def story(phone: Telephone):
        phone.declines_transfers = True
        phone.press("4")
        await bot.told(phone.name, "not transferred")
        phone.press("3")
        await phone.until("three keys", lambda: len(phone.media.keys) >= 3)

    told = _tell(bot, "stays", story)
    assert told == [*BEGINNING, "key 4", "not transferred", "key 3", *HUNG_UP]


@pytest.mark.parametrize("user", ["broken", "early"])
def test_a_bot_that_ends_before_its_pipeline_runs_leaves_no_call_behind(bot: Bot, user: str):
    async def call():
        try:
            phone = await Telephone.dial(bot.port, user, name=user)
        except Refused:
            return
        async with phone:
            await phone.until_ended()

    asyncio.run(call())
    assert bot.story(user)[0] == "begins"
    # The process has not suffered.
    test_keys_go_both_ways(bot)


@pytest.mark.usefixtures("pipecat")
def test_sigint_ends_every_call_and_then_the_process(tmp_path: Path):
    async def story(bot: Bot):
        phones = [await Telephone.dial(bot.port, name=f"sigint-{number}") for number in range(3)]
        phones[0].press("1")
        await phones[0].until_sounding()
        status = await asyncio.to_thread(bot.interrupt)
        for phone in phones:
            await phone.until_ended()
            assert phone.asked == ["BYE"]
            await phone.close()
        assert status in (0, 130), bot.log
        speaking, *listening = [_without_speech(bot.story(phone.name)) for phone in phones]
        assert speaking == [*BEGINNING, "key 1", "cut off", *HUNG_UP]
        assert listening == [[*BEGINNING, *HUNG_UP]] * 2

    with Bot("story.py", tmp_path) as bot:
        bot.wait_until_it_listens()
        asyncio.run(story(bot))
