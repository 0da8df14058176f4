"""What must hold of every log and every state, whatever was done to the run.

Nothing here knows how the engine decides: it reads the graph, the log, and the state that the log
leads to, and raises AssertionError where they contradict one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.fold import apply, begin
from orchestrator.core.folding import undo_path
from orchestrator.core.state import FINISHED, PlaceStatus, RunStatus, State, frame_of
from orchestrator.graph import Graph
from orchestrator.graph.composites import AgentNode, ConditionNode, LoopNode
from orchestrator.graph.gates import NO_GATES, Gate
from orchestrator.graph.kinds import ApprovalKind, Decision, OnError, OnReject, OnTimeout
from orchestrator.graph.nodes import ApprovalNode

_K = ApprovalKind
BEFORE = (_K.CONFIRM, _K.INPUT, _K.CHOOSE, _K.TOOL)
_ENDINGS = (e.RunCompleted, e.RunFailed, e.RunTimedOut, e.RunCancelled)
_FOR_IT = frozenset({e.Outcome.APPROVED, e.Outcome.EDITED, e.Outcome.ANSWERED})
_LATE_FOR_IT = frozenset({OnTimeout.APPROVE, OnTimeout.ANSWER})
_SKIPPING = frozenset({OnReject.SKIP, OnReject.NOTE, OnReject.ELSE})


class Judge:
    """Reads a log from its beginning; each event must be explained by those before it."""

    def __init__(self, graph: Graph, run_id: str) -> None:
        self._graph = graph
        self._run_id = run_id
        self.state: State | None = None
        self.opened: dict[str, e.ApprovalOpened] = {}
        self.outcomes: dict[str, e.ApprovalResolved] = {}
        #: By path: how its approvals ended, in order.
        self._ended: dict[str, list[tuple[e.ApprovalOpened, e.ApprovalResolved]]] = {}
        self._passed: set[tuple[str, ApprovalKind]] = set()
        self._entered: set[str] = set()
        self._ways: Counter[tuple[str, str]] = Counter()
        self._visits: set[str] = set()
        self._taken_back: set[str] = set()
        #: Tries that were begun, by path and number.
        self.attempts: set[tuple[str, int]] = set()

    def read(self, records: Iterable[e.Record]) -> State:
        """Judge further events; return the state that they lead to."""
        for record in records:
            if self.state is None:
                self.state = begin(self._run_id, record)
                self._ways["", self._graph.start] += 1
                continue
            self._judge(self.state, record)
            apply(self.state, record)
        if self.state is None:
            raise AssertionError("the log is empty")
        return self.state

    def _judge(self, state: State, record: e.Record) -> None:  # noqa: C901 - a case an event
        event: Any = record.event
        assert record.seq == state.seq + 1
        assert not state.is_finished or isinstance(event, e.RuleRevoked)

        match event:
            case e.ApprovalOpened():
                self._judge_question(state, event)
            case e.DecisionRecorded():
                self._judge_decision(state, record, event)
            case e.ApprovalResolved():
                self._judge_outcome(state, record, event)
            case e.GatePassed():
                gate = self._gate(event.path, event.kind)
                assert gate is not None
                assert gate.when is not None
                self._passed.add((event.path, event.kind))
            case e.NodeReady():
                self._judge_visit(state, event)
            case e.AttemptStarted():
                self._judge_attempt(state, event)
            case e.WaitStarted():
                self._judge_work(event.path)
            case e.BodyEntered():
                self._judge_body(event)
            case e.FrameOpened():
                self._judge_frame(state, event)
            case e.EdgeTaken():
                self._ways[frame_of(event.path), event.target] += 1
            case e.NodeLeft(reason="again"):
                self._ways[frame_of(event.path), state.places[event.path].node] += 1
            case e.NodeSucceeded() | e.NodeSkipped() if state.places[event.path].is_undo:
                pass
            case e.NodeSucceeded():
                self._judge_success(event)
            case e.NodeSkipped():
                self._judge_skip(event)
            case e.CallsMade():
                for path in filter(None, event.paths):
                    self._ways[frame_of(path), path.rpartition("/")[2].partition("#")[0]] += 1
                self._ways[event.path, "turn"] += 1
            case _:
                pass

    def ended(self, path: str) -> list[tuple[e.ApprovalOpened, e.ApprovalResolved]]:
        """Return how the approvals at a path ended, in order."""
        return self._ended.get(path, [])

    def _gate(self, path: str, kind: ApprovalKind) -> Gate | None:
        gates = getattr(self._graph.find_node(path), "gates", NO_GATES)
        found: Gate | None = gates.get(kind)
        return found

    def _judge_question(self, state: State, event: e.ApprovalOpened) -> None:
        assert event.approval_id not in self.opened
        self.opened[event.approval_id] = event
        if state.is_closing:
            assert not event.path or state.places[event.path].is_undo
            return
        if event.kind in (_K.REVIEW, _K.ITERATE):
            return
        for kind in BEFORE[: BEFORE.index(event.kind)] if event.kind in BEFORE else ():
            assert self._may_pass(event.path, kind), f"{event.path} is asked out of order"

    def _judge_decision(self, state: State, record: e.Record, event: e.DecisionRecorded) -> None:
        approval = state.approvals[event.approval_id]  # it is open

        assert approval.times.due_at is None or approval.times.due_at > record.at
        assert event.decision in approval.opened.decisions
        assert event.via

    def _judge_outcome(self, state: State, record: e.Record, event: e.ApprovalResolved) -> None:
        approval = state.approvals[event.approval_id]

        assert event.approval_id not in self.outcomes  # one outcome
        self.outcomes[event.approval_id] = event
        self._ended.setdefault(approval.opened.path, []).append((approval.opened, event))
        if event.outcome is e.Outcome.EXPIRED:
            assert approval.times.due_at is not None
            assert approval.times.due_at <= record.at
            assert event.action == (approval.opened.on_timeout or OnTimeout.EXPIRE)
        elif event.outcome in (e.Outcome.APPROVED, e.Outcome.EDITED):
            least = sum(slot.count or 1 for each in approval.policy.stages for slot in each.slots)
            yes = {
                vote.by
                for vote in approval.votes
                if vote.decision in (Decision.APPROVE, Decision.EDIT)
            }
            assert len(yes) >= least or any(vote.breaks_glass for vote in approval.votes)
        elif event.outcome is not e.Outcome.WITHDRAWN:
            assert approval.votes or event.by is not None

    def _may_pass(self, path: str, kind: ApprovalKind) -> bool:
        """Is there no gate of the kind at the path, or was it resolved in favour of the node?"""
        if self._gate(path, kind) is None or (path, kind) in self._passed:
            return True
        return any(
            opened.kind is kind and is_favourable(ended)
            for opened, ended in self._ended.get(path, ())
        )

    def _last(self, path: str) -> tuple[e.ApprovalOpened, e.ApprovalResolved] | None:
        found = self._ended.get(path)
        return found[-1] if found else None

    def _judge_work(self, path: str) -> None:
        for kind in BEFORE:
            assert self._may_pass(path, kind), f"{path} works, its {kind} is not resolved for it"

    def _judge_visit(self, state: State, event: e.NodeReady) -> None:
        if event.path in state.places:  # the same visit again
            assert event.path in self._visits | self._taken_back
            return
        if event.is_undo:
            assert state.is_closing
            assert event.path == undo_path(state.done[-1].path)  # in reverse order
            assert event.path not in self._taken_back
            self._taken_back.add(event.path)
            return
        assert event.path not in self._visits
        assert not state.is_closing
        self._visits.add(event.path)
        way = frame_of(event.path), event.node
        self._ways[way] -= 1

        assert self._ways[way] >= 0, f"nothing leads to {event.path}"

    def _judge_attempt(self, state: State, event: e.AttemptStarted) -> None:
        place = state.places[event.path]

        assert place.status is PlaceStatus.READY
        assert (event.path, event.attempt) not in self.attempts
        self.attempts.add((event.path, event.attempt))
        if place.is_undo:
            assert state.is_closing
            return
        assert (state.paused, state.held) == (None, None)
        assert not state.is_closing
        self._judge_work(event.path)

    def _judge_body(self, event: e.BodyEntered) -> None:
        self._entered.add(event.path)
        node, last = self._graph.get_node(event.path), self._last(event.path)
        if isinstance(node, ConditionNode) and event.keys == ("else",) and last is not None:
            opened, ended = last
            is_refused = ended.outcome in (e.Outcome.REJECTED, e.Outcome.WITHDRAWN)
            if is_refused or ended.action == OnTimeout.REJECT:
                gate = self._gate(event.path, opened.kind)
                assert gate is not None
                assert gate.on_reject is OnReject.ELSE
                return
        self._judge_work(event.path)

    def _judge_frame(self, state: State, event: e.FrameOpened) -> None:
        assert event.place in self._entered
        assert not state.is_closing
        node = self._graph.get_node(event.place)
        if isinstance(node, LoopNode) and (event.number or 0) > 1:
            last = self._last(event.place)
            before = event.place, _K.ITERATE
            is_sent = last is not None and last[1].outcome is e.Outcome.CHANGES_REQUESTED
            assert is_sent or node.gates.iterate is None or before in self._passed
        scope = self._graph.get_scope(event.path) if not isinstance(node, AgentNode) else None
        self._ways[event.path, scope.start if scope else "turn"] += 1

    def _judge_success(self, event: e.NodeSucceeded) -> None:
        path = event.path
        node = self._graph.get_node(path)
        if isinstance(node, ApprovalNode):
            last = self._last(path)
            gate = node.gate
            is_routed = last is not None and (
                gate.rejection is not None or gate.timeout_route is not None
            )
            assert is_routed or self._may_pass(path, _K.CONFIRM)
        else:
            self._judge_work(path) if not isinstance(node, ConditionNode) else None
            assert self._may_pass(path, _K.RESULT)
            assert self._may_pass(path, _K.REVIEW), f"{path} went on without its review"

    def _judge_skip(self, event: e.NodeSkipped) -> None:
        node, last = self._graph.get_node(event.path), self._last(event.path)
        if last is not None:
            opened, ended = last
            if ended.action in (Decision.SKIP, OnTimeout.SKIP):
                return
            if ended.action in (Decision.REJECT, OnTimeout.REJECT, "withdraw"):
                gate = self._gate(event.path, opened.kind)
                if gate is not None and gate.on_reject in _SKIPPING:
                    return
        is_one_armed = isinstance(node, ConditionNode) and node.otherwise is None
        assert is_one_armed or getattr(node, "on_error", None) is OnError.SKIP


def is_favourable(ended: e.ApprovalResolved) -> bool:
    """Does an outcome let the run go on behind its gate?"""
    if ended.outcome is e.Outcome.EXPIRED:
        return ended.action in _LATE_FOR_IT
    return ended.outcome in _FOR_IT


def check_state(graph: Graph, state: State) -> None:
    """See that the parts of a state fit together."""
    if state.is_finished:
        assert state.status in FINISHED
        for left in (state.places, state.joins, state.approvals, state.signals):
            assert not left
        assert set(state.frames) == {""}
        return
    assert state.places
    for number in state.references():
        assert number in state.memory
    _check_status(state)
    _check_places(state)
    _check_bodies(graph, state)
    for approval_id, approval in state.approvals.items():
        if approval_id != state.held:
            assert state.places[approval.opened.path].approval_id == approval_id


def _check_status(state: State) -> None:
    statuses = {place.status for place in state.places.values()}
    active = {PlaceStatus.READY, PlaceStatus.RUNNING}
    match state.status:
        case RunStatus.RUNNING:
            assert statuses & active
        case RunStatus.WAITING:
            assert state.held is not None or not statuses & active
        case RunStatus.CANCELLING:
            undone = [place for place in state.places.values() if place.is_undo]
            running = {place.status for place in state.places.values() if not place.is_undo}
            assert running <= {PlaceStatus.RUNNING}
            assert len(undone) <= 1
        case _:
            pass


def _check_places(state: State) -> None:
    for path, place in state.places.items():
        if not place.is_undo and not state.is_closing:
            assert frame_of(path) in state.frames
        assert (place.status is PlaceStatus.RUNNING) == (place.owner is not None)
        assert (place.status is PlaceStatus.RETRYING) == (place.retry_at is not None)
        waits = (place.approval_id, place.wake_at, place.signal)
        if place.status is PlaceStatus.WAITING:
            assert any(each is not None for each in waits)
        if place.approval_id is not None and place.status is not PlaceStatus.READY:
            assert place.approval_id in state.approvals
        if place.status in (PlaceStatus.READY, PlaceStatus.RUNNING) and not place.is_undo:
            _check_ahead(state, path)


def _check_ahead(state: State, path: str) -> None:
    """See that nobody is asked, around a place that may run, whether it may."""
    asked = {approval.opened.path for approval in state.approvals.values()}
    assert path not in asked
    if state.is_closing:
        return
    frame = state.frames[frame_of(path)]
    while frame.path:
        assert frame.place not in asked
        assert state.places[frame.place].status is PlaceStatus.ACTIVE
        frame = state.frames[frame.around]


def _check_bodies(graph: Graph, state: State) -> None:
    for name, frame in state.frames.items():
        if name:
            assert state.is_closing or frame.place in state.places
            assert state.is_closing or frame.place in state.joins
            assert frame.around in state.frames
    for path, join in state.joins.items():
        node = graph.get_node(path)
        frames = [each for each in state.frames.values() if each.path and each.place == path]

        assert path in state.places
        assert all(output in state.memory for output in [join.items] if output)
        if isinstance(node, AgentNode | LoopNode):
            assert len(frames) <= 1
            continue
        assert join.opened - len(join.closed) == len(frames)
        assert set(join.closed) <= set(join.keys)
        assert join.opened <= len(join.keys)
