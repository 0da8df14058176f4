"""The bot at work in one workspace: what its listeners use there, and its sender."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from bot.slack.decisions import CLICK_TIMEOUT, Decisions
from bot.slack.listening import Tools
from bot.slack.people.preferences import Preferences
from bot.slack.replies import Replies
from bot.slack.seen import Seen
from bot.slack.sending.outbox import Sender, SenderStatistics
from bot.slack.sending.pacing import INTERVAL, Pacer
from bot.slack.sending.senders import make_sender
from bot.slack.starting import Starts
from bot.slack.steps import Steps
from bot.slack.tasks import TaskKeeper
from bot.slack.workspace.connection import SlackWorkspace
from bot.slack.workspace.links import Links
from orchestrator.runtime import Clock, Engine, SystemClock
from orchestrator.store import no_hook

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How the bot works, in every workspace alike."""

    command: str = "/signoff"  #: the slash command of the app's manifest
    message_interval: float = INTERVAL  #: seconds between two messages to a channel
    click_timeout: float = CLICK_TIMEOUT  #: seconds in which a click must be recorded
    fallback_channel: str | None = None  #: where questions go that cannot be asked elsewhere
    operators: tuple[str, ...] = ()  #: who gets them by direct message when that fails, too
    clock: Clock = SystemClock()  # noqa: RUF009 - it has no state
    hook: Callable[[str], None] = no_hook


class Branch:
    """One workspace.

    Attributes:
        workspace: The connection to it.
        tools: What the listeners work with.
    """

    def __init__(  # noqa: PLR0913 - what it is wired with
        self,
        engine: Engine,
        workspace: SlackWorkspace,
        tasks: TaskKeeper,
        seen: Seen,
        *,
        channel: str,
        ask_in: Callable[[str], Awaitable[None]],
        ways: Ways,
    ) -> None:
        """Set up; nothing is sent before `start`.

        Args:
            engine: The engine as the workspace sees it.
            workspace: Entered already.
            tasks: What runs beside the requests of all workspaces.
            seen: Requests of all workspaces that were handled a moment ago.
            channel: Where questions go.
            ask_in: Remembers another channel for them; `move` is called then.
            ways: How the bot works.
        """
        self.workspace = workspace
        self._engine = engine
        self._ways = ways
        self._pacer = Pacer(interval=ways.message_interval)
        self._starts = Starts(engine, tasks, seconds=ways.click_timeout, workspace=workspace.name)
        self._task: asyncio.Task[None] | None = None
        self._steps = Steps(engine, workspace.sender, self._starts, workspace=workspace.name)
        self._stepping: asyncio.Task[None] | None = None
        directory = workspace.directory
        self.tools = Tools(
            engine=engine,
            workspace=workspace.name,
            client=workspace.client,
            directory=directory,
            decisions=Decisions(
                engine, directory, workspace.identity, tasks, seconds=ways.click_timeout
            ),
            starts=self._starts,
            replies=Replies(workspace.client, directory, workspace.session),
            preferences=Preferences(engine, ways.clock, workspace.name),
            links=Links(engine, workspace.client),
            tasks=tasks,
            seen=seen,
            command=ways.command,
            channel=channel,
            operators=ways.operators,
            ask_in=ask_in,
            installed_by=workspace.installed_by,
            steps=self._steps,
        )
        self._sender = self._make_sender(channel)
        workspace.on_new_token(self._resume)

    def _resume(self) -> None:
        self._sender.resume()

    def _make_sender(self, channel: str) -> Sender:
        return make_sender(
            self._engine,
            self.workspace,
            channel=channel,
            fallback=self._ways.fallback_channel,
            operators=self._ways.operators,
            preferences=self.tools.preferences,
            links=self.tools.links,
            clock=self._ways.clock,
            pacer=self._pacer,
            hook=self._ways.hook,
        )

    def statistics(self) -> SenderStatistics:
        """Return what the sender has done."""
        return self._sender.statistics()

    def wake(self) -> None:
        """Have the sender look for deliveries now."""
        self._sender.wake()

    def resume(self) -> None:
        """Send again at once, because the workspace has a new token."""
        self._sender.resume()

    def start(self) -> None:
        """Begin to send, and to go on with the steps of workflows."""
        loop = asyncio.get_running_loop()
        name = self.workspace.name
        self._task = loop.create_task(self._sender.run(), name=f"slack-sender-{name}")
        if self._stepping is None:
            self._stepping = loop.create_task(self._steps.run(), name=f"slack-steps-{name}")

    def stop(self) -> None:
        """Send nothing more after what is being sent."""
        self._sender.stop()

    async def close(self, *, timeout: float) -> None:
        """Wait until nothing is sent or started any more, `timeout` seconds at most."""
        if self._stepping is not None:
            self._stepping.cancel()
            await asyncio.wait({self._stepping}, timeout=timeout)
        await self._starts.close()
        await self._end_sending(timeout)

    async def move(self, channel: str) -> None:
        """Have questions asked in another channel from now on; those that stand stay."""
        _log.info("slack_channel", workspace=self.workspace.name, channel=channel)
        await self._end_sending(timeout=5.0)
        self.tools = replace(self.tools, channel=channel)
        self._sender = self._make_sender(channel)
        self.start()

    async def _end_sending(self, timeout: float) -> None:
        self._sender.stop()
        if self._task is None:
            return
        _, late = await asyncio.wait({self._task}, timeout=timeout)
        if late:
            self._task.cancel()
            await asyncio.wait(late, timeout=1)
