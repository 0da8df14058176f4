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
#: Members of each name who are looked up first; as a rule they are enough.
_FIRST = 8
_NAMED = 5  # people in a refusal


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
        return person == name or await _is_full_member(person, directory, workspace)

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
            reason = await why_unanswerable(
                gate.policy, members, directory, requester=requester, workspace=workspace
            )
            if reason is not None:
                raise ApproversError(
                    f"graph {graph.id!r} cannot be started by {requester}: nobody could answer the "
                    f"{kind.value} question of node {node.id!r}: {reason}"
                )


async def why_unanswerable(
    policy: Policy,
    members: Members,
    directory: Directory,
    *,
    requester: str,
    workspace: str = "",
) -> str | None:
    """Say why those behind a policy's names can never satisfy it, with a remedy; None: they can.

    Only who may decide is counted: nobody deactivated, and bots, guests and people from outside
    only by their own id, where the policy lets outsiders decide. People are looked up until those
    found are enough.

    Raises:
        DirectoryError: It could not be looked up.
    """
    reason = why_unsatisfiable(policy, members, requester=requester)
    if reason is not None:
        return reason
    names = [name for name in dict.fromkeys(map(str, policy.everybody())) if name in members]
    whole = _needed_whole(policy)
    people = {name: sorted(members[name]) for name in names}
    full: dict[str, bool] = {}
    number = _FIRST
    while True:
        seen = {name: all_ if name in whole else all_[:number] for name, all_ in people.items()}
        unknown = sorted({each for some in seen.values() for each in some} - full.keys())
        if len(unknown) == 1:  # needs no task
            full[unknown[0]] = await _is_full_member(unknown[0], directory, workspace)
        else:
            answers = [_is_full_member(each, directory, workspace) for each in unknown]
            full.update(zip(unknown, await asyncio.gather(*answers), strict=True))
        may = {
            name: frozenset(
                each for each in some if full[each] or (policy.outsiders and each == name)
            )
            for name, some in seen.items()
        }
        barred = sorted(name for name in whole & full.keys() if not may[name])
        is_less = any(may[name] != members[name] for name in names)
        reason = why_unsatisfiable(policy, may, requester=requester) if is_less else None
        if barred or (reason is not None and seen == people):
            out = [each for each, is_full in full.items() if not is_full]
            return _with_those_left_out(reason, barred, out)
        if reason is None:
            return None
        number *= _FIRST


async def _is_full_member(person: str, directory: Directory, workspace: str) -> bool:
    try:
        return not await directory.is_outsider(person, workspace=workspace)
    except ApproversError:  # deactivated
        return False


def _with_those_left_out(reason: str | None, barred: list[str], out: list[str]) -> str:
    if barred:
        reason = f"it waits for {', '.join(barred)} in vain; take them out, or name others"
    if not out:
        return str(reason)
    shown = ", ".join(out[:_NAMED]) + (
        f" and {len(out) - _NAMED} more" if len(out) > _NAMED else ""
    )
    return (
        f"{reason} ({shown} may not decide: deactivated, a bot, a guest, or from outside, who may "
        "only where their own id is named and the policy has outsiders=True)"
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
