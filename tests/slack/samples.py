"""Approvals and runs made by hand, for what needs no engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.core.events import ErrorFacts
from orchestrator.core.state import RunStatus
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.graph.policy import any_of
from orchestrator.store.records import Answer, Approval, Run

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RUN_ID = "01a1fbf6b1e9735287d5110509bcf887"
APPROVAL_ID = "2dfe457d23283fc7d125a50ba2584b21"
HOSTILE = "<!channel> <@U0BOB> <https://evil.example|click> & *bold* `code` ```fence``` \u202e\x00"


def run(**changes: Any) -> Run:
    """Return a run."""
    facts: dict[str, Any] = {
        "id": RUN_ID,
        "graph": "publish",
        "version": "0123456789ab",
        "status": RunStatus.WAITING,
        "requester": "U0ALICE",
        "surface": "slack",
        "started_at": NOW,
        "updated_at": NOW,
        "labels": {},
        "input": {"topic": "Bees"},
        "places": ("review",),
    }
    return Run(**(facts | changes))


def approval(**changes: Any) -> Approval:
    """Return an open approval."""
    facts: dict[str, Any] = {
        "id": APPROVAL_ID,
        "run_id": RUN_ID,
        "graph": "publish",
        "node": "review",
        "path": "review",
        "kind": ApprovalKind.CONFIRM,
        "status": "open",
        "title": "Publish “Bees”?",
        "prompt": "",
        "payload": {"words": 1240, "draft": "Honey bees. " * 20},
        "digest": "41c0" * 16,
        "decisions": (Decision.APPROVE, Decision.REJECT),
        "policy": any_of("@editors"),
        "requester": "U0ALICE",
        "opened_at": NOW,
        "delivered_at": NOW,
        "timeout": timedelta(minutes=5),
        "on_timeout": "expire",
        "due_at": NOW + timedelta(minutes=5),
        "run": run(),
    }
    return Approval(**(facts | changes))


def resolved(status: str, **changes: Any) -> Approval:
    """Return an approval with an outcome, twelve minutes after it was asked."""
    at = NOW + timedelta(minutes=12)
    decision = {"approved": Decision.APPROVE, "rejected": Decision.REJECT}.get(status)
    answers = () if decision is None else (answer(decision, at=at),)
    facts: dict[str, Any] = {"status": status, "resolved_at": at, "answers": answers}
    return approval(**(facts | changes))


def answer(
    decision: Decision, *, by: str = "U0BOB", comment: str = "", at: datetime = NOW
) -> Answer:
    """Return a recorded decision."""
    return Answer(
        approval_id=APPROVAL_ID,
        decision=decision,
        by=by,
        comment=comment,
        surface="slack",
        at=at,
    )


def failure(message: str) -> Approval:
    """Return an approval about a node that failed."""
    return approval(
        kind=ApprovalKind.ERROR,
        title="What should happen to work?",
        payload={},
        decisions=(Decision.RETRY, Decision.SKIP, Decision.FAIL),
        policy=any_of("U0BOB"),
        error=ErrorFacts(type="RuntimeError", message=message),
        timeout=None,
        due_at=None,
    )
