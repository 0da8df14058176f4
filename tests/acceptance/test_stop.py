"""Stopping the server while nodes run."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.acceptance.server import server

SLOW = """
import asyncio, pathlib, time
from orchestrator import GraphBuilder

def stuck(context):
    pathlib.Path("started").touch()
    time.sleep(600)

async def stubborn(context):
    pathlib.Path("started").touch()
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass

graphs = [
    GraphBuilder(name).task("work", function).start("work").ends("work").build()
    for name, function in (("stuck", stuck), ("stubborn", stubborn))
]
stuck_graph, stubborn_graph = graphs
"""


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["stuck", "stubborn"])
async def test_a_node_that_does_not_stop_does_not_keep_the_server(
    tmp_path: Path, graph: str
) -> None:
    """SIGTERM ends the process within ten seconds, whatever its nodes do."""
    (tmp_path / "slow.py").write_text(SLOW)
    async with server(tmp_path) as running:
        running.environment["SIGNOFF_GRAPHS"] = str(tmp_path / "slow.py")
        await running.start()
        await running.simulator.command("U0ALICE", "C0GENERAL", f"/signoff run {graph}")
        await running.until_exists(tmp_path / "started")
        began = time.monotonic()
        code = await running.stop()

        assert code == 0
        assert time.monotonic() - began < 10


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_second_signal_ends_the_server_at_once(tmp_path: Path, number: int) -> None:
    """Who cannot wait for the nodes' grace gets the code of an interruption and no traceback."""
    (tmp_path / "slow.py").write_text(SLOW)
    async with server(tmp_path) as running:
        running.environment["SIGNOFF_GRAPHS"] = str(tmp_path / "slow.py")
        await running.start()
        await running.simulator.command("U0ALICE", "C0GENERAL", "/signoff run stuck")
        await running.until_exists(tmp_path / "started")
        running.signal(number)
        await running.until_stopping()
        began = time.monotonic()
        running.signal(number)
        code = await running.wait_for_end()

        assert code == 130
        assert time.monotonic() - began < 3
