"""What may be done about an open question beside answering it."""

from __future__ import annotations

from datetime import timedelta

from bot.cards.card import Aside
from orchestrator.graph.kinds import ApprovalKind, Decision, Risk
from orchestrator.store.records import Approval

#: How long "approve for some hours" holds.
RULE_HOURS = timedelta(hours=4)
_RULED = frozenset({ApprovalKind.CONFIRM, ApprovalKind.TOOL, ApprovalKind.REVIEW})

ASIDE_LABELS = {
    Aside.EDIT: "Edit…",
    Aside.SHOW: "Show all",
    Aside.WHO: "Who can approve?",
    Aside.COMMENT: "Comment…",
    Aside.ASK: "Ask the requester…",
    Aside.DELEGATE: "Delegate…",
    Aside.SNOOZE: "Snooze…",
    Aside.EXTEND: "Extend…",
    Aside.REASSIGN: "Reassign…",
    Aside.WITHDRAW: "Withdraw…",
    Aside.FOR_RUN: "Approve for this run",
    Aside.FOR_HOURS: "Approve for 4 hours",
    Aside.BREAK_GLASS: "Break glass…",
    Aside.MORE: "More…",
}
ASIDE_WORDS = {
    Aside.EDIT: "Change what is asked about, and approve that.",
    Aside.SHOW: "See everything that the question is about.",
    Aside.WHO: "See who may decide, whose answer is missing, and by which rules.",
    Aside.COMMENT: "Write something that everybody sees in the question's thread.",
    Aside.ASK: "Ask who started the run for what you need to know.",
    Aside.DELEGATE: "Let somebody else answer in your place.",
    Aside.SNOOZE: "Be not reminded for a while. Others still are.",
    Aside.EXTEND: "Move the deadline.",
    Aside.REASSIGN: "Ask other people instead. Votes so far are void.",
    Aside.WITHDRAW: "Take the question back. The run goes on as if it was rejected.",
    Aside.FOR_RUN: "Approve this, and questions like it that this run asks later.",
    Aside.FOR_HOURS: "Approve this, and questions like it of any run in the next four hours.",
    Aside.BREAK_GLASS: "Approve alone, against the policy. All approvers are told, and why.",
    Aside.MORE: "",
}


def asides_of(approval: Approval) -> tuple[Aside, ...]:
    """Return what may be done about a question, in the order of a menu; none when it is closed."""
    if not approval.is_open:
        return ()
    may_approve = Decision.APPROVE in approval.decisions
    # What is asked back each time is not approved in advance.
    has_rules = may_approve and approval.kind in _RULED and approval.risk is not Risk.HIGH
    found = {
        Aside.COMMENT: True,
        Aside.ASK: True,
        Aside.DELEGATE: True,
        Aside.WHO: True,
        Aside.SNOOZE: True,
        Aside.EXTEND: approval.due_at is not None,
        Aside.REASSIGN: True,
        Aside.WITHDRAW: True,
        Aside.FOR_RUN: has_rules,
        Aside.FOR_HOURS: has_rules,
        Aside.BREAK_GLASS: may_approve and bool(approval.policy.break_glass),
    }
    return tuple(aside for aside, is_there in found.items() if is_there)
