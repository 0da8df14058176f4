"""Forms about an answer: the fields that it takes, or where to answer if a form cannot hold it."""

from __future__ import annotations

import json
from typing import Any

from bot.cards import Field, fields_of
from bot.cards.buttons import decision_label
from bot.cards.question import place
from bot.cards.values import one_line
from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.inputs import TooLargeError, input_blocks
from bot.slack.modals import notice_view
from bot.slack.mrkdwn import escape, fit_escaped
from bot.slack.payloads import ValuesForm
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store.records import Approval

VALUES_CALLBACK = "signoff_fields"
COMMENT_BLOCK = "signoff_comment"
COMMENT_ACTION = "text"
_MOST_FIELDS = limits.VIEW_BLOCKS - 4  # blocks that are left beside the words around them
_VIEW_ROOM = limits.VIEW_BYTES - 10_000  # bytes of JSON
_REASON = 500  # characters of why a form cannot hold it
_WORDS = {
    Decision.ANSWER: "What you enter is checked and stored, and the run goes on with it.",
    Decision.CHOOSE: "The run goes on the way that you choose.",
    Decision.RESULT: "What you enter counts as the result of this work, and the run goes on.",
    Decision.EDIT: "What you change replaces what is there; votes before that are void.",
}
_EDITOR = {True: "The edit counts as your approval.", False: "Somebody else has to approve it."}
_SUBMIT = {
    Decision.ANSWER: "Answer",
    Decision.CHOOSE: "Choose",
    Decision.RESULT: "Send result",
    Decision.EDIT: "Save and approve",
}


def values_view(approval: Approval, decision: Decision) -> dict[str, Any]:
    """Return the form of a decision, or a window that says where else it can be answered."""
    fields = fields_of(approval, decision)
    try:
        return _form(approval, decision, fields)
    except TooLargeError as error:
        return _elsewhere(approval, decision, str(error))


def _form(approval: Approval, decision: Decision, fields: tuple[Field, ...]) -> dict[str, Any]:
    if len(fields) > _MOST_FIELDS:
        raise TooLargeError(f"it has {len(fields)} fields")
    words = [_WORDS.get(decision, "")]
    if decision is Decision.EDIT:
        words.append(_EDITOR[approval.policy.last_editor_may_approve])
    form = ValuesForm(approval=approval.id, digest=approval.digest, decision=decision.value)
    view = b.modal(
        _title(approval, decision),
        [
            b.context(
                f"*{escape(approval.graph)}* · {fit_escaped(place(approval), _REASON)}. "
                f"{' '.join(words)}"
            ),
            b.plain_section(one_line(approval.title)),
            *input_blocks(fields),
            b.text_input(
                "Comment",
                block_id=COMMENT_BLOCK,
                action_id=COMMENT_ACTION,
                hint="Shown to everybody who sees the question",
                is_optional=True,
            ),
        ],
        callback_id=VALUES_CALLBACK,
        private_metadata=form.pack(),
        submit=_SUBMIT.get(decision, "Send"),
        close="Cancel",
    )
    if len(json.dumps(view)) > _VIEW_ROOM:
        raise TooLargeError("it is longer than a form may be")
    return view


def _title(approval: Approval, decision: Decision) -> str:
    return decision_label(approval, decision).rstrip("…")


def _elsewhere(approval: Approval, decision: Decision, reason: str) -> dict[str, Any]:
    routes = " --route NAME" if decision is Decision.CHOOSE else " --data @FILE"
    command = f"signoff decide {approval.ref} {decision.value} --as YOU{routes}"
    if approval.kind is ApprovalKind.CHOOSE:
        ways = f" The ways are: {', '.join(approval.choices)}."
    else:
        ways = " The command takes the values as JSON."
    text = (
        f"This does not fit into a form of Slack: {fit_escaped(reason, _REASON)}. "
        f"It must be answered on the command line:\n`{escape(command)}`\n"
        f"{fit_escaped(ways.strip(), limits.TEXT // 2)}"
    )
    return notice_view("Too large for Slack", text)
