"""Addresses of messages, as Slack makes them."""

from __future__ import annotations

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.cache import Cache
from bot.slack.workspace.failures import describe
from orchestrator.runtime import Engine
from orchestrator.store import DIGEST

_TTL = 3600.0  # seconds; the address of a message does not change
_log = structlog.get_logger(__name__)


class Links:
    """Looks addresses up. That one is missing never keeps anybody from being told."""

    def __init__(self, engine: Engine, client: AsyncWebClient) -> None:
        self._engine = engine
        self._client = client
        self._known: Cache[tuple[str, str], str] = Cache(ttl=_TTL)

    async def find(self, approval_id: str, *, person: str | None = None) -> str | None:
        """Return the address of the message about an approval; None: there is none, or unknown.

        For a person who has a copy of their own it is the copy's, which they see in any case.
        """
        message = None
        if person is not None:
            message = await self._engine.find_message(approval_id, person=person)
            if message is not None and message.reason == DIGEST:
                message = None
        message = message or await self._engine.find_message(approval_id)
        if message is None:
            return None
        key = (message.channel, message.ts)
        try:
            return await self._known.get(key, lambda: self._ask(*key))
        except Exception as exc:  # noqa: BLE001 - whatever it is, people are told without a link
            _log.info("slack_link_unknown", channel=message.channel, error=describe(exc).code)
            return None

    async def _ask(self, channel: str, ts: str) -> str:
        answer = await self._client.chat_getPermalink(channel=channel, message_ts=ts)
        return str(answer["permalink"])
