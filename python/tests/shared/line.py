"""Two gateways in one process: the first is tested, the second calls it."""

from __future__ import annotations

import asyncio
import itertools
import json
import urllib.request
from dataclasses import dataclass
from typing import Any, TypeVar

import trunkline
from trunkline import events

EventT = TypeVar("EventT")

DEADLINE_S = 30.0
"""Longer than anything here takes on a loaded machine."""

_PORTS = itertools.cycle(range(21_000, 60_000, 400))


def here(**more: Any) -> dict[str, Any]:
    """A gateway on a port of the system's choice, which may call this machine."""
    first = next(_PORTS)
    return {
        "sip": {"listen": ["udp://127.0.0.1:0"], "rtp_ports": f"{first}-{first + 399}"},
        "dial": {"allow": ["sip:bot@*"]},
        "shards": 1,
        **more,
    }


@dataclass
class Line:
    """The tested gateway and its caller."""

    ours: trunkline.Gateway
    theirs: trunkline.Gateway

    @property
    def target(self) -> str:
        """How the tested gateway is called."""
        _, host, port = self.ours.addresses[0]
        return f"sip:bot@{host}:{port}"

    async def call(self, **more: Any) -> tuple[trunkline.Call, trunkline.Call]:
        """A call that is up: its two ends, ours and theirs."""
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as both:
            dialling = both.create_task(self.theirs.dial(self.target, **more))
            accepting = both.create_task(self.ours.accept())
        ours = accepting.result()
        assert ours is not None
        return ours, dialling.result()


async def until(call: trunkline.Call, kind: type[EventT]) -> EventT:
    """The next event of this kind; others are passed over."""
    async with asyncio.timeout(DEADLINE_S):
        async for event in call:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the call ended without {kind.__name__}")


async def heard(call: trunkline.Call, ms: int) -> bytes:
    """So much of what is heard from now on."""
    pcm = bytearray()
    while len(pcm) < ms * 32:
        pcm += (await until(call, events.Audio)).samples
    return bytes(pcm)


def http(gateway: trunkline.Gateway) -> str:
    """Where its HTTP interface is."""
    assert gateway.http_address is not None
    return "http://{}:{}".format(*gateway.http_address)


async def calls_at(gateway: trunkline.Gateway, count: int) -> None:
    """Waits until so many calls live there, or are awaited."""

    def now() -> int:
        with urllib.request.urlopen(f"{http(gateway)}/v1/calls") as answer:
            return len(json.load(answer)["calls"])

    async with asyncio.timeout(DEADLINE_S):
        while await asyncio.to_thread(now) != count:
            await asyncio.sleep(0.01)
