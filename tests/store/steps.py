"""Runs for the tests of the store: events that are committed as they are, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.effects import Deliver, Effect, Purpose
from orchestrator.core.fold import apply
from orchestrator.core.fold import begin as first
from orchestrator.core.ids import approval_id as id_of
from orchestrator.core.state import State
from orchestrator.core.view import digest
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision
from orchestrator.graph.policy import Policy, any_of
from orchestrator.store import Step, Store

#: Run ids whose last 35 bits, and so whose short references, differ.
RUNS = tuple(f"0191d0c0a5b07cc08a0f{number:012x}" for number in range(1, 100))
HOUR = timedelta(hours=1)
BOOM = e.ErrorFacts(type="ValueError", message="boom")
EDITORS = any_of("@editors")
#: The number of the event that stores what `ask` has written.
WRITTEN = 4


def step(*events: Any, run_id: str = "", deliver: tuple[Effect, ...] = ()) -> Step:
    """Return a step to which events are all that there is to decide.

    It is refused when the run is over, or when an event is about an approval that is not open. A
    run's first step has to know its id.
    """

    def decide(state: State | None, now: datetime) -> Advance | r.Refusal:
        if state is not None and state.is_finished:
            return r.Finished(status=state.status.value)
        new = state.copy() if state is not None else None
        records = []
        for event in events:
            record = e.Record(new.seq + 1 if new else 1, now, event)
            records.append(record)
            asked = getattr(event, "approval_id", None)
            if new is None:
                new = first(run_id, record)
            elif _needs_open(event) and asked not in new.approvals:
                return r.NotOpen(approval_id=asked)
            else:
                apply(new, record)
        assert new is not None
        return Advance(records=tuple(records), effects=deliver, state=new)

    return decide


def _needs_open(event: Any) -> bool:
    others = (e.ApprovalOpened, e.CommentAdded, e.RuleGranted, e.RuleRevoked)
    return isinstance(event, e.ApprovalEvent) and not isinstance(event, others)


async def commit(
    store: Store, run_id: str, *groups: Any, deliver: tuple[Effect, ...] = ()
) -> Advance:
    """Commit events that must be accepted; each group, or single event, is a transaction."""
    answer: Any = None
    for group in groups:
        events = group if isinstance(group, tuple) else (group,)
        answer = await store.commit(run_id, step(*events, run_id=run_id, deliver=deliver))

        assert isinstance(answer, Advance), answer
    assert answer is not None
    return answer


def begin(given: Mapping[str, Any] | None = None, **facts: Any) -> tuple[Any, ...]:
    """Start a run whose first node is ready."""
    values = {"graph": "publishing", "version": "v1", "requester": "ANN", "surface": "python"}
    started = e.RunStarted(input=given or {}, **(values | facts))
    return started, e.NodeReady(path="write", node="write")


def start(run_id: str, **facts: Any) -> Step:
    """Return the step that starts a run."""
    return step(*begin(**facts), run_id=run_id)


def take(path: str, owner: str = "p1", attempt: int = 1) -> e.AttemptStarted:
    """Take a ready node on."""
    return e.AttemptStarted(path=path, attempt=attempt, owner=owner)


def done(path: str, output: Any = None, attempt: int = 1) -> e.NodeSucceeded:
    """Return from a node."""
    written = tuple(output) if isinstance(output, dict) else ()
    return e.NodeSucceeded(path=path, attempt=attempt, output=output, written=written)


def opening(
    run_id: str,
    path: str = "review",
    *,
    kind: ApprovalKind = ApprovalKind.REVIEW,
    shows: Mapping[str, Any] | None = None,
    policy: Policy = EDITORS,
    number: int = 1,
    **facts: Any,
) -> e.ApprovalOpened:
    """Open a question at a place that is there."""
    node = path.rpartition("/")[2].partition("#")[0]
    values = {"title": "Publish?", "prompt": "Is it good?", "digest": digest({}), "shows": {}}
    if shows is not None:
        values["shows"] = shows
    return e.ApprovalOpened(
        approval_id=id_of(run_id, path, number),
        path=path,
        node=node,
        kind=kind,
        decisions=DECISIONS[kind],
        policy=policy,
        **(values | facts),
    )


async def ask(
    store: Store, run_id: str, *, path: str = "review", workspace: str = "", **facts: Any
) -> str:
    """Bring a run to its review, which shows the draft; return the open approval's id."""
    shows = {"draft": e.Pointer(WRITTEN, ("draft",)), "nope": e.Pointer(0)}
    opened = opening(run_id, path, **({"shows": shows} | facts))
    await commit(store, run_id, begin({"topic": "cats"}, workspace=workspace), take("write"))
    question = Deliver(purpose=Purpose.QUESTION, approval_id=opened.approval_id)
    arriving = (done("write", {"draft": "one"}), e.NodeReady(path=path, node=opened.node), opened)
    await commit(store, run_id, arriving, deliver=(question,))
    return opened.approval_id


def voted(approval_id: str, decision: str = "approve", **facts: Any) -> e.DecisionRecorded:
    """Answer an approval, which is not yet its outcome."""
    given = {"by": "BOB", "surface": "slack", "via": ("@editors",)} | facts
    return e.DecisionRecorded(approval_id=approval_id, decision=Decision(decision), **given)


def resolved(
    approval_id: str, outcome: str = "approved", action: str = "approve", **facts: Any
) -> e.ApprovalResolved:
    """Give an approval its outcome."""
    return e.ApprovalResolved(
        approval_id=approval_id, outcome=e.Outcome(outcome), action=action, **facts
    )


def answer(approval_id: str, *, path: str = "review", **facts: Any) -> Step:
    """Return the step that approves of a review, which the run then leaves for `publish`."""
    return step(
        voted(approval_id, **facts),
        resolved(approval_id, by=facts.get("by", "BOB")),
        done(path),
        e.NodeReady(path="publish", node="publish"),
        deliver=(Deliver(purpose=Purpose.OUTCOME, approval_id=approval_id),),
    )


async def approve(store: Store, run_id: str, approval_id: str, **facts: Any) -> Advance:
    """Commit `answer`, which must be accepted."""
    found = await store.commit(run_id, answer(approval_id, **facts))

    assert isinstance(found, Advance), found
    return found


async def publish(store: Store, run_id: str, approval_id: str) -> Advance:
    """Bring a run from after its review to its end."""
    await commit(store, run_id, take("publish"))
    ending = (done("publish"), e.RunCompleted(path="publish", output={"draft": e.Pointer(4)}))
    outcome = Deliver(purpose=Purpose.OUTCOME, approval_id=approval_id)
    return await commit(store, run_id, ending, deliver=(outcome,))


async def finish(store: Store, run_id: str) -> str:
    """Bring a run to its end; return the id of its approval."""
    approval_id = await ask(store, run_id)
    await approve(store, run_id, approval_id, comment="fine")
    await publish(store, run_id, approval_id)
    return approval_id


def shown(approval_id: str, due_at: datetime | None = None) -> Step:
    """Return the step that says that a question was shown."""
    times = e.Times(due_at=due_at)
    return step(e.ApprovalDelivered(approval_id=approval_id, surface="slack", times=times))
