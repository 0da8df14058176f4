"""Who may decide, asked of the directory."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.graph import Graph
from orchestrator.graph.policy import ApproverKind, parse_approver
from orchestrator.runtime.ports import Directory


async def check_approvers(graph: Graph, directory: Directory) -> None:
    """Make sure that somebody stands behind every name in a graph.

    Raises:
        ApproversError: A name stands for nobody; the graph is named with it.
        DirectoryError: It could not be looked up.
    """
    for approver in graph.approvers:
        try:
            await directory.members(approver)
        except ApproversError as error:
            raise ApproversError(f"graph {graph.id!r} cannot be started: {error}") from error


async def find_entry(approvers: Sequence[str], person: str, directory: Directory) -> str | None:
    """Return the first entry of a list through which a person may decide, None without one.

    Names that need no look-up come first. A group that has become empty lets nobody through.

    Raises:
        DirectoryError: It could not be looked up, and no other entry lets the person through.
    """
    parsed = [(name, parse_approver(name)) for name in approvers]
    parsed.sort(key=lambda entry: entry[1].kind is not ApproverKind.USER)
    failure: DirectoryError | None = None
    for name, approver in parsed:
        try:
            members = await directory.members(approver)
        except ApproversError:
            continue
        except DirectoryError as error:
            failure = error
            continue
        if person in members:
            return name
    if failure is not None:
        raise failure
    return None
