"""What somebody sees on their own page: what waits for them, what they asked for, what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.cards.card import Fact
from bot.cards.gist import subject
from bot.cards.outcome import outcome_card
from bot.cards.progress import progress_words, waiting_for
from bot.cards.question import main_values
from bot.cards.runs import run_line
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join, name_words
from orchestrator.graph.kinds import QUORUM_KINDS, Decision, Risk
from orchestrator.store.records import Approval, Run

_TITLE = 300  # characters
_FACT = 120  # characters
_VERBS = {
    Decision.APPROVE: "approved",
    Decision.REJECT: "rejected",
    Decision.EDIT: "edited",
    Decision.REQUEST_CHANGES: "asked for changes",
    Decision.ANSWER: "answered",
    Decision.CHOOSE: "chose",
    Decision.RESULT: "entered the result",
    Decision.RETRY: "had it tried again",
    Decision.SKIP: "skipped it",
    Decision.FAIL: "let it fail",
}


class Part(StrEnum):
    """A section of the page."""

    WAITING = "w"
    ASKED = "a"
    RUNS = "r"
    DECIDED = "d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A few entries of a section."""

    number: int = 0  #: 0: the first
    has_more: bool = False
    #: Is it the last one that the page goes to?
    is_last: bool = False
    count: int | None = None  #: of all, where that is known
    approvals: tuple[Approval, ...] = ()
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Somebody's page."""

    person: str
    pages: dict[Part, Page]
    #: Graphs that can be started.
    graphs: tuple[str, ...] = ()
    #: Open questions of which several may be decided in one go.
    can_batch: bool = False
    #: Behind which open question those that wait begin; "": at the first.
    after: str = ""
    #: Where to go on with those that wait; "": there are no more.
    then: str = ""
    #: How many open questions were looked through where that ended it.
    looked: int | None = None


def waiting_rows(approval: Approval) -> tuple[Words, ...]:
    """Show an open question to somebody who may decide it now."""
    facts = main_values(approval)
    due: Words = ("decide by ", Moment(approval.due_at)) if approval.due_at else ("no deadline",)
    risk: Words = ("⚠️ high risk",) if approval.risk is Risk.HIGH else ()
    about = join(
        [(f"{approval.graph} · asked by ", Person(approval.requester)), due, _progress(approval)]
    )
    rows: list[Words] = [(Strong(_title(approval)),), join([risk, about])]
    if facts:
        rows.append(join([_fact(fact) for fact in facts]))
    return tuple(rows)


def _fact(fact: Fact) -> Words:
    shown = tuple(cut(part, _FACT) if isinstance(part, str) else part for part in fact.words)
    return (f"{fact.label}: ", *shown)


def _progress(approval: Approval) -> Words:
    """Say how far it is where it takes more than one answer."""
    needs_more = approval.votes or len(approval.policy.stages) > 1
    return progress_words(approval)[:1] if needs_more and approval.kind in QUORUM_KINDS else ()


def asked_row(approval: Approval) -> Words:
    """Show an open question to whoever asked for it."""
    due: Words = ("decide by ", Moment(approval.due_at)) if approval.due_at else ()
    waits = ("waits for ", *name_words(waiting_for(approval), most=3))
    run: Words = ("run ", Code(approval.run.ref))
    return join([subject(approval, _TITLE), (approval.graph,), waits, due, run])


def own_run_row(run: Run) -> Words:
    """Show a run to whoever started it."""
    return run_line(run, reader=run.requester)


def decided_row(approval: Approval, person: str) -> Words:
    """Show what somebody decided, and what became of it."""
    own = [answer for answer in approval.answers if answer.by == person]
    icon = "⏳ " if approval.is_open else f"{outcome_card(approval).icon} "
    did: Words = (
        ("you ", _VERBS.get(own[-1].decision, own[-1].decision.value), " ", Moment(own[-1].at))
        if own
        else ()
    )
    status = "still open" if approval.is_open else approval.status
    last = own[-1].decision if own else None
    is_plain = last is not None and _VERBS.get(last) == status
    became: Words = () if is_plain else (status.replace("-", " "),)
    return (
        icon,
        *join([subject(approval, _TITLE), (approval.graph,), did, became]),
    )


def _title(approval: Approval) -> str:
    return cut(one_line(approval.title), _TITLE) or f"Approve {approval.node}?"


def page_of(found: Sequence[Approval], number: int, size: int) -> Page:
    """Return a page of open questions of which all are known."""
    last = max((len(found) - 1) // size, 0)
    number = min(number, last)
    first = number * size
    return Page(
        number=number,
        has_more=first + size < len(found),
        count=len(found),
        approvals=tuple(found[first : first + size]),
    )
