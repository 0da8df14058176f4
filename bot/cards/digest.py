"""Questions of low risk that wait for one person, gathered into one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.cards.gist import gist
from bot.cards.outcome import outcome_card
from bot.cards.progress import progress_words
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Approval

MOST_LINES = 10
_TITLE = 150  # characters of a question


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One question."""

    approval_id: str
    #: Of its payload, which an approval from here is made on.
    digest: str
    words: Words
    #: May it be approved without reading more?
    can_approve: bool
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one person is told at a time of theirs."""

    title: str
    lines: tuple[DigestLine, ...]
    #: How many questions wait beside those that are shown.
    more: int = 0


def digest_of(approvals: Sequence[Approval], *, reader: str, more: int = 0) -> Digest:
    """Gather questions; those that were answered meanwhile say so."""
    lines = tuple(_line(each, reader) for each in approvals[:MOST_LINES])
    rest = more + max(len(approvals) - MOST_LINES, 0)
    count = sum(each.is_open for each in approvals) + more
    many = "1 question of low risk waits" if count == 1 else f"{count} questions of low risk wait"
    title = f"{many} for you"
    return Digest(title=title if count else "Nothing waits here any more", lines=lines, more=rest)


def _line(approval: Approval, reader: str) -> DigestLine:
    title = Strong(cut(one_line(approval.title) or approval.node, _TITLE))
    told = gist(approval)
    # Below the title, as whoever approves from here goes by it.
    about: Words = ("\n", *told) if told else ()
    own = next((vote for vote in approval.votes if vote.by == reader), None)
    if not approval.is_open:
        card = outcome_card(approval)
        words: Words = (f"{card.icon} ", title, *about, "\n", *card.story[0])
    else:
        due: Words = ("decide by ", Moment(approval.due_at)) if approval.due_at else ()
        voted: Words = (f"your answer: {own.decision.value}",) if own else ()
        asked: Words = (f"{approval.graph}, asked by ", Person(approval.requester))
        # That the reader is waited for goes without saying.
        progress = progress_words(approval) if approval.votes else ()
        facts = join([asked, voted, progress, due, (Code(approval.ref),)])
        words = (title, *about, "\n", *facts)
    can_approve = approval.is_open and own is None and Decision.APPROVE in approval.decisions
    return DigestLine(
        approval_id=approval.id,
        digest=approval.digest,
        words=words,
        can_approve=can_approve,
        is_open=approval.is_open,
    )
