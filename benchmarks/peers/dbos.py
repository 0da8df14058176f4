"""DBOS on PostgreSQL: a workflow that receives the approval as a message.

That a run is paused is seen in the process, when its first step is stored and it is about to
receive; this is slightly in its favour.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dbos import DBOS, SetWorkflowID

from benchmarks import wire

_PATIENCE = 3_600.0  # seconds that a workflow waits for its message


class Dbos(wire.Candidate):
    """Workflows of one process."""

    distribution = "dbos"

    async def open(self) -> None:
        """See Candidate."""
        url = self.options.database.replace("postgresql://", "postgresql+psycopg://", 1)
        DBOS(config={"name": "workload", "system_database_url": url, "log_level": "ERROR"})
        self._workflow = self._declare()
        DBOS.launch()
        self._paused: dict[str, asyncio.Event] = {}
        self._handles: dict[str, Any] = {}

    def _declare(self) -> Any:
        @DBOS.step()
        async def step() -> None:
            return None

        @DBOS.step()
        async def a() -> dict[str, str]:
            return wire.payload(self.options.state)

        @DBOS.step()
        async def b() -> dict[str, bool]:
            self.executions += 1
            return {"done": True}

        @DBOS.workflow()
        async def workload(run: str) -> dict[str, bool]:
            for _ in range(self.options.history):
                await step()
            await a()
            self._paused[run].set()
            await DBOS.recv_async("approval", timeout_seconds=_PATIENCE)
            return await b()

        return workload

    async def start(self, run: str) -> None:
        """See Candidate."""
        self._paused[run] = asyncio.Event()
        with SetWorkflowID(run):
            self._handles[run] = await DBOS.start_workflow_async(self._workflow, run)
        await self._paused[run].wait()

    async def approve(self, run: str) -> None:
        """See Candidate."""
        await DBOS.send_async(run, "yes", "approval")
        await self._handles[run].get_result()

    async def close(self) -> None:
        """See Candidate."""
        DBOS.destroy(workflow_completion_timeout_sec=0)


if __name__ == "__main__":
    wire.run(Dbos)
