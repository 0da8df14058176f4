"""Who may decide, asked of the directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from orchestrator.core.policy import why_unsatisfiable
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.graph import Graph
from orchestrator.graph.policy import Approver, Policy
from orchestrator.runtime.ports import Directory

#: Ids of the people behind each entry of a policy, by its name.
Members = Mapping[str, frozenset[str]]
#: The same for the entries that everybody must approve of, as a decision records it.
Rosters = Mapping[str, tuple[str, ...]]


async def facts(
    policy: Policy, person: str, directory: Directory, *, workspace: str = ""
) -> tuple[tuple[str, ...], Rosters]:
    """Look up what a policy needs to know when a person decides.

    Returns:
        The entries that the person belongs to, veto and break-glass included; and the members of
        the entries that everybody must approve of. A group that has become empty lets nobody
        through.

    Raises:
        DirectoryError: The members of an entry that everybody must approve of could not be looked
            up; or another entry could not, and no entry of a stage lets the person through.
    """
    members, failures = await _look_up(policy.everybody(), directory, workspace)
    everybody = _needed_whole(policy)
    via = tuple(name for name, people in members.items() if person in people)
    is_let_through = bool(set(map(str, policy.approvers())) & set(via))
    for name, error in failures.items():
        if name in everybody or not is_let_through:
            raise error
    rosters = {
        name: tuple(sorted(await _asked(name, members[name], directory, workspace)))
        for name in members
        if name in everybody
    }
    return via, rosters


async def _asked(
    name: str, members: frozenset[str], directory: Directory, workspace: str
) -> frozenset[str]:
    """Return those of an entry whose approval is waited for; outsiders only by their own id.

    They may not decide through a group or a channel, and would be waited for in vain.
    """

    async def may_answer(person: str) -> bool:
        if person == name:
            return True
        try:
            return not await directory.is_outsider(person, workspace=workspace)
        except ApproversError:  # deactivated
            return False

    people = sorted(members)
    answers = await asyncio.gather(*(may_answer(person) for person in people))
    return frozenset(person for person, may in zip(people, answers, strict=True) if may)


def _needed_whole(policy: Policy) -> set[str]:
    """Return the entries all of whose people must approve."""
    return {
        str(each)
        for stage in policy.stages
        for slot in stage.slots
        if slot.count is None
        for each in slot.approvers
    }


async def check_graph(
    graph: Graph, directory: Directory, requester: str, *, workspace: str = ""
) -> None:
    """Make sure, before a run starts, that its questions can be answered.

    Somebody stands behind every name, and every policy that is declared, and not computed, can be
    satisfied by the people behind its names.

    Raises:
        ApproversError: Not so; the graph is named, with what to do.
        DirectoryError: It could not be looked up.
    """
    members: dict[str, frozenset[str]] = {}
    for approver in graph.approvers:
        try:
            members[str(approver)] = await directory.members(approver, workspace=workspace)
        except ApproversError as error:
            raise ApproversError(f"graph {graph.id!r} cannot be started: {error}") from error
    for node in graph.every_node():
        for kind, gate in getattr(node, "gates", ()):
            if not isinstance(gate.policy, Policy):
                continue
            asked = {
                name: await _asked(name, members[name], directory, workspace)
                for name in _needed_whole(gate.policy)
            }
            reason = why_unsatisfiable(gate.policy, members | asked, requester=requester)
            if reason is not None:
                raise ApproversError(
                    f"graph {graph.id!r} cannot be started by {requester}: nobody could answer the "
                    f"{kind.value} question of node {node.id!r}: {reason}"
                )


async def _look_up(
    approvers: Iterable[Approver], directory: Directory, workspace: str
) -> tuple[Members, Mapping[str, DirectoryError]]:
    """Return who stands behind each name, and what could not be looked up."""
    members: dict[str, frozenset[str]] = {}
    failures: dict[str, DirectoryError] = {}
    for approver in approvers:
        try:
            members[str(approver)] = await directory.members(approver, workspace=workspace)
        except ApproversError:
            members[str(approver)] = frozenset()
        except DirectoryError as error:
            failures[str(approver)] = error
    return members, failures
