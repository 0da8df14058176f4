"""The calls of one turn of an agent, which are asked about at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cards.values import cut, one_line
from bot.cards.words import Code, Words, join
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.store.records import Approval

#: Calls on a card; more are asked about on further cards.
MOST_CALLS = 5
_MOST = 6  # other calls that are named
_NAME = 40  # characters of a tool's name


def calls_of_turn(approval: Approval, approvals: Iterable[Approval]) -> tuple[Approval, ...]:
    """Return the tool calls that were asked about together with one, itself included.

    Args:
        approval: One of them.
        approvals: All approvals of the run, in the order in which they were opened.
    """
    if approval.kind is not ApprovalKind.TOOL:
        return ()
    frame = _frame(approval)
    return tuple(
        each
        for each in approvals
        if each.kind is ApprovalKind.TOOL
        and each.opened_at == approval.opened_at
        and _frame(each) == frame
    )


def calls_on_card(approval: Approval, turn: Sequence[Approval]) -> tuple[Approval, ...]:
    """Return the calls of a turn that belong on one card with a call, itself included.

    Only what is asked in the same channel can stand together. Of many, each card has about the
    same number.
    """
    here = [each for each in turn if each.channel == approval.channel]
    cards = -(-len(here) // MOST_CALLS)
    for number in range(cards):
        start, end = len(here) * number // cards, len(here) * (number + 1) // cards
        if approval.id in {each.id for each in here[start:end]}:
            return tuple(here[start:end])
    return (approval,)


def agent_of(approval: Approval) -> str:
    """Name the agent whose turn a call belongs to, with the numbers of items and rounds."""
    return one_line(_frame(approval)) or one_line(approval.graph)


def turn_notes(approval: Approval, turn: Sequence[Approval]) -> tuple[Words, ...]:
    """Say which call of the turn it is, and which are the others; nothing where it is alone."""
    ids = [each.id for each in turn]
    if len(ids) < 2 or approval.id not in ids:  # noqa: PLR2004 - alone
        return ()
    others = [each for each in turn if each.id != approval.id]
    is_same = len({each.node for each in turn}) == 1
    named: list[Words] = [
        ("" if is_same else f"{cut(one_line(each.node), _NAME)} ", Code(each.ref))
        for each in others[:_MOST]
    ]
    if len(others) > _MOST:
        named.append((f"{len(others) - _MOST} more",))
    place = f"Call {ids.index(approval.id) + 1} of {len(ids)} of this turn, each answered by itself"
    return ((f"{place} · the others: ", *join(named, ", ")),)


def _frame(approval: Approval) -> str:
    return approval.path.rpartition("/")[0]
