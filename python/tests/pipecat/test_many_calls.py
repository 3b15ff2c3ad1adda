"""Many calls to one bot process, each with a pipeline of its own."""

import asyncio

from phone import Telephone, loudness, pulse, tone_share
from stage import Bot

CALLS = 20
PULSES = 5
PULSE_MS, PERIOD_MS = 100, 500
# Less than a pulse more or less; concealment may have added some, where a packet came late.
LEAST_HEARD, MOST_HEARD = 0.9, 1.3


def test_twenty_callers_at_once_hear_every_pulse_of_their_own_and_none_of_another(bot: Bot):
    async def story():
        names = [f"many-{number}" for number in range(CALLS)]
        phones = await asyncio.gather(*(Telephone.dial(bot.port, name=name) for name in names))
        tones = {phone.name: 400.0 + 120 * number for number, phone in enumerate(phones)}
        try:
            await asyncio.gather(*(_hears_itself(phone, tones[phone.name]) for phone in phones))
        finally:
            await asyncio.gather(*(phone.hang_up() for phone in phones))
        for name in names:
            await bot.told(name, "over")
            assert bot.story(name) == ["begins", "connected", "disconnected", "over"]

    asyncio.run(story())


async def _hears_itself(phone: Telephone, hz: float):
    said = pulse(hz, PULSE_MS, PERIOD_MS) * PULSES
    phone.say(said)
    # Where the machine is busy there may be silence within a pulse, and none of its sound is lost.
    enough = LEAST_HEARD * loudness(said)
    await phone.until("every pulse to come back", lambda: loudness(phone.heard) >= enough)
    await phone.until_silent()
    assert loudness(phone.heard) <= MOST_HEARD * loudness(said), f"{phone.name} hears an echo twice"
    share = tone_share(phone.heard, hz)
    assert share > 0.5, f"{phone.name} hears another voice than its own: {share}"
