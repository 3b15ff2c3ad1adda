"""A configuration is proven as the program proves it."""

from __future__ import annotations

from pathlib import Path

import pytest

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
