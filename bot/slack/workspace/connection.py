"""The connection to a workspace: clients, who the bot is, and who belongs to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.tasks import TaskKeeper
from bot.slack.workspace.channels import Channels
from bot.slack.workspace.directory import TTL, SlackDirectory
from bot.slack.workspace.identity import Identity, IdentityKeeper
from bot.slack.workspace.teams import OrgTeams, one_team

SLACK_API = "https://slack.com/api/"
#: Seconds that a call may take; three of them must fit into the lease of a delivery (see outbox).
_TIMEOUT = 6

#: The libraries log bodies at INFO and below; they hold what people wrote and who they are.
library_log = logging.getLogger("bot.slack.library")


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what Bolt says of SLACK_BOT_TOKEN, which it reads by itself and does not need."""
    return "`token` will be unused" not in record.getMessage()


library_log.addFilter(_is_news)


class SlackWorkspace:
    """What can be asked of Slack without an engine. Enter it before the engine is made.

    Attributes:
        name: What runs call it; "" where there is only one.
        client: For reading and for views; broken connections are tried once more.
        sender: For messages; tries nothing twice, or a post could be made twice.
        channels: Channels by name, and their members.
        directory: Who may decide, for the engine.
        identity: Who the bot is; learnt in the background, because Slack may be away.
    """

    def __init__(
        self,
        *,
        bot_token: str,
        api_url: str = SLACK_API,
        directory_ttl: float = TTL,
        name: str = "",
        identity: Identity | None = None,
        installed_by: str = "",
    ) -> None:
        """Set up; nothing is opened.

        Args:
            bot_token: Of the app in the workspace.
            api_url: Slack's, or the simulator's.
            directory_ttl: Seconds that answers of Slack are believed.
            name: What runs call the workspace: its id, or "" where there is only one.
            identity: Who the bot is there, if that is known; otherwise Slack is asked.
            installed_by: Who installed the app there, if that is known.
        """
        library_log.setLevel(logging.WARNING)
        self.api_url = api_url
        self.name = name
        self.installed_by = installed_by
        self._known = identity
        self._renewed: Callable[[], None] = _nothing
        self._token = bot_token
        self._directory_ttl = directory_ttl
        self._tasks = TaskKeeper()
        self.session: aiohttp.ClientSession
        self.client: AsyncWebClient
        self.sender: AsyncWebClient
        self.identity: IdentityKeeper
        self.channels: Channels
        self.directory: SlackDirectory

    async def __aenter__(self) -> Self:
        """Open the connections; Slack need not answer for this to succeed."""
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
        self.client = AsyncWebClient(
            token=self._token, base_url=self.api_url, session=self.session, logger=library_log
        )
        self.sender = AsyncWebClient(
            token=self._token,
            base_url=self.api_url,
            session=self.session,
            logger=library_log,
            retry_handlers=[],
        )
        self.identity = IdentityKeeper(self.client, self._known)
        known = self._known
        is_org = known is not None and not known.team_id
        teams = OrgTeams(self.client, ttl=self._directory_ttl).list if is_org else one_team
        self.channels = Channels(self.client, ttl=self._directory_ttl, teams=teams)
        self.directory = SlackDirectory(
            self.client, self.identity, self.channels, ttl=self._directory_ttl, teams=teams
        )
        self._tasks.spawn(self.identity.learn(), name="slack-identity")
        return self

    def use_token(self, bot_token: str) -> None:
        """Make all further calls with this token, and tell if it is another one."""
        if bot_token == self._token:
            return
        self._token = self.client.token = self.sender.token = bot_token
        self._renewed()

    def on_new_token(self, renewed: Callable[[], None]) -> None:
        """Have a function called when the token was replaced."""
        self._renewed = renewed

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._tasks.drain(timeout=0)
        await self.directory.close()
        await self.channels.close()
        await self.session.close()


def _nothing() -> None:
    """Stand in for whoever wants to know of a new token."""
