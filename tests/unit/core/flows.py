"""Graphs and steps that the tests of the core share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core.checkpoint import dump, references, restore
from orchestrator.core.turn import Terms
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.store import codec
from orchestrator.testing import Scenario

RUN = "0191d0c0a5b07cc08a0f0000000000ab"
MINUTE = timedelta(minutes=1)
GRACE = timedelta(minutes=5)
CHAT = Terms(delivery_grace=GRACE)
BOOM = e.ErrorFacts(type="ValueError", message="boom")


class Checked(Scenario):
    """A scenario that also writes each state and event to JSON and back."""

    def check(self) -> None:
        """See Scenario."""
        super().check()
        if not self.log:
            return
        stored = {each.seq: codec.encode(each.event) for each in self.log}
        document = json.loads(json.dumps(dump(self.state)))
        records = {
            each.seq: e.Record(each.seq, each.at, codec.decode(*stored[each.seq]))
            for each in self.log
            if each.seq in references(document)
        }
        restored = restore(self.state.run_id, self.state.seq, document, records)

        assert self.state == restored
        assert [each.event for each in self.log] == [
            codec.decode(*each) for each in stored.values()
        ]


def nothing(context: Any) -> None:
    """Stand for a task; the core never calls it."""
    del context


def publishing(
    *, write: Mapping[str, Any] | None = None, publish: Mapping[str, Any] | None = None, **gate: Any
) -> Graph:
    """Return write → review → publish; a rejection goes to write unless the gate says else."""
    options = {"approvers": "@editors", "rejection": "write"} | gate
    return (
        GraphBuilder("publishing", operators="OPS", input=ANYTHING)
        .task("write", nothing, **write or {})
        .approval("review", **{key: value for key, value in options.items() if value is not None})
        .task("publish", nothing, **publish or {})
        .edge("write", "review")
        .edge("review", "publish")
        .start("write")
        .ends("publish")
        .build()
    )


ANYTHING = {"type": "object", "properties": {}, "additionalProperties": True}


def start(**values: Any) -> c.StartRun:
    """Start the run."""
    return c.StartRun(run_id=RUN, input=values, requester="ANN", surface="python")


def take(path: str, owner: str = "p1") -> c.StartAttempt:
    """Take a ready node on."""
    return c.StartAttempt(path=path, owner=owner)


def finish(path: str, output: Any = None, attempt: int = 1) -> c.FinishAttempt:
    """Return from a node."""
    return c.FinishAttempt(path=path, attempt=attempt, output=output)


def fail(path: str, attempt: int = 1, **options: Any) -> c.FailAttempt:
    """Fail a node's attempt."""
    return c.FailAttempt(path=path, attempt=attempt, error=BOOM, **options)


def lose(path: str, attempt: int = 1) -> c.LoseAttempt:
    """Lose the process that runs a node."""
    return c.LoseAttempt(path=path, attempt=attempt)


def run_through(path: str, output: Any = None, attempt: int = 1) -> tuple[Any, Any]:
    """Take a node on and return from it."""
    return take(path), finish(path, output, attempt)


def decide(scenario: Scenario, decision: Any, **options: Any) -> c.Decide:
    """Answer the open approval."""
    via = options.pop("via", ("@editors",))
    recorded_by = options.pop("recorded_by", None)
    by = c.Person(
        id=options.pop("by", "BOB"),
        surface=options.pop("surface", "slack"),
        via=(via,) if isinstance(via, str) else via or (),
        recorded_by=recorded_by,
    )
    approval_id = options.pop("approval_id", None) or scenario.approval.opened.approval_id
    return c.Decide(approval_id=approval_id, decision=decision, by=by, **options)


def fire(kind: str, subject: Any) -> c.FireTimer:
    """Fire a timer of an approval of a scenario, or of a path."""
    if isinstance(subject, Scenario):
        subject = subject.approval.opened.approval_id
    return c.FireTimer(kind=c.TimerKind(kind), subject=subject)


def at_review(terms: Terms | None = None, **gate: Any) -> Checked:
    """Return a run that waits at the review, in which `write` returned a draft."""
    output = gate.pop("output", {"draft": "one"})
    scenario = Checked(publishing(**gate), terms=terms)
    return scenario.given(start(topic="cats"), *run_through("write", output))
