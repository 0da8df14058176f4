"""The calls that put messages into Slack, with a plainer try where Slack refuses the blocks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Card, Notice
from bot.errors import DeliveryError
from bot.slack.directory import SlackDirectory
from bot.slack.failures import Failure, Remedy, describe, unreadable
from bot.slack.messages import SlackMessage, render, render_notice, render_plainly
from orchestrator.store.records import Message

T = TypeVar("T")
POST, UPDATE = "chat.postMessage", "chat.update"
_log = structlog.get_logger(__name__)


class CallError(DeliveryError):
    """A call to Slack failed; carries which and why."""

    def __init__(self, method: str, failure: Failure) -> None:
        self.method = method
        self.failure = failure
        text = f"{method}: {failure.code}" + (f"; {failure.fix}" if failure.fix else "")
        is_retryable = failure.remedy in {Remedy.WAIT, Remedy.RETRY}
        super().__init__(failure.code, text, is_retryable=is_retryable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a message came to stand."""

    channel: str
    ts: str


class Calls:
    """Posts and edits. Raises CallError, and nothing of the client's own.

    Args of the constructor: the client must not retry by itself, because a post whose answer was
    lost would be made twice; the directory knows the ids of groups, for mentions.
    """

    def __init__(self, client: AsyncWebClient, directory: SlackDirectory) -> None:
        self._client = client
        self._directory = directory

    async def post(self, card: Card, *, channel: str) -> Posted:
        """Post a card."""
        return await self._plainer(card, lambda shown: self._post(shown, channel=channel))

    async def update(self, card: Card, message: Message) -> None:
        """Replace a message by a card; an edit pings nobody."""
        await self._plainer(card, lambda shown: self._update(shown, message))

    async def notify(self, notice: Notice, message: Message, *, delivery: int) -> Posted:
        """Post a reminder or another notice into the thread of a question."""
        groups = await self._directory.known_groups()
        shown = render_notice(
            notice, approval_id=message.approval_id, delivery=delivery, groups=groups
        )
        return await self._post(shown, channel=message.channel, thread_ts=message.ts)

    async def _plainer(self, card: Card, call: Callable[[SlackMessage], Awaitable[T]]) -> T:
        groups = await self._directory.known_groups()
        try:
            return await call(render(card, groups))
        except CallError as exc:
            if exc.failure.remedy is not Remedy.PLAINER:
                raise
            _log.error("slack_refused_blocks", error=exc.code, detail=exc.failure.fix)
        return await call(render_plainly(card, groups))

    async def _post(
        self, shown: SlackMessage, *, channel: str, thread_ts: str | None = None
    ) -> Posted:
        try:
            answer = await self._client.chat_postMessage(
                channel=channel,
                text=shown.text,
                blocks=shown.blocks,
                metadata=shown.metadata,
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as exc:
            raise CallError(POST, describe(exc)) from exc
        if not answer.get("ts"):
            raise CallError(POST, unreadable())
        return Posted(channel=str(answer.get("channel") or channel), ts=str(answer["ts"]))

    async def _update(self, shown: SlackMessage, message: Message) -> None:
        try:
            await self._client.chat_update(
                channel=message.channel,
                ts=message.ts,
                text=shown.text,
                blocks=shown.blocks,
                metadata=shown.metadata,
            )
        except Exception as exc:
            raise CallError(UPDATE, describe(exc)) from exc
