"""Forms about an answer: the fields that it takes, or where to answer if a form cannot hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.cards import Field, FieldType, fields_of
from bot.cards.buttons import decision_label
from bot.cards.fields import Problem
from bot.cards.question import place
from bot.cards.values import one_line
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.elements import refuse_misfits
from bot.slack.kit.inputs import TooLargeError
from bot.slack.kit.mrkdwn import escape, fit_escaped
from bot.slack.kit.payloads import PagedForm, ValuesForm
from bot.slack.windows.modals import notice_view
from bot.slack.windows.pages import Sheet
from orchestrator.errors import InputError
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store.records import Approval

VALUES_CALLBACK = "signoff_fields"
COMMENT_BLOCK = "signoff_comment"
COMMENT_ACTION = "text"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A form of several pages: what it remembers, and how a page of it looks."""

    fields: tuple[Field, ...]
    form: PagedForm
    #: Say what is there now, for somebody who edits it.
    has_now: bool
    #: What is wrong with the values of all its fields.
    check: Callable[[Any], Sequence[Problem]]
    #: The view of a page.
    show: Callable[[Sheet, PagedForm], dict[str, Any]]

    def sheet(self) -> Sheet:
        """Return the form as it opens."""
        return Sheet(fields=self.fields, has_now=self.has_now)


def values_view(approval: Approval, decision: Decision) -> dict[str, Any]:
    """Return the form of a decision, or a window that says where else it can be answered."""
    form = ValuesForm(approval=approval.id, digest=approval.digest, decision=decision.value)
    book = decision_book(approval, form)
    try:
        refuse_misfits(book.fields)
        return book.show(book.sheet(), form)
    except TooLargeError as error:
        return _elsewhere(approval, decision, error)


def decision_book(approval: Approval, form: ValuesForm) -> Book:
    """Return the form of a decision."""
    decision = Decision(form.decision)

    def check(values: Any) -> Sequence[Problem]:
        if approval.schema is None or not isinstance(values, Mapping):
            return ()
        try:
            InputSchema(dict(approval.schema)).parse(values)
        except InputError as error:
            return error.problems
        return ()

    return Book(
        fields=_titled(approval, fields_of(approval, decision)),
        form=form,
        has_now=decision is Decision.EDIT,
        check=check,
        show=lambda sheet, kept: _page(approval, decision, sheet, kept),
    )


def _titled(approval: Approval, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Say with an edit of a whole value what it is the value of."""
    if len(fields) == 1 and fields[0].is_whole and fields[0].type is FieldType.JSON:
        return (replace(fields[0], about=f"What {approval.path} brings."),)
    return fields


def _page(approval: Approval, decision: Decision, sheet: Sheet, form: PagedForm) -> dict[str, Any]:
    words = [_WORDS.get(decision, "")]
    if decision is Decision.EDIT:
        words.append(_EDITOR[approval.policy.last_editor_may_approve])
    if sheet.place:
        words.append(sheet.place)
    comment = b.text_input(
        "Comment",
        block_id=COMMENT_BLOCK,
        action_id=COMMENT_ACTION,
        hint="Shown to everybody who sees the question",
        is_optional=True,
    )
    if sheet.comment:
        comment["element"]["initial_value"] = sheet.comment
    return b.modal(
        _title(approval, decision),
        [
            b.context(
                f"*{escape(approval.graph)}* · {fit_escaped(place(approval), _REASON)}. "
                f"{' '.join(words)}"
            ),
            b.plain_section(one_line(approval.title)),
            *sheet.blocks(),
            *([comment] if sheet.is_last else []),
            *sheet.steps(),
        ],
        callback_id=VALUES_CALLBACK,
        private_metadata=form.pack(),
        submit=_SUBMIT.get(decision, "Send") if sheet.is_last else "Next",
        close="Cancel",
    )


def _title(approval: Approval, decision: Decision) -> str:
    return decision_label(approval, decision).rstrip("…")


def _elsewhere(approval: Approval, decision: Decision, error: TooLargeError) -> dict[str, Any]:
    routes = " --route NAME" if decision is Decision.CHOOSE else " --data @FILE"
    command = f"signoff decide {approval.ref} {decision.value} --as YOU{routes}"
    if approval.kind is ApprovalKind.CHOOSE:
        ways = f" The ways are: {', '.join(approval.choices)}."
    else:
        ways = " The command takes the values as JSON."
    text = (
        f"This does not fit into a form of Slack: {fit_escaped(str(error), _REASON)}. "
        f"It must be answered on the command line:\n`{escape(command)}`\n"
        f"{fit_escaped(ways.strip(), limits.TEXT // 2)}"
    )
    return notice_view(error.title, text)
