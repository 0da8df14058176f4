"""What can be asked of the database, with typed answers; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from orchestrator.core.events import Record
from orchestrator.core.state import State
from orchestrator.errors import ApprovalNotFoundError, RunNotFoundError
from orchestrator.store import (
    approvals,
    claiming,
    definitions,
    gathering,
    messages,
    reads,
    rules,
    tables,
    telling,
    work,
)
from orchestrator.store.batch import decode_record
from orchestrator.store.listings import Listings
from orchestrator.store.places import Position
from orchestrator.store.questions import Questions
from orchestrator.store.reader import Reader
from orchestrator.store.records import (
    Approval,
    Backlog,
    Delivery,
    Message,
    Pause,
    Question,
    Rule,
    Run,
    Verification,
)
from orchestrator.store.verify import find_problem
from orchestrator.store.work import Job, Timer


class Queries(Listings):
    """The reading half of a store."""

    def __init__(self, reader: Reader, now: Callable[[], datetime]) -> None:
        super().__init__(reader)
        self._questions = Questions(reader)
        self._now = now

    async def find_run_id(self, reference: str) -> str:
        """Return a run's id from its id or short reference; raises RunNotFoundError."""
        return await reads.find_run_id(self._reader, reference)

    async def find_approval_id(self, reference: str) -> str:
        """Return an approval's id from its id or short reference; raises ApprovalNotFoundError."""
        return await reads.find_approval_id(self._reader, reference)

    async def get_run(self, reference: str) -> Run:
        """Return a run by its id or short reference; raises RunNotFoundError."""
        found = await reads.find_run(self._reader, reference)
        if found is None:
            run_id = await reads.find_run_id(self._reader, reference)
            found = await reads.find_run(self._reader, run_id)
        if found is None:
            raise RunNotFoundError(reference)
        return found

    async def list_runs(self, *, before: str | None = None, **filters: Any) -> list[Run]:
        """Return a page of runs, newest first; see `reads.runs_query`."""
        place = None
        if before is not None:
            run_id = await reads.find_run_id(self._reader, before)
            query = select(tables.runs).where(tables.runs.c.id == run_id)
            (row,) = await self._reader.fetch(query)
            place = (row.started_at, row.id)
        return await reads.fetch_runs(self._reader, reads.runs_query(before=place, **filters))

    async def get_events(self, run_id: str, *, after: int = 0) -> list[Record]:
        """Return a run's events after a number, in order."""
        rows = await reads.fetch_log(self._reader, run_id, after)
        return [decode_record(run_id, row) for row in rows]

    async def get_output(self, run_id: str) -> Mapping[str, Any] | None:
        """Return what a completed run brought; None while it is not completed."""
        return await reads.fetch_output(self._reader, run_id)

    async def get_state_at(self, run_id: str, seq: int) -> State:
        """Return a run as it was right after one of its events, with all values at hand.

        Raises:
            RunNotFoundError: There is no such run.
            ValueError: The run has no event of that number.
            CorruptHistoryError: The log does not add up.
        """
        return await reads.fetch_state(self._reader, run_id, seq)

    async def get_pause(self, run_id: str) -> Pause:
        """Return what a run waits for and what was answered so far; raises RunNotFoundError."""
        found = await self.list_approvals(run_id)
        return Pause(
            run=await self.get_run(run_id),
            pending=tuple(each for each in found if each.is_open),
            resolved=tuple(each for each in found if not each.is_open),
        )

    async def verify(self, run_id: str) -> Verification:
        """Check a run's hash chain, and that its log leads to the state that is stored."""
        rows = await reads.fetch_log(self._reader, run_id, 0)
        (row,) = await self._reader.fetch(select(tables.runs).where(tables.runs.c.id == run_id))
        problem = find_problem(run_id, rows, row)
        return Verification(run_id=run_id, events=len(rows), problem=problem)

    async def get_question(self, reference: str) -> Question:
        """Return what a decision needs to know; raises ApprovalNotFoundError."""
        found = await self._questions.find(reference)
        if found is None:
            approval_id = await reads.find_approval_id(self._reader, reference)
            found = await self._questions.find(approval_id)
        if found is None:
            raise ApprovalNotFoundError(reference)
        return found

    async def has_decision(self, approval_id: str, key: str) -> bool:
        """Was a decision of this key recorded before?"""
        query = select(tables.decisions.c.seq).where(
            tables.decisions.c.approval_id == approval_id, tables.decisions.c.key == key
        )
        return bool(await self._reader.fetch(query.limit(1)))

    async def get_approval(self, approval_id: str) -> Approval:
        """Return an approval by its full id; raises ApprovalNotFoundError."""
        query = select(tables.approvals).where(tables.approvals.c.id == approval_id)
        found = await approvals.fetch_approvals(self._reader, query)
        if not found:
            raise ApprovalNotFoundError(approval_id)
        return found[0]

    async def list_pending(
        self,
        *,
        kind: str | None = None,
        run_id: str | None = None,
        graph: str | None = None,
        after: Position | None = None,
        limit: int = 50,
    ) -> list[Approval]:
        """Return open approvals, the oldest deadline first, those without one last."""
        wanted = {"kind": kind, "run_id": run_id, "graph": graph}
        return await self._list_pending(wanted, after, limit)

    async def _list_pending(
        self, wanted: Mapping[str, str | None], after: Position | None, limit: int
    ) -> list[Approval]:
        query = approvals.pending_query(**wanted, after=after, limit=limit)
        found = await approvals.fetch_approvals(self._reader, query)
        if after is not None and after.is_dated and len(found) < limit:
            rest = limit - len(found)
            found += await self._list_pending(wanted, after.without_deadline(), rest)
        return found

    async def list_approvals(self, run_id: str, *, kind: str | None = None) -> list[Approval]:
        """Return all approvals of a run, in the order in which they were opened."""
        query = approvals.of_run_query(run_id, kind=kind)
        return await approvals.fetch_approvals(self._reader, query)

    async def active_rules(
        self, graph: str, node: str, kind: str, run_id: str, now: datetime
    ) -> list[Rule]:
        """Return the standing rules that hold for a question, oldest first; see `rules`."""
        query = rules.active_query(graph, node, kind, run_id, now)
        return await rules.fetch_rules(self._reader, query)

    async def list_rules(self, *, include_over: bool = False) -> list[Rule]:
        """Return standing rules, newest first.

        Args:
            include_over: Also those that were revoked, have expired, or whose run has ended.
        """
        return await rules.list_rules(self._reader, self._now(), include_over=include_over)

    async def get_rule(self, reference: str) -> Rule:
        """Return a standing rule by its id or short reference; raises RuleNotFoundError."""
        return await rules.get_rule(self._reader, reference)

    async def get_definition(self, graph: str, version: str) -> Mapping[str, Any] | None:
        """Return the canonical definition of a graph's version; None if it was never saved."""
        return await definitions.find(self._reader, graph, version)

    async def find_message(self, approval_id: str, *, person: str | None = None) -> Message | None:
        """Return where the message about an approval stands, or a person's copy of it."""
        return await messages.find(self._reader, approval_id, person)

    async def messages_of(self, approval_id: str) -> list[Message]:
        """Return the message about an approval and its copies, the message first."""
        return await messages.of(self._reader, approval_id)

    async def told_until(self, delivery: Delivery) -> datetime | None:
        """Return up to when an edit before this one has told everything; None: there was none."""
        return await telling.told_until(self._reader, delivery)

    async def led_from(self, approval_id: str) -> str | None:
        """Return the question of the same run whose outcome led to this one, if one did."""
        return await telling.led_from(self._reader, approval_id)

    async def messages_at(self, channel: str, ts: str) -> list[Message]:
        """Return the approvals that a message is about: a digest is about several."""
        return await messages.at(self._reader, channel, ts)

    async def gathered_for(self, person: str, workspace: str) -> list[Delivery]:
        """Return what waits for a person's next digest."""
        return await gathering.gathered(self._reader, self._now(), person, workspace)

    async def questions_in(self, channel: str) -> list[Message]:
        """Return the messages about approvals that stand in a channel."""
        return await messages.in_channel(self._reader, channel)

    async def next_delivery_at(self, *, workspace: str | None = None) -> datetime | None:
        """Return when the next delivery may be claimed."""
        return await claiming.next_at(self._reader, self._now(), workspace)

    async def backlog(self, *, workspace: str | None = None) -> Backlog:
        """Return what waits to be sent."""
        return await claiming.backlog(self._reader, self._now(), workspace)

    async def due_timers(self, now: datetime, limit: int, *, skip: int = 0) -> list[Timer]:
        """Return timers that are due; see `work.due_timers`."""
        return await work.due_timers(self._reader, now, limit, skip=skip)

    async def next_timer_at(self, *, after: datetime | None = None) -> datetime | None:
        """Return when the next timer is due, of those that are due after an instant."""
        return await work.next_timer_at(self._reader, after=after)

    async def ready_jobs(self, limit: int) -> list[Job]:
        """Return nodes that nobody has taken on, oldest first."""
        return await work.ready_jobs(self._reader, limit)

    async def lost_jobs(self, now: datetime, limit: int) -> list[Job]:
        """Return attempts whose lease has run out."""
        return await work.lost_jobs(self._reader, now, limit)

    async def stopped_jobs(self, owner: str) -> list[Job]:
        """Return an owner's attempts that have to stop; see `work.stopped_jobs`."""
        return await work.stopped_jobs(self._reader, owner)

    async def vanished(
        self, owner: str, running: Iterable[tuple[str, str, int]]
    ) -> list[tuple[str, str, int]]:
        """Return those of an owner's attempts that have to stop for their places are gone."""
        return await work.vanished(self._reader, owner, running)
