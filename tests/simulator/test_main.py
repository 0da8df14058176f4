"""The simulator as a program of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

_COMMAND = (sys.executable, "-m", "bot.simulator", "--port", "0")


async def _start(*more: str, cwd: Path | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_COMMAND,
        *more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
    )


@pytest.mark.slow
async def test_it_prints_where_it_is_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    """Address and tokens first, status 0 at the end."""
    record = tmp_path / "record.jsonl"
    process = await _start("--record", str(record), "--refresh-minutes", "5", "--workspaces", "2")
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().rstrip() for _ in range(8)]
    shown = dict(line.rsplit(maxsplit=1) for line in lines[:7])
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{shown['API base URL']}auth.test",
            headers={"Authorization": f"Bearer {shown['Bot token']}"},
        ) as answer,
    ):
        body = await answer.json()
        async with session.get(f"{shown['Open']}/sim/world?as=U1BOB") as page:
            world = await page.json()
    process.send_signal(signal.SIGINT)
    status = await asyncio.wait_for(process.wait(), 10)

    assert body["ok"] is True
    assert status == 0
    assert [team["name"] for team in world["teams"]] == ["Signoff demo", "Acme"]
    assert shown["Client ID"]
    assert shown["App token"].startswith("xapp-")
    assert json.loads(record.read_text(encoding="utf-8"))["method"] == "auth.test"


@pytest.mark.slow
async def test_a_bad_manifest_is_explained(tmp_path: Path) -> None:
    """Status 2 and every problem."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text("display_information: {name: ''}\n", encoding="utf-8")
    process = await _start("--manifest", str(manifest))
    _, error = await process.communicate()

    assert process.returncode == 2
    assert "display_information.name must have 1 to 35 characters" in error.decode()


@pytest.mark.slow
async def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    """Status 2 and the reason; the state file is let go."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    process = await _start("--port", port, "--state", str(tmp_path / "state.db"))
    _, error = await process.communicate()
    server.close()
    await server.wait_closed()

    assert process.returncode == 2
    assert "cannot start" in error.decode()
