"""Calls that providers bring as media streams, to an application of `type: python`."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from audio import tone
from holdings import descriptors, needs_proc, settled
from line import DEADLINE_S, here, http, until
from provider import simulated

import trunkline
from trunkline import events

PROVIDERS = ["twilio", "telnyx", "plivo", "vobiz", "vonage", "exotel", "jambonz"]
TOKEN = "0123456789abcdef0123456789abcdef"
# A private key of Ed25519, and the public one that belongs to it.
TELNYX_KEY = bytes(range(32))
TELNYX_PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
# Half of what comes back is the same sound: of another, or of noise, next to nothing is. Where the
# machine is busy a bot that says back what it hears has gaps.
LIKE = 0.5
SPEAKS = ("--duration", "4")
# A caller who waits for the bot to hang up.
PATIENT = ("--duration", "30")
CALLS, AT_ONCE = 12, 4

Bot = Callable[[trunkline.Call], Awaitable[None]]


@asynccontextmanager
async def reached(bot: Bot, **more: Any) -> AsyncIterator[str]:
    """A gateway that hands every call to a bot: where its HTTP is. What a bot fails with, fails."""
    server = {"host": "127.0.0.1", "port": 0, **more.pop("server", {})}
    async with await trunkline.Gateway.start(here(server=server, **more)) as gateway:

        async def take() -> None:
            async with asyncio.TaskGroup() as bots:
                async for call in gateway:
                    bots.create_task(bot(call))
                    del call  # It is the bot's.

        taking = asyncio.create_task(take())
        yield http(gateway)
        async with asyncio.timeout(DEADLINE_S):
            await gateway.drain()
            await gateway.stop()
            await taking


async def brought(address: str, provider: str, *arguments: str) -> dict[str, Any]:
    """What a provider says whose call came to this address."""
    url = f"{address.replace('http', 'ws')}/sip/{provider}/media-stream"
    verdict = await simulated(provider, "--stream", url, *arguments)
    assert verdict["broken"] == []
    return verdict


async def says_back(call: trunkline.Call) -> None:
    """What it hears."""
    async for event in call:
        if isinstance(event, events.Audio):
            with suppress(trunkline.CallEndedError):
                call.play_nowait(event.samples)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_caller_of_every_provider_hears_himself(provider: str) -> None:
    async with reached(says_back) as address:
        verdict = await brought(address, provider, *SPEAKS)
    assert verdict["likeness"] > LIKE
    assert verdict["end"]["by"] == "caller"


async def test_a_call_says_who_calls_whom_and_what_the_provider_was_told() -> None:
    calls: list[trunkline.Call] = []

    async def note(call: trunkline.Call) -> None:
        calls.append(call)
        await until(call, events.Ended)

    who = ("--from", "+15125550100", "--to", "+15125551234", "--parameter", "plan=gold")
    async with reached(note) as address:
        await brought(address, "twilio", *who, "--duration", "1")
    (call,) = calls
    assert (call.direction, call.from_, call.to) == ("inbound", "+15125550100", "+15125551234")
    assert call.parameters["plan"] == "gold"
    assert call.peer is not None and call.peer.startswith("127.0.0.1:")


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_events_come_in_order_and_the_end_is_the_last(provider: str) -> None:
    seen: list[events.Event] = []

    async def note(call: trunkline.Call) -> None:
        seen.extend([event async for event in call])
        assert await call.event() is None

    async with reached(note) as address:
        await brought(address, provider, "--dtmf", "1#", "--duration", "3")
    assert seen[0] == events.Answered()
    assert seen[-1] == events.Ended("remote", "hangup", None, None)
    keys = [event.digit for event in seen if isinstance(event, events.Dtmf)]
    assert keys == ["1", "#"]
    frames = [event for event in seen if isinstance(event, events.Audio)]
    assert len(seen) == len(frames) + 2 + len(keys)
    assert [frame.at for frame in frames] == [320 * number for number in range(len(frames))]


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_what_is_cleared_is_not_heard_and_marks_tell_what_was(provider: str) -> None:
    async def speak(call: trunkline.Call) -> None:
        await until(call, events.Answered)
        call.play_nowait(tone(440, 300))
        call.mark("begun")
        call.play_nowait(tone(440, 30_000))
        call.mark("never")
        assert await until(call, events.MarkPlayed) == events.MarkPlayed("begun", 300)
        call.clear()
        cleared = await until(call, events.Cleared)
        assert cleared.unplayed == ("never",)
        # By the gateway's clock, which is not the provider's.
        assert 280 <= cleared.at_ms < 10_000
        assert call.queued_ms == 0
        call.hangup()
        assert await until(call, events.Ended) == events.Ended("app", "normal", None, None)

    async with reached(speak) as address:
        verdict = await brought(address, provider, *PATIENT)
    assert verdict["end"]["by"] == "closed"
    assert verdict["received"]["audioMs"] < 10_000


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_play_goes_at_the_speed_of_speech_and_keeps_its_lead(provider: str) -> None:
    async def speak(call: trunkline.Call) -> None:
        started = asyncio.get_running_loop().time()
        for _ in range(100):
            await call.play(tone(440, 20), lead_ms=200)
            assert call.queued_ms < 220
        assert asyncio.get_running_loop().time() - started > 1.5
        while call.queued_ms:
            await asyncio.sleep(0.01)
        call.hangup()
        await until(call, events.Ended)

    async with reached(speak) as address:
        verdict = await brought(address, provider, *PATIENT)
    assert verdict["end"]["by"] == "closed"
    assert verdict["received"]["audioMs"] >= 2_000


async def test_a_call_that_nobody_holds_any_more_is_hung_up() -> None:
    async def let_go(call: trunkline.Call) -> None:
        await until(call, events.Answered)

    async with reached(let_go) as address:
        verdict = await brought(address, "twilio", *PATIENT)
    assert verdict["end"]["by"] == "closed"


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_keys_of_a_bot_are_tones_where_a_stream_has_no_words_for_them(provider: str) -> None:
    async def press(call: trunkline.Call) -> None:
        await until(call, events.Answered)
        call.send_dtmf("42#")
        call.mark("pressed")
        assert (await until(call, events.MarkPlayed)).at_ms >= 600
        call.hangup()
        await until(call, events.Ended)

    async with reached(press) as address:
        verdict = await brought(address, provider, *PATIENT)
    assert verdict["received"]["audioMs"] >= 600


async def test_what_a_stream_cannot_do_is_refused() -> None:
    async def hold(call: trunkline.Call) -> None:
        call.hold()
        assert await until(call, events.Refused) == events.Refused("hold", "unsupported")
        call.transfer("sip:elsewhere@pbx.example.com", mode="bridge")
        assert await until(call, events.Refused) == events.Refused("transfer", "denied")
        call.hangup()
        await until(call, events.Ended)

    async with reached(hold) as address:
        await brought(address, "twilio", *PATIENT)


@pytest.mark.parametrize(
    ("provider", "codec"),
    [
        ("twilio", "PCMU"),
        ("telnyx", "PCMU"),
        ("telnyx", "PCMA"),
        ("telnyx", "G722"),
        ("telnyx", "L16"),
    ],
)
async def test_a_provider_that_asks_the_webhook_is_led_to_the_bot(
    provider: str, codec: str
) -> None:
    secret = TOKEN if provider == "twilio" else base64.b64encode(TELNYX_KEY).decode()
    telnyx = {"public_key": TELNYX_PUBLIC_KEY, "codec": codec.lower()}
    public = "https://voice.example.com"
    async with reached(
        says_back,
        server={"public_url": public},
        providers={"twilio": {"auth_token": TOKEN}, "telnyx": telnyx},
    ) as address:
        verdict = await simulated(
            provider,
            *("--webhook", f"{address}/sip/{provider}/answer"),
            *("--public-url", public, "--auth-token", secret, *SPEAKS),
        )
    assert codec in [sound["encoding"] for sound in verdict["received"]["formats"]]
    assert verdict["likeness"] > LIKE


async def test_an_application_that_answers_by_itself_need_not() -> None:
    """The provider has answered."""

    async def answer(call: trunkline.Call) -> None:
        assert await call.event() == events.Answered()
        call.answer()
        call.ring()
        call.hangup()
        assert await until(call, events.Ended) == events.Ended("app", "normal", None, None)

    async with reached(answer, apps={"desk": {"type": "python", "answer": "manual"}}) as address:
        verdict = await brought(address, "twilio", *PATIENT)
    assert verdict["end"]["by"] == "closed"


@needs_proc
async def test_many_calls_leave_no_descriptor() -> None:
    ways = itertools.cycle(["hangs up", "lets go", "lets go with words on its lips"])

    async def end_somehow(call: trunkline.Call) -> None:
        await until(call, events.Audio)
        match next(ways):
            case "hangs up":
                call.hangup()
                await until(call, events.Ended)
            case "lets go":
                pass
            case _:
                call.play_nowait(tone(440, 1_000))

    async with reached(end_somehow) as address:
        await brought(address, "twilio", *PATIENT)
        before = descriptors()
        for _ in range(CALLS // AT_ONCE):
            calls = (brought(address, "twilio", *PATIENT) for _ in range(AT_ONCE))
            await asyncio.gather(*calls)
        await settled(before, descriptors)
