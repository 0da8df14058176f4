"""Runs and approvals in a line or a few, for lists and answers to commands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards.gist import subject
from bot.cards.progress import progress_words, waiting_for
from bot.cards.secrets import visible_in_run
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join, name_words
from orchestrator.core.ids import run_ref
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.graph import Graph
from orchestrator.store.records import Approval, Rule, Run

_ICONS = {
    RunStatus.PENDING: "🕓",
    RunStatus.RUNNING: "▶️",
    RunStatus.WAITING: "⏳",
    RunStatus.PAUSED: "⏸️",
    RunStatus.CANCELLING: "🚫",
    RunStatus.COMPLETED: "✅",
    RunStatus.FAILED: "❌",
    RunStatus.CANCELLED: "🚫",
    RunStatus.TIMED_OUT: "⌛",
}
_PLACES = 3  # that are named
_REASON = 300  # characters of an error or of an input's value


def run_state(run: Run) -> Words:
    """Say what a run does, as the rest of a sentence that begins with the run."""
    found = _innermost(run.places)
    rest: Words = (f"{len(found) - _PLACES} more",) if len(found) > _PLACES else ()
    places = join([*((Strong(place),) for place in found[:_PLACES]), rest], ", ")
    match run.status:
        case RunStatus.PENDING:
            return ("is stored and about to start",)
        case RunStatus.RUNNING:
            # Of several places nobody knows to which of them it went, and which are waiting.
            return ("went on to ", *places) if len(found) == 1 else ("goes on",)
        case RunStatus.WAITING:
            return ("waits at ", *places) if places else ("waits",)
        case RunStatus.PAUSED:
            return ("is paused by ", Person(run.paused_by)) if run.paused_by else ("is paused",)
        case RunStatus.CANCELLING:
            return ("is being cancelled",)
        case RunStatus.COMPLETED:
            return ("is completed",)
        case RunStatus.FAILED:
            why = f": {cut(one_line(run.error), _REASON)}" if run.error else ""
            return (f"failed{why}",)
        case RunStatus.CANCELLED:
            return (
                ("was cancelled by ", Person(run.cancelled_by))
                if run.cancelled_by
                else ("was cancelled",)
            )
        case RunStatus.TIMED_OUT:
            return ("ended as timed out",)


def _innermost(places: Sequence[str]) -> list[str]:
    """Leave out what only holds other places, such as the agent whose calls wait."""
    return [
        place
        for place in places
        if not any(other.startswith((f"{place}/", f"{place}[")) for other in places)
    ]


def run_end(run: Run) -> Words:
    """Say how a run ended, or else that it goes on: what stays true while it does."""
    return run_state(run) if run.status in FINISHED else ("goes on",)


def run_line(run: Run, *, reader: str | None = None) -> Words:
    """Show a run on one line; `reader`: who reads it, and needs not be told of themselves."""
    by: Words = () if reader == run.requester else (" by ", Person(run.requester))
    return (
        f"{_ICONS[run.status]} ",
        Code(run.ref),
        " ",
        Strong(run.graph),
        " ",
        *run_state(run),
        " · started ",
        Moment(run.started_at),
        *by,
    )


def approval_line(approval: Approval) -> Words:
    """Show an open approval on one line."""
    due: Words = ("decide by ", Moment(approval.due_at)) if approval.due_at else ("no deadline",)
    return join(
        [
            (Code(approval.ref), " ", *subject(approval, _REASON)),
            (f"{approval.graph}, run ", Code(approval.run.ref)),
            progress_words(approval),
            due,
        ]
    )


def rule_line(rule: Rule) -> Words:
    """Show a standing rule on one line."""
    where: Words = ("in run ", Code(run_ref(rule.run_id))) if rule.run_id else ("in any run",)
    until: Words = (" until ", Moment(rule.expires_at)) if rule.expires_at else ()
    over: Words = (" · revoked ", Moment(rule.revoked_at)) if rule.revoked_at else ()
    return (
        Code(rule.ref),
        " ",
        Person(rule.by),
        f" approves every {rule.kind.value} question of ",
        Strong(rule.graph),
        f" at {one_line(rule.node)} ",
        *where,
        *until,
        *over,
    )


def run_words(run: Run, approvals: Sequence[Approval], graph: Graph | None = None) -> list[Words]:
    """Show a run with its input and its approvals, a line each."""
    lines: list[Words] = [run_line(run)]
    lines += [
        (f"• {one_line(str(name))}: ", cut(one_line(str(value)), _REASON))
        for name, value in list(visible_in_run(run.input, approvals, graph).items())[:10]
    ]
    if run.spent:
        spent = ", ".join(f"{one_line(name)} {value:,g}" for name, value in run.spent.items())
        lines.append((f"• spent so far: {cut(spent, _REASON)}",))
    lines += [_approval_story(approval) for approval in approvals]
    return lines


def _approval_story(approval: Approval) -> Words:
    title: Words = (Code(approval.ref), " ", *subject(approval, _REASON))
    if approval.is_open:
        due: Words = (", decide by ", Moment(approval.due_at)) if approval.due_at else ()
        return (*title, " waits for ", *name_words(waiting_for(approval), most=3), *due)
    people = list(dict.fromkeys(answer.by for answer in approval.answers))
    by: Words = (" by ", *join([(Person(person),) for person in people], " and ")) if people else ()
    at: Words = (" ", Moment(approval.resolved_at)) if approval.resolved_at else ()
    return (*title, f" was {approval.status}", *by, *at)
