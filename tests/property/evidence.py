"""What is known of the runs of a world, and whether it adds up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from orchestrator.core import events as e
from orchestrator.core.commands import TimerKind
from orchestrator.core.folding import undo_path
from orchestrator.core.state import FINISHED, PlaceStatus, RunStatus, State, frame_of
from orchestrator.graph import Graph
from orchestrator.runtime import Engine
from orchestrator.store import Approval
from tests.property.judging import BEFORE, Judge, check_state, is_favourable
from tests.property.world import Outside, Ran

_KEY = re.compile(r"\[[^\]]*\]$")


class Evidence:
    """Reads what the engines have stored, and compares it with what happened outside of them."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._judges: dict[str, Judge] = {}
        self._records: dict[str, list[e.Record]] = {}
        self.runs: list[str] = []
        self.statuses: dict[str, RunStatus] = {}
        self._tried: dict[str, set[str]] = defaultdict(set)
        self._accepted: dict[str, set[str]] = defaultdict(set)
        self._refused: dict[str, set[str]] = defaultdict(set)

    def begin(self, run_id: str, graph: Graph) -> None:
        """Watch a run."""
        self.runs.append(run_id)
        self._judges[run_id] = Judge(graph, run_id)
        self._records[run_id] = []
        self.statuses[run_id] = RunStatus.PENDING

    def number(self, run_id: str) -> int:
        """Return which run of the test it is."""
        return self.runs.index(run_id)

    def try_key(self, run_id: str, key: str) -> None:
        """Somebody sends a decision; what becomes of it is not known yet."""
        self._tried[run_id].add(key)

    def accept_key(self, run_id: str, key: str) -> None:
        """Somebody saw a decision accepted."""
        self._accepted[run_id].add(key)

    def refuse_key(self, run_id: str, key: str) -> None:
        """Somebody saw a decision refused."""
        self._refused[run_id].add(key)

    async def closed(self, engine: Engine) -> list[Approval]:
        """Return what is resolved, in an order that is the same every time."""
        found = [each for run in self.runs for each in await engine.list_approvals(run)]
        done = [each for each in found if not each.is_open]
        return sorted(done, key=lambda each: (self.number(each.run_id), each.path, each.opened_at))

    async def look(self, engine: Engine, graphs: dict[str, Graph]) -> None:
        """Read what is new of every run, and judge it."""
        await self._discover(engine, graphs)
        for run_id in self.runs:
            if self.statuses[run_id] not in FINISHED:
                await self._look_at(engine, run_id)
        await self._check_timers(engine)

    async def _discover(self, engine: Engine, graphs: dict[str, Graph]) -> None:
        """Take up runs whose start was committed by a process that died of it."""
        for run in reversed(await engine.list_runs(limit=20)):
            if run.id not in self._judges:
                self.begin(run.id, graphs[run.graph])

    async def _look_at(self, engine: Engine, run_id: str) -> None:
        judge, known = self._judges[run_id], self._records[run_id]
        run = await engine.get_run(run_id)
        self.statuses[run_id] = run.status
        new = await engine.get_events(run_id, after=len(known))
        if not new:
            return
        known += new
        state = judge.read(new)
        verified = await engine.verify(run_id)

        assert verified.problem is None
        assert (run.status, run.seq) == (state.status, state.seq)
        assert set(run.places) == set(state.places)

        check_state(judge._graph, state)
        _check_not_stuck(state)
        self._check_decisions(run_id, known)
        self._check_effects(run_id)
        await self._check_approvals(engine, run_id, state)

    def _check_decisions(self, run_id: str, records: list[e.Record]) -> None:
        """What was seen accepted is in the log once, what was seen refused is not."""
        keys = Counter(
            record.event.key
            for record in records
            if isinstance(record.event, e.DecisionRecorded) and record.event.key is not None
        )
        accepted = self._accepted[run_id]

        assert set(keys.values()) <= {1}
        assert accepted <= set(keys)
        assert set(keys) <= self._tried[run_id]
        assert not set(keys) & (self._refused[run_id] - accepted)

    def _check_effects(self, run_id: str) -> None:
        """Each call of a function was an attempt of the log, and came after what let it through."""
        judge = self._judges[run_id]
        mine = [each for each in self._outside.ran if each.run_id == run_id]
        times = Counter((each.path, each.attempt) for each in mine)

        assert set(times.values()) <= {1}
        assert set(times) <= judge.attempts
        for each in mine:
            self._check_let_through(judge, each)

    def _check_let_through(self, judge: Judge, ran: Ran) -> None:
        if ran.path.endswith(undo_path("")):
            return
        place = ran.path
        while place:
            for opened, ended in judge.ended(place):
                if opened.kind in BEFORE and is_favourable(ended):
                    clicked = self._outside.clicked.get(opened.approval_id)
                    is_late = ended.outcome is e.Outcome.EXPIRED

                    assert is_late or (clicked is not None and clicked < ran.number)
            place = _KEY.sub("", frame_of(place))

    async def _check_approvals(self, engine: Engine, run_id: str, state: State) -> None:
        judge = self._judges[run_id]
        stored = {each.id: each for each in await engine.list_approvals(run_id)}

        assert set(stored) == set(judge.opened)
        for name, approval in stored.items():
            outcome = judge.outcomes.get(name)

            assert approval.is_open == (outcome is None) == (name in state.approvals)
            if outcome is not None:
                assert approval.status == outcome.outcome.value
                assert approval.action == outcome.action

    async def _check_timers(self, engine: Engine) -> None:
        """There is a timer for each deadline of an open question, and none for anything else."""
        states = [
            state
            for judge in self._judges.values()
            if (state := judge.state) is not None and not state.is_finished
        ]
        wanted = {
            (state.run_id, kind, subject, at)
            for state in states
            for kind, subject, at in _instants(state)
            if at is not None
        }
        store = engine._store
        far = self._outside.far()
        found = {
            (each.run_id, each.kind, each.subject, each.due_at)
            for each in await store.due_timers(far, 5000)
        }

        assert found == wanted

    async def look_again(self, engine: Engine) -> None:
        """Read every log from its beginning: nothing of it has changed since it was read."""
        for run_id in self.runs:
            records = await engine.get_events(run_id)

            assert records == self._records[run_id]

            again = Judge(self._judges[run_id]._graph, run_id).read(records)
            stored = await engine.get_state_at(run_id, len(records))

            assert again == self._judges[run_id].state == stored

            _check_undos(records, again)


def _instants(state: State) -> Iterator[tuple[TimerKind, str, datetime | None]]:
    for name, approval in state.approvals.items():
        yield TimerKind.EXPIRY, name, approval.times.due_at
        yield TimerKind.REMINDER, name, approval.times.remind_at
        yield TimerKind.ESCALATION, name, approval.times.escalate_at
    for path, place in state.places.items():
        yield TimerKind.RETRY, path, place.retry_at
        yield TimerKind.WAKE, path, place.wake_at


def _check_not_stuck(state: State) -> None:
    """A run that has not ended waits for somebody or something that can still come."""
    if state.is_finished or state.is_held_back:
        return
    places = state.places.values()

    assert (
        state.approvals
        or any(at is not None for _, _, at in _instants(state))
        or any(place.signal is not None for place in places)
        or any(place.status in (PlaceStatus.READY, PlaceStatus.RUNNING) for place in places)
    )


def _check_undos(records: list[e.Record], state: State) -> None:
    """What was done is taken back once, in reverse order, when a run ends without completing."""
    done = [
        record.event.path
        for record in records
        if isinstance(record.event, e.NodeSucceeded) and record.event.has_undo
    ]
    visited = [
        record.event.path
        for record in records
        if isinstance(record.event, e.NodeReady) and record.event.is_undo
    ]
    begun = list(dict.fromkeys(visited))
    wanted = [] if state.status is RunStatus.COMPLETED else [undo_path(each) for each in done[::-1]]

    assert begun == wanted
