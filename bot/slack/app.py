"""The chat surface: Bolt with our listeners, the connections, and the sender."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigurationError
from bot.slack.calls import Calls
from bot.slack.decisions import CLICK_TIMEOUT, Decisions
from bot.slack.history import History
from bot.slack.links import Links
from bot.slack.listeners import register_all
from bot.slack.listening import Tools
from bot.slack.outbox import Sender, SenderStatistics
from bot.slack.pacing import INTERVAL, Pacer
from bot.slack.preferences import Preferences
from bot.slack.replies import Replies
from bot.slack.seen import Seen
from bot.slack.sockets import Sockets, SocketTiming
from bot.slack.starting import Starts
from bot.slack.tasks import TaskKeeper
from bot.slack.threads import Threads
from bot.slack.workspace import SlackWorkspace, library_log
from orchestrator.runtime import Clock, Engine, SystemClock
from orchestrator.store import no_hook

#: Seconds that everything which is still being done gets when the surface stops.
GRACE = 5.0
_CONNECT = 5.0  # seconds that starting waits for the first connection
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackStatistics:
    """How the surface is doing, for health checks."""

    is_identified: bool  #: the bot token was accepted
    wanted_connections: int  #: 0 without Socket Mode
    connections: int
    tasks: int  #: listeners and answers under way
    sender: SenderStatistics

    @property
    def is_ready(self) -> bool:
        """Can people reach the bot?"""
        return self.is_identified and (self.connections > 0 or self.wanted_connections == 0)


class SlackSurface:
    """Approvals in Slack. Enter it after the workspace and the engine.

    Attributes:
        bolt: Bolt's application, which both transports feed.
        signing_secret: Checks HTTP requests; None: HTTP mode is off.
        tools: What the listeners work with.
    """

    def __init__(  # noqa: PLR0913 - what a surface is wired with, all by keyword
        self,
        engine: Engine,
        workspace: SlackWorkspace,
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
        hook: Callable[[str], None] = no_hook,
    ) -> None:
        """Set up; nothing is started.

        Args:
            engine: Made with `has_chat` and the workspace's directory.
            workspace: Entered already.
            channel: Where questions go: an id, or `#name`.
            app_token: For Socket Mode (`xapp-…`).
            signing_secret: For HTTP mode.
            command: The slash command of the app's manifest.
            clock: The engine's.
            connections: Of Socket Mode; Slack allows ten.
            socket_timing: How connections are watched.
            message_interval: Seconds between two messages to a channel.
            click_timeout: Seconds in which a click must be recorded.
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
        self._engine = engine
        self._workspace = workspace
        self._app_token = app_token
        self._connections = connections
        self._socket_timing = socket_timing
        self._tasks = TaskKeeper()
        self._starts = Starts(engine, self._tasks, seconds=click_timeout)
        self._preferences = Preferences(engine, clock or SystemClock())
        self._links = Links(engine, workspace.client)
        self.bolt = self._make_bolt()
        self._sockets: Sockets | None = None
        self._sender_task: asyncio.Task[None] | None = None
        self._sender = Sender(
            engine,
            Calls(workspace.sender, workspace.directory),
            History(workspace.client, workspace.channels),
            Threads(engine, workspace.directory),
            channel=channel,
            clock=clock or SystemClock(),
            pacer=Pacer(interval=message_interval),
            hook=hook,
        )
        decisions = Decisions(
            engine, workspace.directory, workspace.identity, self._tasks, seconds=click_timeout
        )
        self.tools = Tools(
            engine=engine,
            client=workspace.client,
            directory=workspace.directory,
            decisions=decisions,
            starts=self._starts,
            replies=Replies(workspace.client, workspace.directory, workspace.session),
            preferences=self._preferences,
            links=self._links,
            tasks=self._tasks,
            seen=Seen(),
            command=command,
            channel=channel,
        )
        register_all(self.bolt, self.tools)

    def _make_bolt(self) -> AsyncApp:
        identity = self._workspace.identity

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return identity.authorize_result(enterprise_id, team_id)

        return AsyncApp(
            name="signoff",
            logger=library_log,
            # Without a token, so that Bolt takes `authorize` and makes no auth.test of its own.
            client=AsyncWebClient(base_url=self._workspace.api_url, logger=library_log),
            authorize=authorize,
            # Checked on the raw bytes by bot.slack.http, before Bolt parses anything.
            request_verification_enabled=False,
        )

    def statistics(self) -> SlackStatistics:
        """Return how the surface is doing."""
        return SlackStatistics(
            is_identified=self._workspace.identity.found is not None,
            wanted_connections=self._connections if self._app_token else 0,
            connections=self._sockets.connected() if self._sockets else 0,
            tasks=len(self._tasks),
            sender=self._sender.statistics(),
        )

    async def __aenter__(self) -> Self:
        """Start sending and listening. Slack may be away; then the bot goes on trying."""
        self._engine.on_delivery(self._sender.wake)
        loop = asyncio.get_running_loop()
        self._sender_task = loop.create_task(self._sender.run(), name="slack-sender")
        if self._app_token is not None:
            self._sockets = Sockets(
                self.bolt,
                self._workspace.sender,
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
        self._sender.stop()
        # The connections stay open meanwhile, because answers to clicks go out on them.
        await self._tasks.drain(timeout=GRACE - 1)
        await self._starts.close()
        if self._sender_task is not None:
            await _end(self._sender_task, max(deadline - time.monotonic(), 0.1))
        if self._sockets is not None:
            await self._sockets.stop()
        _log.info("slack_stopped")


async def _end(task: asyncio.Task[None], seconds: float) -> None:
    _, late = await asyncio.wait({task}, timeout=seconds)
    if late:
        task.cancel()
        await asyncio.wait(late, timeout=1)
