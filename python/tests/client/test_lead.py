"""How far sound runs ahead of what was played, as marks tell it."""

import asyncio
import json

from trunkline.client._lead import Lead, reach

MS = 16_000 // 1000 * 2  # Bytes.


def names(messages):
    texts = [json.loads(message) for message in messages if isinstance(message, str)]
    return [text["data"]["name"] for text in texts]


def said(messages):
    return b"".join(message for message in messages if isinstance(message, bytes))


def test_long_sound_is_cut_where_less_than_the_lead_is_left():
    lead = Lead(16_000)
    pcm = bytes(range(256)) * 125  # A second.
    messages, awaited = lead.send(pcm, 200)
    assert [len(each) for each in messages if isinstance(each, bytes)] == [800 * MS, 200 * MS]
    assert said(messages) == pcm
    assert awaited is not None
    assert awaited.position == 800 * MS
    assert awaited.name == names(messages)[0]


def test_short_pieces_wait_once_the_lead_is_full():
    lead = Lead(16_000)
    awaited = [lead.send(b"\0" * (20 * MS), 200)[1] for _ in range(12)]
    assert awaited[:10] == [None] * 10
    assert [each.position for each in awaited[10:]] == [20 * MS, 40 * MS]


def test_tiny_pieces_make_a_mark_each_20_ms_and_no_more():
    lead = Lead(16_000)
    messages = [message for _ in range(200) for message in lead.send(b"\0" * MS, 200)[0]]
    assert len(names(messages)) == 10


def test_five_minutes_in_small_pieces_leave_room_for_the_application_s_own_marks():
    lead = Lead(16_000)
    pieces = (lead.send(b"\0" * (20 * MS), None)[0] for _ in range(5 * 60 * 50))
    told = [name for messages in pieces for name in names(messages)]
    assert 50 < len(told) <= 150
    # Halfway through, what is left is known to a sixteenth.
    lead.passed(told[len(told) // 2])
    assert lead.queued_ms < 300_000
    lead.passed(told[-1])
    assert lead.queued_ms <= 300_000 // 16


def test_a_lead_of_nothing_waits_for_the_end():
    lead = Lead(16_000)
    _, awaited = lead.send(b"\0" * (5 * MS), 0)
    assert awaited is not None
    assert awaited.position == 5 * MS


def test_what_was_played_already_is_not_waited_for():
    lead = Lead(16_000)
    messages, _ = lead.send(b"\0" * (500 * MS), None)
    lead.passed(names(messages)[-1])
    assert lead.send(b"\0" * (100 * MS), 200)[1] is None


def test_passing_a_checkpoint_passes_those_before_it():
    lead = Lead(16_000)
    first, _ = lead.send(b"\0" * (100 * MS), None)
    second, _ = lead.send(b"\0" * (100 * MS), None)
    lead.passed(names(second)[0])
    lead.passed(names(first)[0])
    assert lead.send(b"\0" * (100 * MS), 100)[1] is None


async def test_everybody_who_waits_is_released():
    lead = Lead(16_000)
    messages, awaited = lead.send(b"\0" * (300 * MS), 100)
    waits = [asyncio.create_task(reach(awaited)) for _ in range(2)]
    await asyncio.sleep(0)
    lead.passed(names(messages)[0])
    await asyncio.wait_for(asyncio.gather(*waits), 5)


async def test_to_forget_releases_who_waits_and_ends_half_a_sample():
    lead = Lead(16_000)
    _, awaited = lead.send(b"\0" * (300 * MS + 1), 100)
    wait = asyncio.create_task(reach(awaited))
    await asyncio.sleep(0)
    lead.forget()
    await asyncio.wait_for(wait, 5)
    _, awaited = lead.send(b"\0" * (300 * MS), 100)
    assert awaited.position == 500 * MS + 2


async def test_a_wait_that_is_cancelled_leaves_the_others():
    lead = Lead(16_000)
    messages, awaited = lead.send(b"\0" * (300 * MS), 100)
    cancelled, kept = (asyncio.create_task(reach(awaited)) for _ in range(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0)
    lead.passed(names(messages)[0])
    await asyncio.wait_for(kept, 5)
