"""Two gateways, for every test that calls one by the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from line import Line, here

import trunkline


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """Two gateways with the defaults."""
    async with (
        await trunkline.Gateway.start(here()) as ours,
        await trunkline.Gateway.start(here()) as theirs,
    ):
        yield Line(ours, theirs)
