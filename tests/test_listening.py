"""The HTTP server: what is no HTTP is told in a line."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from bot.web.server import listening


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: secret\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"secret" * 2000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\n",
    ],
)
async def test_what_is_no_http_leaves_one_line(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody who reaches the port can send it, so no traceback and none of its bytes are kept."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    with caplog.at_level(logging.INFO):
        async with listening([web.get("/", answer)], host="127.0.0.1", port=0) as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[-1]))
            writer.write(sent)
            status = await asyncio.wait_for(reader.readline(), timeout=10)
            writer.close()
            await writer.wait_closed()

    assert b" 400 " in status
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Traceback" not in caplog.text
    assert "secret" not in caplog.text
