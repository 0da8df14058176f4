"""The buttons of an open question, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.cards.card import MOST_BUTTONS, Aside, Button, ButtonStyle, Confirm, Form
from bot.cards.passages import Passage
from bot.cards.values import cut, one_line
from orchestrator.graph.kinds import ApprovalKind, Decision, Risk
from orchestrator.store.records import Approval

#: Routes that are buttons of their own; more are chosen in a form.
MOST_ROUTES = 3
_ROUTE = 70  # characters of a route on a button
_QUESTION = 180  # characters of a question that is asked back

_PRIMARY, _DANGER = ButtonStyle.PRIMARY, ButtonStyle.DANGER
_BUTTONS = {
    Decision.APPROVE: Button(label="Approve", decision="approve", style=_PRIMARY),
    Decision.REJECT: Button(label="Reject…", decision="reject", opens=Form.REASON, style=_DANGER),
    Decision.EDIT: Button(label="Edit…", decision="edit", opens=Form.VALUES),
    Decision.REQUEST_CHANGES: Button(
        label="Request changes…", decision="request-changes", opens=Form.REASON
    ),
    Decision.ANSWER: Button(label="Answer…", decision="answer", opens=Form.VALUES, style=_PRIMARY),
    Decision.CHOOSE: Button(label="Choose…", decision="choose", opens=Form.VALUES, style=_PRIMARY),
    Decision.RESULT: Button(
        label="Enter result…", decision="result", opens=Form.VALUES, style=_PRIMARY
    ),
    Decision.RETRY: Button(label="Retry", decision="retry", style=_PRIMARY),
    Decision.SKIP: Button(label="Skip", decision="skip"),
    Decision.FAIL: Button(label="Fail", decision="fail", style=_DANGER),
}
_SHOW_ALL = Button(label="Show all", opens=Form.PAYLOAD)
#: Kinds that call a decision by another name.
_LABELS = {
    (ApprovalKind.ITERATE, Decision.APPROVE): "Accept",
    (ApprovalKind.ITERATE, Decision.REQUEST_CHANGES): "Another round…",
    (ApprovalKind.TOOL, Decision.EDIT): "Edit arguments…",
}
#: In which order buttons stand; those that are not named come first.
_ORDER = (Decision.SKIP, Decision.REJECT, Decision.FAIL, Decision.REQUEST_CHANGES, Decision.EDIT)
#: What goes to the menu where there is no room, first to last.
_SPARED = ((Decision.EDIT, Aside.EDIT), (None, Aside.SHOW))


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """What stands in the row, and what has found no room there."""

    row: tuple[Button, ...]
    spared: tuple[Aside, ...] = ()


def decision_label(approval: Approval, decision: Decision) -> str:
    """Return what a decision is called where this question is asked."""
    return _LABELS.get((approval.kind, decision), _BUTTONS[decision].label)


def question_buttons(approval: Approval, *, is_cut: bool, facts: Sequence[Passage] = ()) -> Buttons:
    """Return the buttons of an open question.

    Args:
        approval: What is asked.
        is_cut: The message does not show all of it.
        facts: What is repeated where the answer is asked back.
    """
    ordered = sorted(approval.decisions, key=_place)
    row = [button for each in ordered for button in _for_decision(approval, each, facts)]
    if is_cut:
        row.append(_SHOW_ALL)
    spared: list[Aside] = []
    for decision, aside in _SPARED:
        found = next((each for each in row if each.decision == decision), None)
        if len(row) > MOST_BUTTONS and found is not None:
            row.remove(found)
            spared.append(aside)
    return Buttons(row=tuple(row), spared=tuple(spared))


def _place(decision: Decision) -> int:
    return _ORDER.index(decision) if decision in _ORDER else -1


def _for_decision(
    approval: Approval, decision: Decision, facts: Sequence[Passage]
) -> tuple[Button, ...]:
    button = replace(_BUTTONS[decision], label=decision_label(approval, decision))
    if decision is Decision.FAIL:
        return (replace(button, confirm=_confirm_failing(approval)),)
    if decision is Decision.CHOOSE:
        return _routes(approval) or (button,)
    if button.opens is None and button.style is _PRIMARY:
        return (replace(button, confirm=_confirm_risk(approval, button.label, facts)),)
    return (button,)


def _routes(approval: Approval) -> tuple[Button, ...]:
    """Return a button a route; none where people had better choose in a form."""
    labels = [cut(one_line(route), _ROUTE) for route in approval.choices]
    is_clear = len(set(labels)) == len(labels) <= MOST_ROUTES and all(labels)
    if approval.is_multiple or not is_clear:
        return ()
    return tuple(
        Button(
            label=label,
            decision="choose",
            route=route,
            confirm=_confirm_risk(approval, label, ()),
        )
        for label, route in zip(labels, approval.choices, strict=True)
    )


def _confirm_risk(approval: Approval, label: str, facts: Sequence[Passage]) -> Confirm | None:
    if approval.risk is not Risk.HIGH:
        return None
    told = "".join(f"\n{fact.label}: {fact.text}" for fact in facts)
    return Confirm(
        title="Are you sure?",
        text=f"{cut(one_line(approval.title), _QUESTION)}{told}",
        yes=cut(label, 30),
    )


def _confirm_failing(approval: Approval) -> Confirm:
    return Confirm(
        title="Let the run fail?",
        text=f"{one_line(approval.title)} The run {approval.run.ref} ends as failed.",
        yes="Fail the run",
    )
