"""People, for commands that do not serve."""

from __future__ import annotations

import asyncio

from bot.slack.install.installed import InstalledWorkspaces
from bot.slack.workspace.connection import SlackWorkspace
from bot.slack.workspace.failures import describe
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph import Approver, ApproverKind

#: Seconds that a command waits for Slack to say who the bot is.
_SLACK_PATIENCE = 10.0


class SlackPeople:
    """Asks Slack; while Slack is away, people who are named by their ids can still decide."""

    def __init__(self, workspace: SlackWorkspace) -> None:
        self._workspace = workspace
        self._failure: DirectoryError | None = None
        self._is_known = False

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:  # noqa: ARG002 - the port's
        """See Directory."""
        await self._find_out()
        if self._failure is None:
            return await self._workspace.directory.members(approver)
        if approver.kind is ApproverKind.USER:
            return frozenset({approver.name})
        raise self._failure

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:  # noqa: ARG002 - the port's
        """See Directory."""
        await self._find_out()
        if self._failure is not None:
            return False  # as without Slack
        return await self._workspace.directory.is_outsider(person)

    async def _find_out(self) -> None:
        """Find out, once, whether Slack answers; the directory has to know who the bot is."""
        if self._is_known:
            return
        try:
            async with asyncio.timeout(_SLACK_PATIENCE):
                await self._workspace.client.auth_test()
                await self._workspace.identity.learn()
        except Exception as error:  # noqa: BLE001 - whatever it is, Slack cannot be asked
            failure = describe(error)
            fix = failure.fix or "check SLACK_API_URL and try again"
            self._failure = DirectoryError(
                f"Slack could not be asked who may decide ({failure.code}); {fix}"
            )
        self._is_known = True


class InstalledPeople:
    """Asks the workspace of a run; where the app is not any more, ids stand for themselves."""

    def __init__(self, workspaces: InstalledWorkspaces) -> None:
        self._workspaces = workspaces

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See Directory. Without a workspace, an address is looked up in all of them."""
        if not workspace and approver.kind is ApproverKind.EMAIL:
            return await self._anywhere(approver)
        if workspace in self._workspaces.serving or approver.kind is not ApproverKind.USER:
            return await self._workspaces.directory.members(approver, workspace=workspace)
        return frozenset({approver.name})

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
        """See Directory."""
        if workspace in self._workspaces.serving:
            return await self._workspaces.directory.is_outsider(person, workspace=workspace)
        return False  # as without Slack

    async def _anywhere(self, approver: Approver) -> frozenset[str]:
        found: set[str] = set()
        reason: ApproversError | None = None
        for name in self._workspaces.serving:
            try:
                found |= await self._workspaces.directory.members(approver, workspace=name)
            except ApproversError as error:
                reason = error
        if len(found) > 1:
            raise ApproversError(
                f"{approver} is somebody in several workspaces; give one of the ids "
                f"{', '.join(sorted(found))}"
            )
        if not found:
            raise reason or DirectoryError("the app is installed nowhere; give a user id")
        return frozenset(found)
