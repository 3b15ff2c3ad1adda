"""Announcements of calls that wait, as the gateway's HTTP interface streams them."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from trunkline.client import Waiting, waiting
from trunkline.exceptions import ProviderConnectionError

CALL = '{"call":{"id":"c/1","state":"ringing","from":"alice","to":"bot","app":"desk"}}'
HEAD = "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


@asynccontextmanager
async def interface(answer):
    """An HTTP interface that says this and closes; gives its address and what it was asked."""
    asked = []

    async def take(reader, writer):
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", asked


async def all_of(url, **more):
    async with waiting(url, **more) as announced:
        return [each async for each in announced]


async def test_a_call_that_waits_is_told_with_the_place_where_it_is_taken():
    stream = f"{HEAD}: \n\nevent: call.started\ndata: {{}}\n\nevent: call.waiting\ndata: {CALL}\n\n"
    async with interface(stream) as (url, _):
        place = url.replace("http", "ws") + "/ws/sip/c%2F1"
        assert await all_of(url) == [Waiting("c/1", "alice", "bot", "desk", place)]


async def test_the_request_ends_with_the_connection_and_carries_the_token():
    async with interface(HEAD) as (url, asked):
        assert await all_of(f"{url}/behind/a/proxy/", token="secret-token") == []
        lines = asked[0].split("\r\n")
        assert lines[0] == "GET /behind/a/proxy/v1/events HTTP/1.0"
        assert f"Host: {url.removeprefix('http://')}" in lines
        assert "Authorization: Bearer secret-token" in lines


async def test_data_over_several_lines_is_one_announcement():
    stream = f"{HEAD}event: call.waiting\ndata: {CALL[:20]}\ndata:{CALL[20:]}\n\n"
    async with interface(stream) as (url, _):
        assert [each.call_id for each in await all_of(url)] == ["c/1"]


async def test_what_the_connection_broke_off_is_not_told():
    async with interface(f"{HEAD}event: call.waiting\ndata: {CALL}\n") as (url, _):
        assert await all_of(url) == []


@pytest.mark.parametrize("answer", ["HTTP/1.0 401 Unauthorized\r\n\r\n", "", "nonsense\r\n"])
async def test_an_interface_that_refuses_is_an_error(answer):
    async with interface(answer) as (url, _):
        with pytest.raises(ProviderConnectionError, match="/v1/events"):
            await all_of(url)


async def test_an_address_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="ftp"):
        await all_of("ftp://127.0.0.1")


def test_a_token_is_not_shown():
    assert "secret" not in repr(Waiting("c", "a", "b", "desk", "ws://x", token="secret"))
