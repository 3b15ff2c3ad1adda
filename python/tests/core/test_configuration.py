"""A configuration is proven as the program proves it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from line import DEADLINE_S, here

import trunkline


async def test_what_is_wrong_is_told_with_its_key_and_its_remedy() -> None:
    with pytest.raises(trunkline.ConfigurationError) as wrong:
        await trunkline.Gateway.start({"sip": {"listne": []}, "limits": {"calls": "many"}})
    lines = str(wrong.value).splitlines()
    assert lines[0] == "sip.listne: unknown key; did you mean `listen`?"
    assert lines[1].startswith('limits.calls: "many" is out of range; write a whole number')


async def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("sip:\n  codecs: [pcmu]\n  open: perhaps\n")
    with pytest.raises(trunkline.ConfigurationError) as wrong:
        await trunkline.Gateway.start(file)
    assert str(wrong.value) == f'{file}:3:9: sip.open: "perhaps" is neither; write true or false'


async def test_a_port_that_is_taken_is_told() -> None:
    listen = {"sip": {"listen": ["udp://127.0.0.1:0"]}}
    async with await trunkline.Gateway.start(listen) as first:
        port = first.addresses[0][2]
        with pytest.raises(
            trunkline.GatewayError, match=f"cannot listen on udp://127.0.0.1:{port}"
        ):
            await trunkline.Gateway.start({"sip": {"listen": [f"udp://127.0.0.1:{port}"]}})


async def test_http_is_served_where_the_configuration_names_it() -> None:
    sip = {"listen": ["udp://127.0.0.1:0"]}
    async with await trunkline.Gateway.start({"sip": sip}) as gateway:
        assert gateway.http_address is None
    async with await trunkline.Gateway.start({"sip": sip, "server": {"port": 0}}) as gateway:
        assert gateway.http_address is not None and gateway.http_address[0] == "127.0.0.1"


async def test_without_a_configuration_the_file_of_the_program_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "found.yaml"
    file.write_text("sip: {listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0']}\n")
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(file))
    async with await trunkline.Gateway.start() as gateway:
        assert [transport for transport, _, _ in gateway.addresses] == ["udp", "tcp"]


async def test_what_is_wrong_with_numbers_alone_has_a_name_of_its_own() -> None:
    numbers = {"dids": {"+15125551234": {"app": "nobody"}}}
    with pytest.raises(trunkline.exceptions.DIDConfigError, match="nobody"):
        await trunkline.Gateway.start(numbers)


async def test_calls_go_where_routes_lead_them() -> None:
    routes = [{"to": "bot", "app": "desk"}, {"app": "echo"}]
    ours = here(routes=routes, apps={"desk": {"type": "python"}})
    async with (
        await trunkline.Gateway.start(ours) as gateway,
        await trunkline.Gateway.start(here(dial={"allow": ["sip:*"]})) as theirs,
    ):
        _, host, port = gateway.addresses[0]
        other = await theirs.dial(f"sip:other@{host}:{port}")
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as both:
            dialling = both.create_task(theirs.dial(f"sip:bot@{host}:{port}"))
            accepting = both.create_task(gateway.accept())
        call, taken = dialling.result(), accepting.result()
        assert taken is not None and taken.to == "bot"
        assert other.ended is None and call.ended is None


async def test_a_log_has_a_level_that_is_known() -> None:
    with pytest.raises(ValueError, match="give off, error, warn"):
        trunkline.log("loud")  # type: ignore[arg-type]
