"""Events as JSON text: the same as Pydantic writes, and nothing that cannot be read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter

from orchestrator.core import events as e
from orchestrator.core.jsontext import writer_of
from orchestrator.errors import StoreError
from orchestrator.graph.formats import Format, FormatKind
from orchestrator.graph.policy import everyone, parse_approvers, quorum
from orchestrator.store import codec

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 14, 30, 1, 250, tzinfo=timezone(timedelta(hours=2)))
EVENTS: list[Any] = [
    e.RunStarted(
        graph="pay",
        version="1a",
        input={"to": 'Zoë "Z"\n\u2028\x00\x7f', "amounts": [1, 2.5, 1e300, True, None]},
        requester="UALICE",
        surface="slack",
        labels={"env": "prod"},
        max_active=timedelta(days=3, microseconds=5),
        workspace="T1",
    ),
    e.NodeReady(path="a", node="a"),
    e.NodeReady(
        path="each[3]/a#2",
        node="a",
        feedback="so, again ß",
        previous=e.Pointer(4, ("list", "0")),
        rounds={"review": 2},
        answer=e.Gather((e.Pointer(1), e.Pointer(0))),
    ),
    e.AttemptStarted(path="a", attempt=1, owner="host-1"),
    e.NodeSucceeded(
        path="a",
        attempt=1,
        output={"x": {"y": [[], {}]}},
        source=e.Gather((e.Pointer(3),), ("k",)),
        written=("x",),
        spent={"tokens": 3, "cost": 0.25},
    ),
    e.AttemptFailed(path="a", attempt=2, error=e.ErrorFacts(type="E", message="ü"), retry_at=LATER),
    e.ApprovalOpened(
        approval_id="0f",
        path="gate",
        node="gate",
        kind=e.ApprovalKind.REVIEW,
        title="Really?",
        prompt="",
        shows={"draft": e.Pointer(4, ("draft",))},
        digest="ab",
        decisions=(e.Decision.APPROVE, e.Decision.REQUEST_CHANGES),
        policy=quorum(2, "UBOB UCAROL", four_eyes=True),
        timeout=timedelta(hours=1),
        default={"a": 1},
        reminders=e.ReminderFacts(after=timedelta(minutes=5)),
        escalations=(e.EscalationFacts(after=timedelta(1), to=parse_approvers("@ops")),),
        times=e.Times(due_at=NOON, remind_at=LATER),
        schema={"type": "object"},
        edits=e.Pointer(4),
        formats={"draft": Format(FormatKind.NUMBER, "EUR")},
        notify=parse_approvers("#all"),
    ),
    e.DecisionRecorded(
        approval_id="0f",
        decision=e.Decision.APPROVE,
        by="UBOB",
        via=("UBOB", "@sre"),
        surface="slack",
        updates={"k": [1]},
        roster={"@sre": ("UBOB", "UCAROL")},
    ),
    e.ApprovalReassigned(approval_id="0f", by="UBOB", policy=everyone("@sre")),
    e.ApprovalSnoozed(approval_id="0f", by="UBOB", until=NOON),
    e.RunCompleted(path="b", output={"ünï": e.Pointer(9, ("é",))}),
    e.RunTimedOut(approval_id="0f"),
]


@pytest.mark.parametrize(
    "event",
    [pytest.param(each, id=f"{at}-{type(each).__name__}") for at, each in enumerate(EVENTS)],
)
def test_events_are_written_as_pydantic_does(event: Any) -> None:
    """What is written is the same to the byte, and reads as what was written."""
    body = TypeAdapter(type(event)).dump_json(event).decode()

    assert writer_of(type(event))(event) == body
    assert codec.encode(event) == (type(event).__name__, body)
    assert codec.decode(type(event).__name__, body) == event


@pytest.mark.parametrize(
    "event",
    [
        e.NodeReady(path=None, node="a"),  # type: ignore[arg-type]
        e.NodeReady(path="a", node=7),  # type: ignore[arg-type]
        e.NodeReady(path="a", node="\ud800"),
        e.NodeSucceeded(path="a", attempt=1, output={"x": "\ud800"}),
        e.NodeSucceeded(path="a", attempt=1, output={"x": object()}),
        e.AttemptStarted(path="a", attempt="often", owner="me"),  # type: ignore[arg-type]
        e.EdgeTaken(path="a", target="b", reason=None),  # type: ignore[arg-type]
        e.RunCompleted(path="a", output={"x": None}),  # type: ignore[dict-item]
    ],
    ids=[
        "path",
        "node",
        "half a letter",
        "half a letter inside",
        "object",
        "number",
        "none",
        "type",
    ],
)
def test_what_could_not_be_read_again_is_refused(event: Any) -> None:
    """A value of another type than the event's is named in the error, and nothing is stored."""
    with pytest.raises(StoreError, match=f"{type(event).__name__} cannot be stored"):
        codec.encode(event)
