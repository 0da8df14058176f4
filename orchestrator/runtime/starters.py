"""Who may start runs of a graph, asked of the directory."""

from __future__ import annotations

from orchestrator.errors import ApproversError, DirectoryError, NotAStarterError
from orchestrator.graph.graph import Graph
from orchestrator.graph.policy import Approver, ApproverKind
from orchestrator.runtime.ports import Directory

_TERMINAL = "cli"
#: Surfaces on which the requester is a person; a program that calls the engine answers for itself.
PERSONAL = frozenset({"slack", _TERMINAL})


async def check_starter(
    graph: Graph, directory: Directory, person: str, *, surface: str, workspace: str = ""
) -> None:
    """Make sure that a person may start runs of a graph.

    Without a list everybody may but bots, guests, deactivated accounts and people of other
    organisations; these only where a list names them by their id. On the command line a user of
    the machine may, too, whom the directory does not know, if there is no list.

    Raises:
        NotAStarterError: They may not.
        ApproversError: The account is deactivated.
        DirectoryError: It could not be looked up, and no other name lets the person through.
    """
    if surface not in PERSONAL:
        return
    if graph.starters:
        await _check_list(graph, directory, person, workspace=workspace)
    if Approver(ApproverKind.USER, person) in graph.starters:
        return
    is_outside = await directory.is_outsider(person, workspace=workspace)
    if is_outside and (
        graph.starters
        or surface != _TERMINAL
        or await _is_known(person, directory, workspace=workspace)
    ):
        raise NotAStarterError(person, graph.id, ())


async def _check_list(graph: Graph, directory: Directory, person: str, *, workspace: str) -> None:
    failure: DirectoryError | None = None
    for starter in graph.starters:
        try:
            if person in await directory.members(starter, workspace=workspace):
                return
        except ApproversError:
            continue  # nobody stands behind that name
        except DirectoryError as error:
            failure = error
    raise failure or NotAStarterError(person, graph.id, [str(each) for each in graph.starters])


async def _is_known(person: str, directory: Directory, *, workspace: str) -> bool:
    try:
        await directory.members(Approver(ApproverKind.USER, person), workspace=workspace)
    except ApproversError:
        return False
    return True
