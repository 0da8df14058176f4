"""Apache Burr on SQLite. Arguments: `sync` or `async`, then the options.

Its SQLite file is put into WAL mode, which is in its favour.
"""

from __future__ import annotations

import sys
from typing import Any

from burr.core import ApplicationBuilder, State, action, expr
from burr.core.persistence import SQLitePersister
from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister

from benchmarks import wire


class Burr(wire.Candidate):
    """What both ways share: the actions and how they follow one another."""

    distribution = "apache-burr"

    def _builder(self, run: str) -> Any:
        """Return an application of a run, which goes on where it is stored."""
        return (
            ApplicationBuilder()
            .with_actions(**self._actions())
            .with_transitions(
                ("step", "step", expr(f"count < {self.options.history}")),
                ("step", "a"),
                ("a", "gate"),
                ("gate", "b"),
            )
            .with_identifiers(app_id=run)
            .initialize_from(
                self._persister,
                resume_at_next_action=True,
                default_state={"count": 0},
                default_entrypoint="step" if self.options.history else "a",
            )
            .with_state_persister(self._persister)
        )

    def _actions(self) -> dict[str, Any]:
        raise NotImplementedError

    def _done(self) -> None:
        self.executions += 1


class Synchronous(Burr):
    """The synchronous application, called from the event loop's thread."""

    is_concurrent = False

    async def open(self) -> None:
        """See Candidate."""
        self._persister: Any = SQLitePersister.from_values(self.options.database)
        self._persister.connection.execute("PRAGMA journal_mode=WAL")
        self._persister.initialize()

    def _actions(self) -> dict[str, Any]:
        @action(reads=["count"], writes=["count"])
        def step(state: State) -> State:
            return state.update(count=state["count"] + 1)

        @action(reads=[], writes=["out"])
        def a(state: State) -> State:
            return state.update(out=wire.payload(self.options.state))

        @action(reads=[], writes=["decision"])
        def gate(state: State, decision: str) -> State:
            return state.update(decision=decision)

        @action(reads=["decision"], writes=["done"])
        def b(state: State) -> State:
            self._done()
            return state.update(done=True)

        return {"step": step, "a": a, "gate": gate, "b": b}

    async def start(self, run: str) -> None:
        """See Candidate."""
        self._builder(run).build().run(halt_before=["gate"])

    async def approve(self, run: str) -> None:
        """See Candidate."""
        self._builder(run).build().run(halt_after=["b"], inputs={"decision": "yes"})

    async def close(self) -> None:
        """See Candidate."""
        self._persister.connection.close()


class Asynchronous(Burr):
    """The asynchronous application; all tasks share the persister's one connection."""

    async def open(self) -> None:
        """See Candidate."""
        self._persister = await AsyncSQLitePersister.from_values(self.options.database)
        await self._persister.connection.execute("PRAGMA journal_mode=WAL")
        await self._persister.initialize()

    def _actions(self) -> dict[str, Any]:
        @action(reads=["count"], writes=["count"])
        async def step(state: State) -> State:
            return state.update(count=state["count"] + 1)

        @action(reads=[], writes=["out"])
        async def a(state: State) -> State:
            return state.update(out=wire.payload(self.options.state))

        @action(reads=[], writes=["decision"])
        async def gate(state: State, decision: str) -> State:
            return state.update(decision=decision)

        @action(reads=["decision"], writes=["done"])
        async def b(state: State) -> State:
            self._done()
            return state.update(done=True)

        return {"step": step, "a": a, "gate": gate, "b": b}

    async def start(self, run: str) -> None:
        """See Candidate."""
        await (await self._builder(run).abuild()).arun(halt_before=["gate"])

    async def approve(self, run: str) -> None:
        """See Candidate."""
        application = await self._builder(run).abuild()
        await application.arun(halt_after=["b"], inputs={"decision": "yes"})

    async def close(self) -> None:
        """See Candidate."""
        await self._persister.cleanup()


if __name__ == "__main__":
    wire.run({"sync": Synchronous, "async": Asynchronous}[sys.argv[1]])
