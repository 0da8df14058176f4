"""The calls that put messages into Slack, with plainer tries where Slack refuses the blocks."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Card
from bot.errors import DeliveryError
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.messages import SlackMessage, render, render_plainly
from bot.slack.kit.mrkdwn import GroupIds, has_dates, in_zone
from bot.slack.sending.naming import without_calls
from bot.slack.sending.zones import zone_to_write_in
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.failures import Failure, Remedy, describe, unreadable
from orchestrator.store.records import Delivery, Message

T = TypeVar("T")
POST, UPDATE, OPEN = "chat.postMessage", "chat.update", "conversations.open"
#: Seconds that no table is tried after Slack has refused one.
_WITHOUT_TABLES = 3600.0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message, and the least of it for a Slack that refuses its blocks."""

    full: SlackMessage
    plain: SlackMessage
    #: The full one with its tables as lists; None: it has no table.
    flat: SlackMessage | None = None

    @classmethod
    def of(cls, message: SlackMessage) -> Draft:
        """Return a message of which the text is the least."""
        return cls(full=message, plain=replace(message, blocks=[b.section(message.text)]))

    def below(self, line: str) -> Draft:
        """Return it with a first line, in mrkdwn; empty: as it is."""
        if not line:
            return self
        return self.changed(lambda shown: _below(line, shown))

    def marked(self, deliveries: Sequence[Delivery]) -> Draft:
        """Return it with the numbers by which it is found again if its answer is lost."""
        return self.changed(lambda shown: _marked(shown, deliveries))

    def changed(self, change: Callable[[SlackMessage], SlackMessage]) -> Draft:
        """Return it with a change to each of its forms."""
        flat = change(self.flat) if self.flat is not None else None
        return Draft(full=change(self.full), plain=change(self.plain), flat=flat)


class Calls:
    """Posts and edits. Raises CallError, and nothing of the client's own.

    Args of the constructor: the client must not retry by itself, because a post whose answer was
    lost would be made twice; the directory knows the ids of groups, for mentions.
    """

    def __init__(self, client: AsyncWebClient, directory: SlackDirectory) -> None:
        self._client = client
        self._directory = directory
        self._directs: dict[str, str] = {}
        self._without_tables_until = 0.0

    async def draft(self, card: Card, *, is_first: bool = False) -> Draft:
        """Render a card; the first message calls nobody whom it is not to call."""
        if is_first:
            card = await without_calls(card, self._directory)
        groups = await self._directory.known_groups()
        full = render(card, groups)
        has_table = any(block["type"] == "table" for block in full.blocks)
        flat = render(card, groups, has_tables=False) if has_table else None
        return Draft(full=full, plain=render_plainly(card, groups), flat=flat)

    async def in_zone_of(self, draft: Draft, person: str) -> Draft:
        """Write the times of notifications in somebody's zone, where it is known.

        What stands in the message itself adapts to each reader.
        """
        if not has_dates(draft.full.text):
            return draft
        zone = await zone_to_write_in(self._directory, person)
        return draft.changed(lambda shown: replace(shown, text=in_zone(shown.text, zone)))

    async def post(self, draft: Draft, *, channel: str, thread_ts: str | None = None) -> Posted:
        """Post a message."""
        return await self._plainer(
            draft, lambda shown: self._post(shown, channel=channel, thread_ts=thread_ts)
        )

    async def update(self, draft: Draft, message: Message) -> None:
        """Replace a message; an edit pings nobody."""
        await self._plainer(draft, lambda shown: self._update(shown, message))

    async def groups(self) -> GroupIds:
        """Return the ids of groups, for mentions."""
        return await self._directory.known_groups()

    async def open_direct(self, person: str) -> str:
        """Return the channel of the direct messages with a person."""
        if person not in self._directs:
            try:
                answer = await self._client.conversations_open(users=[person])
                self._directs[person] = str(answer["channel"]["id"])
            except Exception as exc:
                raise CallError(OPEN, describe(exc)) from exc
        return self._directs[person]

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

    async def _plainer(self, draft: Draft, call: Callable[[SlackMessage], Awaitable[T]]) -> T:
        """Make a call with the fullest form of a message that Slack takes."""
        is_known = draft.flat is not None and time.monotonic() < self._without_tables_until
        tries = [draft.full, draft.flat, draft.plain][1 if is_known else 0 :]
        *fuller, last = [shown for shown in tries if shown is not None]
        for shown in fuller:
            try:
                answer = await call(shown)
            except CallError as exc:
                if exc.failure.remedy is not Remedy.PLAINER:
                    raise
                code, fix, sort = exc.code, exc.failure.fix, draft.full.sort
                _log.error("slack_refused_blocks", error=code, detail=fix, sort=sort)
            else:
                if shown is draft.flat and not is_known:
                    # Nothing but its tables was in the way.
                    self._without_tables_until = time.monotonic() + _WITHOUT_TABLES
                return answer
        return await call(last)


def _below(line: str, message: SlackMessage) -> SlackMessage:
    return replace(message, blocks=[b.section(line), *message.blocks][: limits.MESSAGE_BLOCKS])


def _marked(message: SlackMessage, deliveries: Sequence[Delivery]) -> SlackMessage:
    mark = {
        "approval_id": deliveries[0].approval_id,
        "delivery": deliveries[0].id,
        "deliveries": " ".join(str(each.id) for each in deliveries),
    }
    payload = message.metadata.get("event_payload", {}) | mark
    return replace(message, metadata={**message.metadata, "event_payload": payload})
