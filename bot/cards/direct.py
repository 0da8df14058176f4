"""What one person is told by themselves: why, about which question, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.cards.gist import subject
from bot.cards.outcome import outcome_card
from bot.cards.progress import progress_words
from bot.cards.runs import run_end, run_state
from bot.cards.values import clean, cut, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join
from orchestrator.core import approval_events as a
from orchestrator.core.state import RunStatus
from orchestrator.store.records import Approval, Run

_TITLE = 300  # characters of a question
_VALUES = 5  # of what a run returned
_VALUE = 300  # characters of one
_FORMATTING = frozenset("*_~`")
_OTHER = "ℹ️"  # noqa: RUF001 - the sign, no letter
_ICONS = {
    RunStatus.COMPLETED: "✅",
    RunStatus.FAILED: "❌",
    RunStatus.CANCELLED: "🚫",
    RunStatus.TIMED_OUT: "⌛",
}


class DirectAction(StrEnum):
    """What a direct message has a button for."""

    ANSWER = "answer"  #: write what the approvers want to know
    OPEN = "open"  #: go to the question
    SHOW = "show"  #: look at the run
    SNOOZE = "snooze"  #: not be reminded of it for an hour
    MUTE = "mute"  #: hear nothing more of the run that needs no answer


_ABOUT_OUTCOME = (DirectAction.OPEN, DirectAction.MUTE)
_TO_REMIND = (DirectAction.OPEN, DirectAction.SNOOZE, DirectAction.MUTE)
_TO_ANSWER = (DirectAction.ANSWER, DirectAction.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectNote:
    """A message to one person."""

    #: Sentences, one a line; the first alone says what it is about.
    lines: tuple[Words, ...]
    #: Verbatim what somebody wrote, set apart.
    quotes: tuple[str, ...] = ()
    actions: tuple[DirectAction, ...] = (DirectAction.OPEN,)
    footer: Words = ()
    #: The approvals, where a message is about several.
    about: tuple[str, ...] = ()


def reminder_note(approvals: Sequence[Approval]) -> DirectNote:
    """Remind somebody whose answer is missing, of one question or the calls of a card."""
    approval = approvals[0]
    if len(approvals) > 1:
        asked: Words = ("⏰ Your answers are still missing, asked by ", Person(approval.requester))
        return DirectNote(
            lines=(
                (*asked, f": {len(approvals)} questions"),
                *(
                    ("• ", *_title(each), *_until(each), " · ", Code(each.ref))
                    for each in approvals
                ),
            ),
            actions=_TO_REMIND,
            footer=(Strong(approval.graph), " · run ", Code(approval.run.ref)),
            about=tuple(each.id for each in approvals),
        )
    return DirectNote(
        lines=(
            ("⏰ Your answer is still missing: ", *_title(approval), *_until(approval)),
            join([("Asked by ", Person(approval.requester)), progress_words(approval)]),
        ),
        actions=_TO_REMIND,
        footer=_footer(approval),
    )


def event_note(approval: Approval, event: object) -> DirectNote | None:
    """Tell somebody whom an event concerns; None: there is nothing to tell, or not any more."""
    match event:
        case a.CommentAdded():
            return _comment(approval, event)
        case a.DecisionRecorded() if event.breaks_glass:
            first: Words = (
                "🚨 ",
                Person(event.by),
                " approved this alone, against the policy: ",
                *_title(approval),
                ". The reason:",
            )
            return _note(approval, first, event.comment)
        case _:
            return _about_open(approval, event) if approval.is_open else None


def outcome_note(approval: Approval, *, has_ended: bool) -> DirectNote:
    """Tell how a question ended, who decided, and what the run does now."""
    card = outcome_card(approval)
    run = approval.run
    is_over = run.finished_at is not None
    # How a run ended is said once, with the last of its questions.
    goes: tuple[Words, ...] = () if is_over else (("Run ", Code(run.ref), " ", *run_end(run), "."),)
    then = ((*end_words(run), "."),) if has_ended else goes
    return DirectNote(
        lines=((f"{card.icon} ", *_title(approval)), card.story[0], *then),
        quotes=tuple(comment.text for comment in card.comments),
        actions=(DirectAction.OPEN,) if is_over else _ABOUT_OUTCOME,
        footer=_footer(approval),
    )


def end_note(approval: Approval) -> DirectNote:
    """Tell how a run ended."""
    run = approval.run
    return DirectNote(
        lines=(
            (f"{_ICONS.get(run.status, _OTHER)} ", *end_words(run), "."),
            ("The last question was: ", *_title(approval)),
        ),
        footer=_footer(approval),
    )


def run_note(run: Run, output: Mapping[str, Any]) -> DirectNote:
    """Tell how a run ended that asked nobody, and what came of it."""
    values = list(output.items())[:_VALUES]
    return DirectNote(
        lines=(
            (f"{_ICONS.get(run.status, _OTHER)} ", *end_words(run), "."),
            *((f"• {one_line(str(name))}: ", _verbatim(value)) for name, value in values),
        ),
        actions=(DirectAction.SHOW,),
        footer=("Started ", Moment(run.started_at), " · it asked nobody"),
    )


def _verbatim(value: object) -> str | Code:
    text = cut(one_line(str(value)), _VALUE)
    return Code(text) if _FORMATTING & set(text) else text


def end_words(run: Run) -> Words:
    """Say how a run ended."""
    return ("Run ", Code(run.ref), " of ", Strong(run.graph), " ", *run_state(run))


def _comment(approval: Approval, event: a.CommentAdded) -> DirectNote:
    if event.wants_answer:
        asks: Words = (
            "❓ ",
            Person(event.by),
            " needs to know something from you before deciding: ",
            *_title(approval),
        )
        note = _note(approval, asks, event.text)
        return replace(note, actions=_TO_ANSWER) if approval.is_open else note
    return _note(
        approval, ("💬 ", Person(event.by), " wrote about ", *_title(approval)), event.text
    )


def _about_open(approval: Approval, event: object) -> DirectNote | None:
    title, until = _title(approval), _until(approval)
    match event:
        case a.ApprovalEscalated():
            why = "📣 Nobody has answered yet, so you may decide, too: "
            return _note(approval, (why, *title, *until))
        case a.ApprovalReassigned():
            who: Words = (Person(event.by),) if event.by else ("Somebody",)
            asks: Words = ("👉 ", *who, " asks you to decide this: ", *title, *until)
            return _note(approval, asks, event.reason)
        case a.ApprovalDelegated():
            place = " lets you answer in their place: "
            return _note(approval, ("👉 ", Person(event.by), place, *title, *until))
        case a.ApprovalExtended():
            at = event.times.due_at
            to: Words = (" to ", Moment(at)) if at else ()
            moved: Words = ("🕓 ", Person(event.by), " moved the deadline of ", *title, *to, ".")
            return _note(approval, moved, event.reason)
        case a.ApprovalRevised():
            void = " edited what you have voted on, so that your vote counts no more: "
            return _note(approval, ("✏️ ", Person(event.by), void, *title))
        case a.StageReached():
            return _note(approval, ("👉 Now it is your turn to decide: ", *title, *until))
        case _:
            return None


def _note(approval: Approval, first: Words, quote: str = "") -> DirectNote:
    written = clean(quote).strip()
    quotes = (written,) if written else ()
    return DirectNote(lines=(first,), quotes=quotes, footer=_footer(approval))


def _title(approval: Approval) -> Words:
    return subject(approval, _TITLE)


def _until(approval: Approval) -> Words:
    return (" · decide by ", Moment(approval.due_at)) if approval.due_at else ()


def _footer(approval: Approval) -> Words:
    return (
        Strong(approval.graph),
        " · run ",
        Code(approval.run.ref),
        " · approval ",
        Code(approval.ref),
    )
