"""The chat surface: Bolt with our listeners, the connections, and a branch for each workspace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigurationError
from bot.slack.branch import Branch, Ways
from bot.slack.decisions import CLICK_TIMEOUT
from bot.slack.install.endings import register_endings
from bot.slack.install.installed import InstalledWorkspaces
from bot.slack.install.workspaces import OneWorkspace, Workspaces
from bot.slack.listeners import register_all
from bot.slack.listening import Tools
from bot.slack.seen import Seen
from bot.slack.sending.outbox import SenderStatistics
from bot.slack.sending.pacing import INTERVAL
from bot.slack.tasks import TaskKeeper
from bot.slack.transport.sockets import Sockets, SocketTiming
from bot.slack.workspace.connection import SlackWorkspace, library_log
from orchestrator.errors import StoreError
from orchestrator.runtime import Clock, Engine, SystemClock
from orchestrator.store import no_hook

#: Seconds that everything which is still being done gets when the surface stops.
GRACE = 5.0
#: Scope of the texts that say where the questions of each workspace go.
CHANNEL_SCOPE = "channel"
_CONNECT = 5.0  # seconds that starting waits for the first connection
_LOOK = 5.0  # seconds until what another process has changed about workspaces is seen
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackStatistics:
    """How the surface is doing, for health checks."""

    is_open: bool  #: it has begun to work
    is_identified: bool  #: the bot token was accepted
    wanted_connections: int  #: 0 without Socket Mode
    connections: int
    tasks: int  #: listeners and answers under way
    sender: SenderStatistics
    #: The sender of each workspace.
    senders: Sequence[SenderStatistics] = ()
    workspaces: int = 1
    #: What is wrong with some workspaces, by their name.
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Can people reach the bot?"""
        is_reached = self.connections > 0 or self.wanted_connections == 0
        return self.is_open and self.is_identified and is_reached and self.is_sending

    @property
    def is_sending(self) -> bool:
        """Can the bot write to at least one workspace?"""
        return not self.senders or any(each.paused is None for each in self.senders)


class SlackSurface:
    """Approvals in Slack. Enter it after the workspaces and the engine.

    Attributes:
        bolt: Bolt's application, which both transports feed.
        signing_secret: Checks HTTP requests; None: HTTP mode is off.
        tasks: Listeners and answers under way.
    """

    def __init__(  # noqa: PLR0913 - what a surface is wired with, all by keyword
        self,
        engine: Engine,
        workspace: SlackWorkspace | Workspaces,
        *,
        channel: str,
        app_token: str | None = None,
        signing_secret: str | None = None,
        command: str = "/signoff",
        clock: Clock | None = None,
        connections: int = 2,
        socket_timing: SocketTiming = SocketTiming(),  # noqa: B008 - frozen
        message_interval: float = INTERVAL,
        click_timeout: float = CLICK_TIMEOUT,
        fallback_channel: str | None = None,
        operators: Sequence[str] = (),
        hook: Callable[[str], None] = no_hook,
    ) -> None:
        """Set up; nothing is started.

        Args:
            engine: Made with `has_chat` and the workspaces' directory.
            workspace: Entered already; one, or all in which the app is installed.
            channel: Where questions go whose workspace has said nothing else: an id, or `#name`.
            app_token: For Socket Mode (`xapp-…`).
            signing_secret: For HTTP mode.
            command: The slash command of the app's manifest.
            clock: The engine's.
            connections: Of Socket Mode; Slack allows ten.
            socket_timing: How connections are watched.
            message_interval: Seconds between two messages to a channel.
            click_timeout: Seconds in which a click must be recorded.
            fallback_channel: Where questions go that cannot be asked where they belong.
            operators: Who gets them by direct message when that fails, too.
            hook: Called with the name of each point at which a process may be killed.

        Raises:
            ConfigurationError: There is neither an app token nor a signing secret.
        """
        if app_token is None and signing_secret is None:
            raise ConfigurationError(
                "Slack cannot reach the bot: set an app token (xapp-…) for Socket Mode, or a "
                "signing secret for HTTP"
            )
        self.signing_secret = signing_secret
        self.tasks = TaskKeeper()
        self._engine = engine
        self._workspaces: Workspaces = (
            OneWorkspace(workspace) if isinstance(workspace, SlackWorkspace) else workspace
        )
        self._channel = channel
        self._ways = Ways(
            command=command,
            message_interval=message_interval,
            click_timeout=click_timeout,
            fallback_channel=fallback_channel,
            operators=tuple(operators),
            clock=clock or SystemClock(),
            hook=hook,
        )
        self._app_token = app_token
        self._connections = connections
        self._socket_timing = socket_timing
        self._seen = Seen()
        self._branches: dict[str, Branch] = {}
        self.is_open = False
        self._keeping: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._sockets: Sockets | None = None
        self.bolt = self._make_bolt()
        if isinstance(self._workspaces, InstalledWorkspaces):
            register_endings(self.bolt, self._workspaces, self.tasks)
        register_all(self.bolt, self)

    def _make_bolt(self) -> AsyncApp:
        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            """Tell Bolt who the bot is without a call; Bolt's own way makes one per request.

            The token is left out: listeners use their workspace's client and never Bolt's.
            """
            branch = self._find_branch("", team_id, enterprise_id)
            me = branch.workspace.identity.found if branch else None
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_user_id=me.user_id if me else None,
                bot_id=me.bot_id if me else None,
            )

        return AsyncApp(
            name="signoff",
            logger=library_log,
            # Without a token, so that Bolt takes `authorize` and makes no auth.test of its own.
            client=AsyncWebClient(base_url=self._workspaces.api_url, logger=library_log),
            authorize=authorize,
            # Checked on the raw bytes by bot.slack.transport.http, before Bolt parses anything.
            request_verification_enabled=False,
        )

    @property
    def tools(self) -> Tools:
        """What listeners work with where there is one workspace; for tests."""
        (branch,) = self._branches.values()
        return branch.tools

    def find_tools(self, args: AsyncArgs) -> Tools | None:
        """See Branches: return the tools of the workspace that a request came from."""
        branch = self._find_branch("", *places_of(args.body, args.context))
        return branch.tools if branch else None

    def _find_branch(self, *names: str | None) -> Branch | None:
        found = (self._branches.get(name) for name in names if name is not None)
        return next((branch for branch in found if branch is not None), None)

    def statistics(self) -> SlackStatistics:
        """Return how the surface is doing."""
        serving = self._workspaces.serving
        senders = [branch.statistics() for branch in self._branches.values()]
        return SlackStatistics(
            is_open=self.is_open,
            is_identified=all(each.identity.found is not None for each in serving.values()),
            wanted_connections=self._connections if self._app_token else 0,
            connections=self._sockets.connected() if self._sockets else 0,
            tasks=len(self.tasks),
            sender=SenderStatistics.sum(senders),
            senders=senders,
            workspaces=len(serving),
            problems={**_pauses(senders), **self._workspaces.problems},
        )

    async def set_channel(self, workspace: str, channel: str) -> None:
        """Have the questions of a workspace asked in a channel from now on.

        Raises:
            StoreUnavailableError: Nothing was changed.
        """
        await self._engine.values.put(CHANNEL_SCOPE, workspace, channel)
        self._news.set()

    async def __aenter__(self) -> Self:
        """Start sending and listening. Slack may be away; then the bot goes on trying."""
        self._engine.on_delivery(self._wake)
        self._workspaces.on_change(self._news.set)
        await self._sync()
        self.is_open = True
        self._keeping = asyncio.get_running_loop().create_task(self._keep(), name="slack-branches")
        if self._app_token is not None:
            self._sockets = Sockets(
                self.bolt,
                self._workspaces.client,
                app_token=self._app_token,
                count=self._connections,
                timing=self._socket_timing,
            )
            await self._sockets.start(patience=_CONNECT)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop within about five seconds: first what people wait for, then the connections."""
        deadline = time.monotonic() + GRACE
        self.is_open = False
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        for branch in self._branches.values():
            branch.stop()
        # The connections stay open meanwhile, because answers to clicks go out on them.
        await self.tasks.drain(timeout=GRACE - 1)
        left = max(deadline - time.monotonic(), 0.1)
        await asyncio.gather(*(each.close(timeout=left) for each in self._branches.values()))
        if self._sockets is not None:
            await self._sockets.stop()
        _log.info("slack_stopped")

    def _wake(self) -> None:
        for branch in self._branches.values():
            branch.wake()

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_LOOK):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            await self._sync()

    async def _sync(self) -> None:
        """Have a branch for each workspace, which asks where the workspace wants it."""
        serving = self._workspaces.serving
        try:
            channels = await self._engine.values.list(CHANNEL_SCOPE)
        except StoreError as error:
            _log.warning("slack_channels_unknown", error=str(error))
            channels = {name: each.tools.channel for name, each in self._branches.items()}
        for name, branch in list(self._branches.items()):
            if serving.get(name) is not branch.workspace:
                del self._branches[name]
                await branch.close(timeout=GRACE)
                _log.info("slack_workspace_left", workspace=name)
        for name, workspace in serving.items():
            channel = channels.get(name) or self._channel
            known = self._branches.get(name)
            if known is None:
                self._branches[name] = self._open(workspace, channel)
            elif known.tools.channel != channel:
                await known.move(channel)

    def _open(self, workspace: SlackWorkspace, channel: str) -> Branch:
        name = workspace.name
        branch = Branch(
            self._engine.within(name) if name else self._engine,
            workspace,
            self.tasks,
            self._seen,
            channel=channel,
            ask_in=partial(self.set_channel, name),
            ways=self._ways,
        )
        branch.start()
        return branch


def _pauses(senders: Sequence[SenderStatistics]) -> dict[str, str]:
    return {
        each.workspace or "Slack": f"nothing is sent ({each.paused}); install the app again"
        for each in senders
        if each.paused is not None
    }


def places_of(body: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the workspaces that a request may be for, the likeliest first.

    In a channel that is shared with another organisation, `team` is the workspace of the person
    who acted, and what was acted on says where the bot put it from. Where the app is installed in
    a whole organisation, that stands for its workspaces.
    """
    message, view, user = (body.get(name) or {} for name in ("message", "view", "user"))
    return (
        message.get("team"),
        view.get("app_installed_team_id"),
        context.get("team_id"),
        context.get("enterprise_id"),
        user.get("team_id"),
        user.get("enterprise_id"),
    )
