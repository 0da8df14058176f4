"""One open approval to try things on, without the rest of a run around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import questions
from orchestrator.core.checkpoint import dump, references, restore
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.state import OpenApproval, Place, State
from orchestrator.core.turn import Terms, Turn
from orchestrator.core.values import Pointer, Stored
from orchestrator.core.view import parts
from orchestrator.graph.gates import Gate, Gates
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.nodes import TaskNode
from orchestrator.graph.policy import Policy, Slot, any_of, parse_approvers

RUN = "0191d0c0a5b07cc08a0f0000000000ab"
NINE = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
CHAT = Terms(delivery_grace=GRACE)
ALONE = Terms()
ANYTHING = {"type": "object", "properties": {}, "additionalProperties": True}
#: What a review is asked about.
DRAFT = {"title": "Cats", "words": 300, "tags": ["pets"], "score": 0.5}
FORM = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
}


def of(names: str, count: int | None = 1) -> Slot:
    """Return a slot."""
    return Slot(approvers=parse_approvers(names), count=count)


def person(name: str, *via: str, **options: Any) -> c.Person:
    """Return somebody on Slack; without `via` they are named by their id."""
    return c.Person(id=name, surface="slack", via=via or (name,), **options)


class Asked:
    """A run whose one node `write` waits for an answer, and a clock at nine.

    Attributes:
        effects: Everything that was requested so far.
        log: Everything that happened so far.
    """

    def __init__(
        self,
        kind: str = "confirm",
        policy: Any = "BOB",
        *,
        output: Any = None,
        terms: Terms = ALONE,
        choices: tuple[str, ...] = (),
        show: Mapping[str, Pointer] | None = None,
        **gate: Any,
    ) -> None:
        """Ask; a review is asked about `output`, a tool call has it as its arguments.

        It shows the output, part by part, unless `show` says what else; the input is stored in
        event 1 and the output in event 4.
        """
        self.kind = ApprovalKind(kind)
        declared = policy if isinstance(policy, Policy) or callable(policy) else any_of(policy)
        schema = gate.pop("schema", None)
        self.gate = Gate(
            policy=declared, schema=InputSchema(schema) if schema is not None else None, **gate
        )
        self.graph = graph_of(Gates(**{self.kind.value: self.gate}))
        self.terms = terms
        self.now = NINE
        self.state: State | None = None
        self.log: list[e.Record] = []
        self.effects: list[Deliver] = []
        turn = self.turn()
        turn.emit(
            e.RunStarted(
                graph="g",
                version="v",
                input={"topic": "cats"},
                requester="ANN",
                surface="slack",
            )
        )
        turn.emit(e.NodeReady(path="write", node="write"))
        if output is not None:
            turn.emit(e.AttemptStarted(path="write", attempt=1, owner="p"))
            turn.emit(e.ResultRecorded(path="write", attempt=1, output=output))
        about = Pointer(turn.state.seq) if output is not None else None
        shows: Mapping[str, Stored] = {}
        if about is not None:
            shows = parts("write", turn.state.stored(about))
        if show is not None:
            shows = {label: turn.state.stored(ref) for label, ref in show.items()}
        questions.ask(
            turn,
            "write",
            "write",
            self.kind,
            self.gate,
            shows=shows,
            title="Well?",
            frame="",
            number=1,
            edits=about,
            choices=choices,
        )
        self.keep(turn)

    def turn(self) -> Turn:
        """Return a turn on a copy of the state."""
        copy = self.state.copy() if self.state else None
        return Turn(graph=self.graph, now=self.now, terms=self.terms, current=copy, run_id=RUN)

    def keep(self, turn: Turn) -> None:
        """Make a turn's state the run's, and see that it can be stored and read again."""
        self.state = turn.state
        self.log += turn.records
        self.effects += turn.effects
        document = json.loads(json.dumps(dump(turn.state)))
        known = {each.seq: each for each in self.log if each.seq in references(document)}
        restored = restore(RUN, turn.state.seq, document, known)

        assert turn.state == restored

    def do(self, action: Any, *args: Any, **options: Any) -> Any:
        """Do something with a turn of its own; a refusal must have left no trace."""
        turn = self.turn()
        result = action(turn, *args, **options)
        if type(result).__module__ == "orchestrator.core.refusals":
            assert turn.records == []
            assert turn.effects == []
            return result
        self.keep(turn)
        return result

    @property
    def open(self) -> OpenApproval:
        """The approval."""
        assert self.state is not None
        (approval,) = self.state.approvals.values()
        return approval

    @property
    def id(self) -> str:
        """The approval's id."""
        opened = next(each.event for each in self.log if isinstance(each.event, a.ApprovalOpened))
        return opened.approval_id

    @property
    def place(self) -> Place:
        """The place that waits."""
        assert self.state is not None
        return self.state.places["write"]

    @property
    def last(self) -> Any:
        """The newest event."""
        return self.log[-1].event

    @property
    def keys(self) -> Mapping[str, Any]:
        """The state's keys with their values."""
        assert self.state is not None
        return {key: self.state.value(ref) for key, ref in self.state.frames[""].keys.items()}

    def value(self, ref: Any) -> Any:
        """Return what a reference stands for."""
        assert self.state is not None
        return self.state.value(ref)

    def events(self, kind: type) -> list[Any]:
        """Return the events of a type."""
        return [each.event for each in self.log if isinstance(each.event, kind)]

    def purposes(self) -> list[Purpose]:
        """Return why something was delivered, in order, since this was asked last."""
        found = [each.purpose for each in self.effects]
        self.effects.clear()
        return found

    def decide(self, decision: Any, by: Any = "BOB", values: Any = None, **options: Any) -> Any:
        """Answer; `by` is a name or a person."""
        who = by if isinstance(by, c.Person) else person(by)
        command = c.Decide(approval_id=self.id, decision=decision, by=who, values=values, **options)
        return self.do(questions.answer, command)

    def deliver(self, at: datetime | None = None) -> Any:
        """Show the question to people."""
        command = c.MarkDelivered(approval_id=self.id, surface="slack", at=at or self.now)
        return self.do(questions.deliver, command)

    def fire(self, kind: str) -> Any:
        """Fire a timer as the run does; return the outcome of an expiry, or why nothing was due."""
        found = self.do(questions.find_due, c.FireTimer(kind=c.TimerKind(kind), subject=self.id))
        if not isinstance(found, OpenApproval):
            return found
        if kind == "reminder":
            return self.do(questions.remind, found)
        if kind == "escalation":
            return self.do(questions.escalate, found)
        return None if self.do(questions.defer, found) else self.do(questions.expire, found)


def graph_of(gates: Gates, operators: str = "OPS") -> Graph:
    """Return a graph of one node, with these gates."""
    node = TaskNode(id="write", function=None, gates=gates)
    return Graph(
        id="g",
        title="g",
        description="",
        version="v",
        input=InputSchema(ANYTHING),
        operators=parse_approvers(operators),
        start="write",
        ends=frozenset({"write"}),
        nodes={"write": node},
        edges={},
    )
