"""The workflows of agno on SQLite, a session for each run.

Arguments: `sync` or `async`, then the options.

Its SQLite file is put into WAL mode, which is in its favour.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.workflow.step import Step
from agno.workflow.types import HumanReview, StepInput, StepOutput
from agno.workflow.workflow import Workflow

from benchmarks import wire


class Agno(wire.Candidate):
    """What both ways share: the steps, and that people confirm the second one."""

    distribution = "agno"
    kind: Any

    async def open(self) -> None:
        """See Candidate."""
        if self.options.history:
            raise NotImplementedError("no history")
        with sqlite3.connect(self.options.database) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        self._db = self.kind(db_file=self.options.database)
        self._ids: dict[str, str] = {}

    def _workflow(self) -> Any:
        return Workflow(name="workload", db=self._db, steps=self._steps(), telemetry=False)

    def _steps(self) -> list[Any]:
        raise NotImplementedError

    def _a(self) -> StepOutput:
        return StepOutput(content=wire.payload(self.options.state))

    def _b(self) -> StepOutput:
        self.executions += 1
        return StepOutput(content={"done": True})


class Synchronous(Agno):
    """The synchronous interface, called from the event loop's thread."""

    is_concurrent = False
    kind = SqliteDb

    def _steps(self) -> list[Any]:
        def a(_given: StepInput) -> StepOutput:
            return self._a()

        def b(_given: StepInput) -> StepOutput:
            return self._b()

        return [
            Step(name="a", executor=a),
            Step(name="b", executor=b, human_review=HumanReview(requires_confirmation=True)),
        ]

    async def start(self, run: str) -> None:
        """See Candidate."""
        found = self._workflow().run(input="go", session_id=run)
        if not found.is_paused:
            raise RuntimeError(found.status)
        self._ids[run] = found.run_id

    async def approve(self, run: str) -> None:
        """See Candidate."""
        workflow, run_id = self._workflow(), self._ids[run]
        found = workflow.get_run_output(run_id=run_id, session_id=run)
        for requirement in found.steps_requiring_confirmation:
            requirement.confirm()
        workflow.continue_run(found, session_id=run)


class Asynchronous(Agno):
    """The asynchronous interface."""

    kind = AsyncSqliteDb

    def _steps(self) -> list[Any]:
        async def a(_given: StepInput) -> StepOutput:
            return self._a()

        async def b(_given: StepInput) -> StepOutput:
            return self._b()

        return [
            Step(name="a", executor=a),
            Step(name="b", executor=b, human_review=HumanReview(requires_confirmation=True)),
        ]

    async def start(self, run: str) -> None:
        """See Candidate."""
        found = await self._workflow().arun(input="go", session_id=run)
        if not found.is_paused:
            raise RuntimeError(found.status)
        self._ids[run] = found.run_id

    async def approve(self, run: str) -> None:
        """See Candidate."""
        workflow, run_id = self._workflow(), self._ids[run]
        found = await workflow.aget_run_output(run_id=run_id, session_id=run)
        for requirement in found.steps_requiring_confirmation:
            requirement.confirm()
        await workflow.acontinue_run(found, session_id=run)


if __name__ == "__main__":
    wire.run({"sync": Synchronous, "async": Asynchronous}[sys.argv[1]])
