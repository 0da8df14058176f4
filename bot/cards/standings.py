"""How far a run is at each place of its graph, all visits, items and rounds taken together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.cards.tree import Body, Visit, VisitStatus, grow, walk
from orchestrator.core.events import Record
from orchestrator.graph.graph import address_of


class Mark(StrEnum):
    """What stands before a node in a picture; each is one column wide in any font."""

    DONE = "✓"
    RUNNING = "►"
    WAITING = "◆"
    HERE = "○"  #: something inside goes on
    SKIPPED = "-"
    FAILED = "✗"
    STOPPED = "⊘"
    COMING = "·"

    @property
    def is_live(self) -> bool:
        """Does something go on there?"""
        return self in {Mark.RUNNING, Mark.WAITING, Mark.HERE}


_MARKS = {
    VisitStatus.READY: Mark.RUNNING,
    VisitStatus.RUNNING: Mark.RUNNING,
    VisitStatus.RETRYING: Mark.RUNNING,
    VisitStatus.WAITING: Mark.WAITING,
    VisitStatus.ACTIVE: Mark.HERE,
    VisitStatus.SUCCEEDED: Mark.DONE,
    VisitStatus.SKIPPED: Mark.SKIPPED,
    VisitStatus.LEFT: Mark.SKIPPED,
    VisitStatus.FAILED: Mark.FAILED,
    VisitStatus.STOPPED: Mark.STOPPED,
}
#: Of several visits of a node the one that asks for attention is shown.
_FIRST = (VisitStatus.WAITING, VisitStatus.RETRYING, VisitStatus.RUNNING, VisitStatus.READY)
_MOST = 2  # references of approvals beside a node
_UNDO = "!undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the run is at a place."""

    mark: Mark
    words: str = ""


def standings(records: Sequence[Record], places: Collection[str]) -> dict[str, Standing]:
    """Return how far a run is, by the address of each node that it has come to.

    Args:
        records: The run's log, from its first event on; empty: only its places are known.
        places: Paths of the nodes that are being visited.
    """
    found = {
        each: Standing(mark=Mark.HERE) for place in places for each in _around(address_of(place))
    }
    if not records:
        return found
    visits: dict[str, list[Visit]] = {}
    for visit in _visits(grow(records, places)):
        visits.setdefault(address_of(visit.path), []).append(visit)
    return found | {address: _standing(each) for address, each in visits.items()}


def _around(address: str) -> Iterator[str]:
    """Yield an address and those of the composites around it."""
    yield address
    while address:
        address = address.rpartition("/")[0]
        address = address.rpartition("[")[0] if address.endswith("]") else address
        if address:
            yield address


def _visits(root: Body) -> Iterator[Visit]:
    return (each for _, each in walk(root) if isinstance(each, Visit))


def _standing(visits: Sequence[Visit]) -> Standing:
    forward = [each for each in visits if not each.path.endswith(_UNDO)]
    live = [each for each in forward if each.is_live]
    newest = (forward or visits)[-1]
    shown = next((each for status in _FIRST for each in live if each.status is status), None)
    chosen = shown or (live[-1] if live else newest)
    words = [*_words(chosen, live), *_taken_back(visits)]
    return Standing(mark=_MARKS[chosen.status], words=", ".join(words))


def _words(visit: Visit, live: Sequence[Visit]) -> Iterator[str]:
    waits = [ref for each in live for ref in each.waits_for]
    if waits:
        rest = len(waits) - _MOST
        yield " ".join(waits[:_MOST]) + (f" and {rest} more" if rest > 0 else "")
    if visit.status is VisitStatus.RETRYING:
        yield f"try {visit.attempt} failed"
    if visit.expected > 1:
        yield f"{sum(body.is_over for body in visit.bodies)} of {visit.expected} done"
    elif any(body.key.isdecimal() for body in visit.bodies):
        yield f"round {len(visit.bodies)}"


def _taken_back(visits: Iterable[Visit]) -> Iterator[str]:
    ends = {VisitStatus.SUCCEEDED: "taken back", VisitStatus.FAILED: "not taken back"}
    for each in list(visits)[-1:]:
        if each.path.endswith(_UNDO) and each.status in ends:
            yield ends[each.status]
