"""kill -9 while a question goes to its channel and, as copies, to its approvers."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.server import PATIENCE, Server, server

GRAPH = """
from pathlib import Path

from orchestrator.graph import GraphBuilder


def work(_context):
    with Path("published.jsonl").open("a") as file:
        file.write("done\\n")


gate = {"approvers": "U0BOB U0CAROL", "title": "Do it?", "direct": True}
graph = GraphBuilder("asked").task("work", work, confirm=gate).start("work").ends("work").build()
"""
APPROVERS = ("U0BOB", "U0CAROL")


def told(running: Server, person: str, text: str = "Do it?") -> list[dict[str, Any]]:
    """Return the direct messages about the question that a person has and that say something."""
    found = running.simulator.messages(running.simulator.direct(person))
    return [m for m in found if m.get("bot_id") and text in json.dumps(m)]


async def until_told(running: Server, text: str) -> None:
    """Wait until each approver has a direct message that says something."""
    for person in APPROVERS:
        await running.simulator.until(
            lambda who=person: told(running, who, text),  # type: ignore[misc]
            timeout=PATIENCE,
        )


@pytest.mark.slow
@pytest.mark.parametrize("point", ["after_direct:1", "after_direct:2", "after_post:1"])
async def test_w3_killed_between_a_direct_message_and_its_record(
    tmp_path: Path, point: str
) -> None:
    """Each approver has one copy, and all of them show the outcome."""
    (tmp_path / "graph.py").write_text(GRAPH)
    async with server(tmp_path) as running:
        running.environment["SIGNOFF_GRAPHS"] = str(tmp_path / "graph.py")
        await running.start(crash_at=point)
        await running.simulator.command("U0ALICE", "C0GENERAL", "/signoff run asked")

        assert await running.wait_for_end() == -signal.SIGKILL

        await running.start()
        await until_told(running, "Do it?")
        (copy,) = told(running, "U0BOB")
        channel = running.simulator.direct("U0BOB")
        await running.simulator.click("U0BOB", channel, copy["ts"], label="Approve")
        await running.until_shown("is completed")
        await until_told(running, "is completed")

        assert len(running.questions()) == 1
        assert len(running.published_lines()) == 1
        assert [len(told(running, person)) for person in APPROVERS] == [1, 1]
