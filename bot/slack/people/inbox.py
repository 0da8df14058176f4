"""What waits for one person: open questions that they may decide now, by policy and directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cards.progress import standing_of
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.core.policy import FAVOURABLE, Click, names_of_stage, refuse_person
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.graph import Graph
from orchestrator.graph.policy import Approver
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval

#: Open questions that are looked through, those with the nearest deadline first.
REACH = 500
_Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a person."""

    approvals: tuple[Approval, ...]
    #: Are there more open questions than were looked through?
    is_cut: bool = False


class Inbox:
    """Finds what waits for a person; memberships come from the directory's cache."""

    def __init__(self, engine: Engine, directory: SlackDirectory, *, workspace: str = "") -> None:
        self._engine = engine
        self._directory = directory
        self._workspace = workspace

    async def of(self, person: str) -> Waiting:
        """Return what waits for a person, the oldest deadline first."""
        found = await self._engine.list_pending(limit=REACH + 1)
        here = [each for each in found[:REACH] if each.run.workspace == self._workspace]
        names = await self.names_of(person, _entries(here, self._engine.graphs))
        is_outsider = await self.is_outsider(person)
        waiting = tuple(
            approval
            for approval in here
            if is_asked(
                approval,
                person,
                names,
                is_outsider=is_outsider,
                graph=self._engine.graphs.get(approval.graph),
            )
        )
        return Waiting(approvals=waiting, is_cut=len(found) > REACH)

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


def _entries(approvals: Sequence[Approval], graphs: Mapping[str, Graph]) -> Iterable[Approver]:
    for approval in approvals:
        yield from approval.policy.everybody()
        graph = graphs.get(approval.graph)
        if graph is not None and not approval.policy.everybody():
            yield from graph.operators
