"""What is on the wire after Pipecat's `InterruptionFrame`."""

import asyncio
import statistics

from phone import Telephone
from stage import Bot

CALLS, INTERRUPTIONS = 4, 5
FRAME_MS = 20
# The bot has written 100 ms ahead of the wire (`audio_out_lead_ms`).
AHEAD_MS = 70


def test_an_interruption_is_silence_on_the_wire_before_what_was_written_ahead_is_played(bot: Bot):
    delays = asyncio.run(interruptions(bot, CALLS, INTERRUPTIONS))
    assert len(delays) == CALLS * INTERRUPTIONS
    # A machine that does something else holds up the bot, too: one frame is only seen here, and
    # `cargo xtask evidence pipecat` looks at the greatest.
    assert min(delays) <= FRAME_MS, delays
    assert statistics.median(delays) <= AHEAD_MS, delays


async def interruptions(bot: Bot, calls: int, times: int) -> list[float]:
    """Has the bot speak and interrupts it, so often in so many calls at once: the ms of each."""
    names = [f"interrupts-{number}" for number in range(calls)]
    delays = await asyncio.gather(*(_of_one_call(bot, name, times) for name in names))
    return [delay for of_one in delays for delay in of_one]


async def _of_one_call(bot: Bot, name: str, times: int) -> list[float]:
    """From the frame to the last packet that can be heard, by the clock of the machine: the bot's,
    and the kernel's as the packet arrives."""
    delays = []
    async with await Telephone.dial(bot.port, name=name) as phone:
        for time in range(times):
            phone.press("1")
            await phone.until_sounding()
            phone.press("2")
            await phone.until_silent()
            interrupted = await bot.told(phone.name, "interrupts", time + 1)
            last = max(packet.at_ns for packet in phone.media.packets if packet.sounds)
            delays.append((last - interrupted["at_ns"]) / 1e6)
    return delays
