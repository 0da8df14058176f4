"""The workspaces in which the app was installed, as they come and go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import EncryptionKeyError
from bot.slack.install.installs import UNINSTALLED, Installation, Installs
from bot.slack.install.oauth import OAuthApp
from bot.slack.install.renewal import Renewal, is_expired
from bot.slack.install.vault import Vault
from bot.slack.workspace.connection import SLACK_API, SlackWorkspace, library_log
from bot.slack.workspace.directory import TTL
from bot.slack.workspace.failures import Failure, describe
from bot.slack.workspace.identity import Identity
from orchestrator.errors import DirectoryError, StoreError
from orchestrator.graph import Approver
from orchestrator.runtime import Clock, SystemClock
from orchestrator.store import SurfaceValues

_LOOK = 5.0  # seconds until an installation by another process is seen
_TIMEOUT = 6  # seconds that a call may take
#: What Slack says of a token that was taken away.
_ENDED = frozenset({"account_inactive", "token_revoked", "invalid_auth", "not_authed"})
_log = structlog.get_logger(__name__)


class InstalledWorkspaces:
    """Opens a workspace for each installation. Enter it before the engine is made.

    Attributes:
        session: For calls to Slack.
        client: For calls with the app's own token, or with none.
        app: Gets and renews tokens.
        installs: What is stored of installations.
        directory: Who approvers' names stand for, each in the workspace of their run.
    """

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        values: SurfaceValues,
        vault: Vault,
        *,
        client_id: str,
        client_secret: str,
        api_url: str = SLACK_API,
        clock: Clock | None = None,
        directory_ttl: float = TTL,
    ) -> None:
        """Set up; nothing is read or opened.

        Args:
            values: Where installations are stored.
            vault: Encrypts them.
            client_id: The app's.
            client_secret: The app's.
            api_url: Slack's, or the simulator's.
            clock: Where instants come from.
            directory_ttl: Seconds that answers of Slack about people are believed.
        """
        library_log.setLevel(logging.WARNING)
        self.api_url = api_url
        self.installs = Installs(values, vault)
        self.directory = InstalledDirectory(self)
        self._credentials = (client_id, client_secret)
        self._clock = clock or SystemClock()
        self._ttl = directory_ttl
        self._open: dict[str, SlackWorkspace] = {}
        self._problems: dict[str, str] = {}
        self._changed: Callable[[], None] = _nothing
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.session: aiohttp.ClientSession
        self.client: AsyncWebClient
        self.app: OAuthApp

    @property
    def serving(self) -> Mapping[str, SlackWorkspace]:
        """See Workspaces."""
        return dict(self._open)

    @property
    def problems(self) -> Mapping[str, str]:
        """See Workspaces."""
        return dict(self._problems)

    def on_change(self, changed: Callable[[], None]) -> None:
        """See Workspaces."""
        self._changed = changed

    async def __aenter__(self) -> Self:
        """Open a workspace for each installation, and go on watching.

        Raises:
            EncryptionKeyError: What is stored cannot be read.
            StoreUnavailableError: It could not be read.
        """
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
        self.client = AsyncWebClient(
            base_url=self.api_url, session=self.session, logger=library_log, retry_handlers=[]
        )
        client_id, client_secret = self._credentials
        self.app = OAuthApp(self.client, client_id=client_id, client_secret=client_secret)
        self._renewal = Renewal(self.installs, self.app, self._clock)
        try:
            await self.look_again()
        except BaseException:
            await self._close()
            raise
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="slack-installs")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all of them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._close()

    async def _close(self) -> None:
        for workspace in self._open.values():
            await workspace.__aexit__(None, None, None)
        self._open.clear()
        await self.session.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.look_again()
            except (StoreError, EncryptionKeyError) as error:
                _log.warning("slack_installations_unreadable", error=str(error))
            except Exception:  # noqa: BLE001 - it must outlive whatever one look does to it
                _log.exception("slack_installations_failed")

    async def look_again(self) -> None:
        """See what has changed, and renew tokens that expire soon.

        Raises:
            EncryptionKeyError: What is stored cannot be read.
            StoreUnavailableError: It could not be read.
        """
        async with self._lock:
            found = await self.installs.list()
            due = [each.id for each in found if self._renewal.is_due(each)]
            if due:
                await asyncio.gather(*(self._renewal.renew(name) for name in due))
                found = await self.installs.list()
            if await self._follow(found):
                self._changed()

    async def _follow(self, found: list[Installation]) -> bool:
        """Open and close workspaces as installations say; return whether any came or went."""
        now = self._clock.now()
        problems = {each.id: _problem(each, expired=is_expired(each, now)) for each in found}
        self._problems = {name: text for name, text in problems.items() if text}
        alive = {each.id: each for each in found if each.is_alive}
        has_changed = False
        for name in [name for name in self._open if name not in alive]:
            await self._open.pop(name).__aexit__(None, None, None)
            has_changed = True
        for name, installation in alive.items():
            known = self._open.get(name)
            is_same = (
                known is not None
                and known.identity.found == _identity(installation)
                and known.installed_by == installation.installed_by
            )
            if known is not None and is_same:
                known.use_token(installation.token)
                continue
            if known is not None:
                await known.__aexit__(None, None, None)
            self._open[name] = await self._workspace(installation).__aenter__()
            has_changed = True
        return has_changed

    def _workspace(self, installation: Installation) -> SlackWorkspace:
        return SlackWorkspace(
            bot_token=installation.token,
            api_url=self.api_url,
            directory_ttl=self._ttl,
            name=installation.id,
            identity=_identity(installation),
            installed_by=installation.installed_by,
        )

    async def install(self, installation: Installation) -> None:
        """Store an installation, and begin to work there; a former one is replaced."""
        await self.installs.save(installation)
        _log.info(
            "slack_installed",
            workspace=installation.id,
            name=installation.name,
            by=installation.installed_by,
        )
        await self.look_again()

    async def end(self, workspace: str, *, why: str) -> None:
        """Work in a workspace no more, if Slack does not take its token any more.

        What waits to be sent there waits on, for the app may be installed again.
        """
        installation = await self.installs.find(workspace)
        if installation is None or (installation.ended and why != UNINSTALLED):
            return
        failure = await self._refusal(installation)
        if failure is None or failure.code not in _ENDED:
            # Events come late and twice: the app may have been installed again meanwhile.
            _log.info("slack_installation_stays", workspace=workspace, said=why)
            return
        await self.installs.change(workspace, partial(_ended, was=installation, why=why))
        _log.warning("slack_installation_ended", workspace=workspace, why=why)
        await self.look_again()

    async def _refusal(self, installation: Installation) -> Failure | None:
        client = AsyncWebClient(
            token=installation.token, base_url=self.api_url, session=self.session
        )
        try:
            await client.auth_test()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is described
            return describe(exc)
        return None


class InstalledDirectory:
    """The engine's directory: asks the workspace that a run belongs to."""

    def __init__(self, workspaces: InstalledWorkspaces) -> None:
        self._workspaces = workspaces

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See orchestrator.runtime.Directory."""
        return await self._find(workspace).directory.members(approver)

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
        """See orchestrator.runtime.Directory."""
        return await self._find(workspace).directory.is_outsider(person)

    def _find(self, name: str) -> SlackWorkspace:
        found = self._workspaces.serving.get(name)
        if found is not None:
            return found
        if name:
            raise DirectoryError(
                f"the app is not installed in the workspace {name}, so nobody can be looked up "
                "there; install it again"
            )
        raise DirectoryError(
            "the run belongs to no workspace, so nobody can be looked up; start runs in one"
        )


def _identity(installation: Installation) -> Identity:
    return Identity(
        team_id="" if installation.is_org else installation.id,
        user_id=installation.bot_user,
        bot_id=installation.bot_id,
        enterprise_id=installation.id if installation.is_org else installation.enterprise_id,
    )


def _ended(installation: Installation, *, was: Installation, why: str) -> Installation | None:
    if installation.ended and why == UNINSTALLED:
        # Slack sends both events then, in any order, and this one says more.
        return replace(installation, ended=why)
    if installation.token != was.token:
        return None  # it was installed again, or has ended, meanwhile
    return replace(
        installation,
        token="",
        refresh_token=None,
        expires_at=None,
        renewing_until=None,
        problem="",
        ended=why,
    )


def _problem(installation: Installation, *, expired: bool) -> str:
    if installation.ended:
        return f"{installation.ended}; install the app again"
    if expired:
        return installation.problem or "its token has expired; install the app again"
    return installation.problem


def _nothing() -> None:
    """Stand in for whoever wants to know."""
