"""kill -9 at every crash point, then a restart: the run ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import open_store
from tests.engine import crashing

#: What a process that approves goes through, and the nth time at which it is killed there.
POINTS = [
    "before_commit:1",
    "after_commit:1",
    "after_attempt_started:1",
    "after_decision:1",
    "after_effect:1",
    "before_commit:2",
    "after_commit:2",
]


class Program:
    """Runs the crashing program on one database."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        is_idempotent: bool = True,
        module: str = crashing.__name__,
    ) -> None:
        self._url = url
        self._module = module
        self.effects = folder / "effects.txt"
        self._idempotent = "1" if is_idempotent else "0"

    async def run(self, *arguments: str, crash_at: str = "") -> tuple[int, dict[str, Any]]:
        """Return the exit code and the run that was printed, if it came to that."""
        environment = os.environ | {"CRASH_AT": crash_at, "IDEMPOTENT": self._idempotent}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            self._url,
            str(self.effects),
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        lines = [line for line in output.decode().splitlines() if line.startswith("{")]
        return process.returncode or 0, json.loads(lines[-1]) if lines else {}


async def look(program: Program, url: str, run_id: str) -> Any:
    """Return the run and whether its log is sound, without serving it."""
    graph = crashing.make_graph(program.effects, is_idempotent=True)
    async with open_store(url, now=SystemClock().now) as store:
        engine = Engine(store, {"gated": graph}, directory=StaticDirectory())
        return await engine.get_run(run_id), await engine.verify(run_id)


async def questions(url: str) -> list[Any]:
    """Return the open approvals."""
    async with open_store(url, now=SystemClock().now) as store:
        return await Engine(store, {}, directory=StaticDirectory()).list_pending()


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_w3_killed_while_approving(database: str, tmp_path: Path, point: str) -> None:
    """Whatever the instant, after a restart and the same click again the effect is there once."""
    program = Program(database, tmp_path)
    _, run = await program.run("start")
    killed, _ = await program.run("approve", run["id"], crash_at=point)
    before, _ = await look(program, database, run["id"])
    if before.status is RunStatus.WAITING:  # the click was lost with its answer, as Slack shows
        await program.run("approve", run["id"])
    code, ended = await program.run("finish", run["id"])
    _, verification = await look(program, database, run["id"])

    assert (killed, code) == (-signal.SIGKILL, 0)
    assert (ended["status"], verification.problem) == ("completed", None)
    assert [f"{run['id']}/publish"] == program.effects.read_text().splitlines()


@pytest.mark.slow
async def test_a_node_of_unknown_fate_behind_a_gate_asks_a_person(
    database: str, tmp_path: Path
) -> None:
    """Killed between effect and result, a task that may not run twice is not run again."""
    program = Program(database, tmp_path, is_idempotent=False)
    _, run = await program.run("start")
    await program.run("approve", run["id"], crash_at="after_effect")
    _, after = await program.run("finish", run["id"])
    (question,) = await questions(database)
    _, ended = await program.run("skip", run["id"])

    assert (after["status"], question.kind) == ("waiting", "error")
    assert question.error.type == "FateUnknown"
    assert ended["status"] == "completed"
    assert len(program.effects.read_text().splitlines()) == 1
