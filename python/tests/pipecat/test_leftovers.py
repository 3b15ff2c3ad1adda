"""What is left of calls, whatever ended them and when."""

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine
from typing import Any

import pytest
from phone import Refused, Telephone
from stage import Bot

AT_ONCE = 10
# Turns of the bot's event loop after which its pipeline is cancelled: from before it is set up to
# when it has long been running.
TURNS = [*range(0, 40, 2), *range(40, 200, 20)]
# So often in a row the same must be held.
SETTLED = 5

_numbers = itertools.count(1)


@pytest.mark.parametrize("what", ["cancel", "abort"])
def test_a_bot_may_be_cancelled_at_any_turn_of_its_beginning(bot: Bot, what: str):
    async def story(turns: int):
        name = f"{what}-at-{turns}"
        with contextlib.suppress(Refused):
            async with await Telephone.dial(bot.port, f"{what}-{turns}", name) as phone:
                await phone.until_ended()
        await bot.told(name, "over")
        told = bot.story(name)
        # Whoever was told that somebody came is told that he left.
        assert told in (["begins", "over"], ["begins", "connected", "disconnected", "over"]), told

    _in_batches([story(turns) for turns in TURNS])


def test_a_caller_may_hang_up_at_any_moment_of_the_beginning(bot: Bot):
    async def story(ms: int):
        name = f"moment-{ms}"
        phone = await Telephone.dial(bot.port, name=name)
        await asyncio.sleep(ms / 1000)
        await phone.hang_up()
        await bot.told(name, "over")
        told = bot.story(name)
        assert told in (["begins", "over"], ["begins", "connected", "disconnected", "over"]), told

    _in_batches([story(ms) for ms in range(20)])


def test_calls_leave_nothing_behind(bot: Bot):
    _in_batches(_calls(bot))
    few = _settled(bot)
    for _ in range(2):
        _in_batches(_calls(bot))

    def is_no_more() -> bool:
        return all(count <= few[what] for what, count in bot.holdings().items())

    # What leaks stays; what Pipecat lets go of in its own time does not.
    bot.eventually(f"more calls to leave no more than {few}", is_no_more)


def _settled(bot: Bot) -> dict[str, int]:
    """What the bot holds once that no longer changes."""
    seen: list[dict[str, int]] = []

    def is_settled() -> bool:
        seen.append(bot.holdings())
        return len(seen) >= SETTLED and all(held == seen[-1] for held in seen[-SETTLED:])

    bot.eventually("calls to be let go", is_settled)
    return seen[-1]


def _calls(bot: Bot) -> list[Coroutine[Any, Any, None]]:
    """As many as are at once, ended in every way."""
    ways = [_hangs_up_at_once, _leaves_it_speaking, _has_it_end, _has_it_cancel, _finds_it_broken]
    return [way(bot, f"leftover-{next(_numbers)}") for way in ways * (AT_ONCE // len(ways))]


def _in_batches(stories: list[Coroutine[Any, Any, None]]):
    async def run():
        for at in range(0, len(stories), AT_ONCE):
            async with asyncio.TaskGroup() as batch:
                for story in stories[at : at + AT_ONCE]:
                    batch.create_task(story)

    asyncio.run(run())


async def _hangs_up_at_once(bot: Bot, name: str):
    async with await Telephone.dial(bot.port, name=name):
        pass
    await bot.told(name, "over")


async def _leaves_it_speaking(bot: Bot, name: str):
    async with await Telephone.dial(bot.port, name=name) as phone:
        phone.press("1")
        await phone.until_sounding()
    await bot.told(name, "over")


async def _has_it_end(bot: Bot, name: str):
    async with await Telephone.dial(bot.port, name=name) as phone:
        phone.press("5")
        await phone.until_ended()
    await bot.told(name, "over")


async def _has_it_cancel(bot: Bot, name: str):
    async with await Telephone.dial(bot.port, name=name) as phone:
        phone.press("1")
        await phone.until_sounding()
        phone.press("7")
        await phone.until_ended()
    await bot.told(name, "over")


async def _finds_it_broken(bot: Bot, name: str):
    with contextlib.suppress(Refused):
        async with await Telephone.dial(bot.port, "broken", name) as phone:
            await phone.until_ended()
