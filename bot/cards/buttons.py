"""The buttons of an open question, by its kind."""

from __future__ import annotations

from dataclasses import replace

from bot.cards.card import Button, ButtonStyle, Confirm, Form
from bot.cards.values import cut, one_line
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store.records import Approval

#: Routes that are buttons of their own; more are chosen in a form.
MOST_ROUTES = 5
_ROUTE = 70  # characters of a route on a button

_PRIMARY, _DANGER = ButtonStyle.PRIMARY, ButtonStyle.DANGER
_REJECT = Button(label="Reject…", decision="reject", opens=Form.REASON, style=_DANGER)
_CHANGES = Button(label="Request changes…", decision="request-changes", opens=Form.REASON)
_SHOW_ALL = Button(label="Show all", opens=Form.PAYLOAD)
_BUTTONS = {
    Decision.APPROVE: Button(label="Approve", decision="approve", style=_PRIMARY),
    Decision.REJECT: _REJECT,
    Decision.EDIT: Button(label="Edit…", decision="edit", opens=Form.VALUES),
    Decision.REQUEST_CHANGES: _CHANGES,
    Decision.ANSWER: Button(label="Answer…", decision="answer", opens=Form.VALUES, style=_PRIMARY),
    Decision.CHOOSE: Button(label="Choose…", decision="choose", opens=Form.VALUES, style=_PRIMARY),
    Decision.RESULT: Button(
        label="Enter result…", decision="result", opens=Form.VALUES, style=_PRIMARY
    ),
    Decision.RETRY: Button(label="Retry", decision="retry", style=_PRIMARY),
    Decision.SKIP: Button(label="Skip", decision="skip"),
    Decision.FAIL: Button(label="Fail", decision="fail", style=_DANGER),
}
#: Kinds that call a decision by another name.
_LABELS = {
    (ApprovalKind.ITERATE, Decision.APPROVE): "Accept",
    (ApprovalKind.ITERATE, Decision.REQUEST_CHANGES): "Another round…",
    (ApprovalKind.TOOL, Decision.EDIT): "Edit arguments…",
}


def decision_label(approval: Approval, decision: Decision) -> str:
    """Return what a decision is called where this question is asked."""
    return _LABELS.get((approval.kind, decision), _BUTTONS[decision].label)


def question_buttons(approval: Approval, *, is_cut: bool) -> tuple[Button, ...]:
    """Return the buttons of an open question; `is_cut`: the message does not show all of it."""
    buttons = [
        button for decision in approval.decisions for button in _for_decision(approval, decision)
    ]
    return (*buttons, _SHOW_ALL) if is_cut else tuple(buttons)


def _for_decision(approval: Approval, decision: Decision) -> tuple[Button, ...]:
    button = replace(_BUTTONS[decision], label=decision_label(approval, decision))
    if decision is Decision.FAIL:
        return (replace(button, confirm=_confirm_failing(approval)),)
    if decision is Decision.CHOOSE:
        return _routes(approval) or (button,)
    return (button,)


def _routes(approval: Approval) -> tuple[Button, ...]:
    """Return a button a route; none where people had better choose in a form."""
    labels = [cut(one_line(route), _ROUTE) for route in approval.choices]
    is_clear = len(set(labels)) == len(labels) <= MOST_ROUTES and all(labels)
    if approval.is_multiple or not is_clear:
        return ()
    return tuple(
        Button(label=label, decision="choose", route=route)
        for label, route in zip(labels, approval.choices, strict=True)
    )


def _confirm_failing(approval: Approval) -> Confirm:
    return Confirm(
        title="Let the run fail?",
        text=f"{one_line(approval.title)} The run {approval.run.ref} ends as failed.",
        yes="Fail the run",
    )
