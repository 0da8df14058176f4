"""Whom a command is about, and in which workspace, found by the names that people type."""

from __future__ import annotations

from bot.app import Desk
from bot.errors import ConfigurationError
from orchestrator.errors import ApproversError
from orchestrator.graph import ApproverKind, parse_approver


def choose_workspace(desk: Desk, name: str | None) -> str:
    """Return the workspace that a run is to belong to.

    Args:
        desk: Where to look.
        name: The one that was asked for; None: the only one.

    Raises:
        ConfigurationError: It is not installed, or there are several to choose from.
    """
    if desk.workspaces is None:
        if name:
            raise ConfigurationError(
                "there is only the workspace of SLACK_BOT_TOKEN; leave --workspace out"
            )
        return ""
    known = ", ".join(desk.workspaces) or "none"
    if name in desk.workspaces:
        return str(name)
    if name is not None:
        raise ConfigurationError(
            f"the app is not installed in the workspace {name}; it is in: {known}"
        )
    if len(desk.workspaces) != 1:
        raise ConfigurationError(
            f"say with --workspace which one; the app is installed in: {known}"
        )
    return desk.workspaces[0]


async def resolve_person(desk: Desk, name: str, *, workspace: str = "") -> str:
    """Return the id of the person who is to be recorded as having done something.

    Whether they may is for the engine to say.

    Args:
        desk: Where to look.
        name: A user id or an e-mail address.
        workspace: The one that they belong to.

    Raises:
        ApproversError: The name stands for no single person who may decide anything.
        DirectoryError: The name is an e-mail address and Slack cannot be asked.
    """
    try:
        wanted = parse_approver(name)
    except ValueError as error:
        raise ApproversError(str(error)) from error
    if wanted.kind in {ApproverKind.GROUP, ApproverKind.CHANNEL}:
        what = wanted.kind.value
        raise ApproversError(
            f"{name} is a {what}, and this takes one person; give a user id or an e-mail address"
        )
    (person,) = await desk.people.members(wanted, workspace=workspace)
    return person
