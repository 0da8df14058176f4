"""What waits for one person: open questions that they may decide now, by policy and directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.cards.progress import standing_of
from bot.slack.people.scanning import look_through
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.core.policy import FAVOURABLE, Click, names_of_stage, refuse_person
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.graph import Graph
from orchestrator.graph.policy import Approver
from orchestrator.runtime import Engine
from orchestrator.store import Position
from orchestrator.store.records import Approval

#: Questions that are kept at hand for a person at most.
MOST = 100
_Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a person."""

    approvals: tuple[Approval, ...]
    #: Where to go on; None: there is nothing more.
    after: Position | None = None
    #: How many open questions were looked through where that ended it; None: they are all there
    #: is, or as many as were wanted.
    looked: int | None = None


class Inbox:
    """Finds what waits for a person; memberships come from the directory's cache."""

    def __init__(self, engine: Engine, directory: SlackDirectory, *, workspace: str = "") -> None:
        self._engine = engine
        self._directory = directory
        self._workspace = workspace

    async def of(self, person: str, *, after: Position | None = None, most: int = MOST) -> Waiting:
        """Return what waits for a person, the oldest deadline first.

        Args:
            person: Who.
            after: Behind which place in all open questions to begin.
            most: The most that are returned.
        """

        async def fetch(last: Approval | None, limit: int) -> list[Approval]:
            place = Position.of(last) if last is not None else after
            return await self._engine.list_pending(after=place, limit=limit)

        page = await look_through(fetch, await self.judge(person), most=most)
        place = Position.of(page.last) if page.last is not None else None
        return Waiting(approvals=page.found, after=place, looked=page.looked)

    async def judge(self, person: str) -> Callable[[Approval], Awaitable[bool]]:
        """Return what says of open questions whether they wait for a person."""
        known: dict[Approver, bool] = {}
        is_outsider = await self.is_outsider(person)

        async def is_theirs(approval: Approval) -> bool:
            if approval.run.workspace != self._workspace:
                return False
            graph = self._engine.graphs.get(approval.graph)
            entries = list(_entries(approval, graph))
            for each in entries:
                if each not in known:
                    known[each] = await self._is_among(person, each)
            names = frozenset(str(each) for each in entries if known[each])
            return is_asked(approval, person, names, is_outsider=is_outsider, graph=graph)

        return is_theirs

    async def names_of(self, person: str, entries: Iterable[Approver]) -> _Names:
        """Return those entries, by name, that stand for a person; unknown ones are left out."""
        wanted = list(dict.fromkeys(entries))
        known = await asyncio.gather(*(self._is_among(person, each) for each in wanted))
        return frozenset(str(each) for each, is_in in zip(wanted, known, strict=True) if is_in)

    async def _is_among(self, person: str, approver: Approver) -> bool:
        if str(approver) == person:
            return True
        try:
            return person in await self._directory.members(approver)
        except (ApproversError, DirectoryError):
            return False

    async def is_outsider(self, person: str) -> bool:
        """Is it a guest, an app, or somebody of another organisation? In doubt it is."""
        try:
            return await self._directory.is_outsider(person)
        except (ApproversError, DirectoryError):
            return True


def is_asked(
    approval: Approval,
    person: str,
    names: _Names,
    *,
    is_outsider: bool = False,
    graph: Graph | None = None,
) -> bool:
    """Is a person's answer one that an open question waits for?

    Args:
        approval: The question.
        person: Who.
        names: Entries of policies that stand for the person.
        is_outsider: Is the person a guest, or from another organisation?
        graph: The graph, whose operators decide where a policy names nobody.
    """
    if not approval.policy.everybody():
        operators = graph.operators if graph is not None else ()
        return bool(names & set(map(str, operators)))
    click = _click(approval, person, names, is_outsider=is_outsider)
    has_voted = any(
        vote.seat == click.seat and vote.stage == approval.stage and vote.decision in FAVOURABLE
        for vote in approval.votes
    )
    waiting = set(standing_of(approval).waiting) or set(approval.approvers)
    is_missing = bool(waiting & {*click.via, click.seat})
    refusal = refuse_person(
        approval.policy,
        approval.votes,
        approval.stage,
        click,
        requester=approval.requester,
        editor=approval.editor,
    )
    return is_missing and not has_voted and refusal is None


def _click(approval: Approval, person: str, names: _Names, *, is_outsider: bool) -> Click:
    """Return the favourable decision that a person would give."""
    via = tuple(name for name in map(str, approval.policy.everybody()) if name in names)
    seat = person
    delegation = approval.delegations.get(person)
    stages = range(len(approval.policy.stages))
    if delegation is not None and not any(
        names_of_stage(approval.policy, number) & set(via) for number in stages
    ):
        seat, via = delegation.seat, (*via, *delegation.via)
    return Click(
        by=person,
        decision=approval.decisions[0],
        via=via,
        seat=seat,
        is_outsider=is_outsider,
    )


def _entries(approval: Approval, graph: Graph | None) -> Iterable[Approver]:
    yield from approval.policy.everybody()
    if graph is not None and not approval.policy.everybody():
        yield from graph.operators
