"""What is asked of the engine without changing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from orchestrator.core.events import Record
from orchestrator.core.state import State
from orchestrator.graph.secrets import Secrets, secret_keys
from orchestrator.runtime.desk import Desk
from orchestrator.store import Approval, Pause, Position, Run, Verification

PAGE = 200  # runs read in one go


class Reading(Desk):
    """The part of the engine that reads runs and approvals."""

    async def get_run(self, run: str) -> Run:
        """Return a run; raises RunNotFoundError."""
        return await self._store.get_run(run)

    async def get_output(self, run: str) -> Mapping[str, Any] | None:
        """Return what a run brought, by name; None while it is not completed.

        At an end node these are the keys of the state that it names; after any other node what
        that node returned. Raises RunNotFoundError.
        """
        return await self._store.get_output(await self._store.find_run_id(run))

    async def get_secrets(self, run: Run) -> Secrets:
        """Return what hides that of a run which the gates of its version call secret."""
        definition = await self._kernel.versions.find_definition(run.graph, run.version)
        return Secrets(secret_keys(definition))

    async def list_runs(
        self,
        *,
        status: str | None = None,
        graph: str | None = None,
        requester: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Run]:
        """Return a page of runs, newest first; `before` is the last run of the page before."""
        return await self._store.list_runs(
            status=status, graph=graph, requester=requester, limit=limit, before=before
        )

    async def list_newest(  # noqa: PLR0913 - filters, all by keyword
        self,
        *,
        is_finished: bool | None = None,
        status: str | None = None,
        graph: str | None = None,
        requester: str | None = None,
        workspace: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """Return a page of runs for people, newest first.

        Args:
            is_finished: Only those that are over, or only the others.
            status: Only runs of this status.
            graph: Only runs of this graph.
            requester: Only runs that this person started.
            workspace: Only runs of this chat workspace.
            before: The last run of the page before.
            limit: The most that are returned.
        """
        return await self._store.list_newest(
            is_finished=is_finished,
            status=status,
            graph=graph,
            requester=requester,
            workspace=workspace,
            before=before,
            limit=limit,
        )

    async def list_decided(self, person: str, *, limit: int = 50) -> list[Approval]:
        """Return the approvals that a person decided about, the newest decision first."""
        return await self._store.list_decided(person, limit=limit)

    async def list_asked(self, requester: str, *, limit: int = 50) -> list[Approval]:
        """Return the open approvals of a person's newest runs, the oldest deadline first."""
        return await self._store.list_asked(requester, limit=limit)

    def on_change(self, callback: Callable[[str, bool], None]) -> None:
        """Have a function called, on the event loop, after each commit of this process.

        It gets the run's id, and whether there is something to tell people; it must be quick.
        """
        self._kernel.watchers.observe(callback)

    async def _all_runs(self, status: str) -> AsyncIterator[Run]:
        last: str | None = None
        while page := await self.list_runs(status=status, limit=PAGE, before=last):
            for run in page:
                yield run
            last = page[-1].id

    async def get_events(self, run: str, *, after: int = 0) -> list[Record]:
        """Return a run's log after an event's number; raises RunNotFoundError."""
        return await self._store.get_events(await self._store.find_run_id(run), after=after)

    async def get_state_at(self, run: str, seq: int) -> State:
        """Return a run as it was after its event of a number.

        Raises:
            RunNotFoundError: There is no such run.
            RunError: It has no event of that number.
        """
        return await self._store.get_state_at(await self._store.find_run_id(run), seq)

    async def get_pause(self, run: str) -> Pause:
        """Return what a run waits for, and what people have answered so far.

        The pause can be written as JSON and read again, in any process.
        Raises RunNotFoundError.
        """
        return await self._store.get_pause(await self._store.find_run_id(run))

    async def verify(self, run: str) -> Verification:
        """Check that a run's log is whole and leads to what is stored."""
        return await self._store.verify(await self._store.find_run_id(run))

    async def wait_until(
        self, run: str | Run, predicate: Callable[[Run], bool], *, timeout: float | None = None
    ) -> Run:
        """Return the run as soon as the predicate holds for it.

        Args:
            run: The run, or what `start`, `decide` and others have returned: the predicate is
                asked about that and about what came after it, which spares looking it up.
            predicate: What is to hold.
            timeout: How long to wait, in seconds; None: for as long as it takes.

        Raises:
            RunNotFoundError: There is no such run.
            TimeoutError: It did not hold within `timeout` seconds.
        """
        if timeout is None:
            return await self._wait_until(run, predicate)
        async with asyncio.timeout(timeout):
            return await self._wait_until(run, predicate)

    async def _wait_until(self, run: str | Run, predicate: Callable[[Run], bool]) -> Run:
        run_id, known = (run, None) if isinstance(run, str) else (run.id, run)
        if known is not None and predicate(known):
            return known
        with self._kernel.watchers.watch(run_id) as watch:
            found = known and self._kernel.watchers.newer(known)
            if found is None:
                found = await self.get_run(run_id)
            if found.id != run_id:  # a short reference; changes are told by id
                return await self._wait_until(found.id, predicate)
            while not predicate(found):
                # Another process may move it, which nobody here is told.
                changed = await watch.next(patience=0.25)
                found = changed or await self.get_run(run_id)
            return found

    async def get_approval(self, approval: str) -> Approval:
        """Return an approval; raises ApprovalNotFoundError."""
        return await self._store.get_approval(await self._store.find_approval_id(approval))

    async def list_pending(
        self,
        *,
        kind: str | None = None,
        run: str | None = None,
        graph: str | None = None,
        after: Position | None = None,
        limit: int = 50,
    ) -> list[Approval]:
        """Return open approvals, of one run or of all, the oldest deadline first.

        Args:
            kind: Only those of a kind; see `ApprovalKind`.
            run: Only those of a run.
            graph: Only those of a graph's runs.
            after: Only those behind the place of the last one of the page before.
            limit: The most that are returned.
        """
        run_id = await self._store.find_run_id(run) if run else None
        return await self._store.list_pending(
            kind=kind, run_id=run_id, graph=graph, after=after, limit=limit
        )

    async def list_approvals(self, run: str, *, kind: str | None = None) -> list[Approval]:
        """Return the approvals of a run, of one kind or all, as they were opened."""
        return await self._store.list_approvals(await self._store.find_run_id(run), kind=kind)
