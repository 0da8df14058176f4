"""Finding messages again whose posting was not answered, by their metadata.

https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.sending.calls import CallError
from bot.slack.workspace.channels import Channels, next_cursor
from bot.slack.workspace.failures import describe
from orchestrator.core.effects import Purpose
from orchestrator.store.records import Delivery, Message

HISTORY, REPLIES = "conversations.history", "conversations.replies"
#: Slack's clock and ours may differ by so much.
_SLACK_TIME = timedelta(minutes=5)
_PAGE = 200  # messages
_PAGES = 25  # 5,000 messages since the question came up is more than any channel has


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message that was posted for a delivery."""

    channel: str
    ts: str
    #: The deliveries that it stands for.
    deliveries: frozenset[int]


class History:
    """Looks into channels and threads. Raises CallError; nothing is known then."""

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client = client
        self._channels = channels

    async def find(
        self,
        delivery: Delivery,
        channel: str,
        *,
        thread_ts: str | None = None,
        but: Message | None = None,
    ) -> Found | None:
        """Return the message that was posted for a delivery, or None.

        Args:
            delivery: Which.
            channel: Where to look.
            thread_ts: Look into this thread of the channel.
            but: A message that is not meant.
        """
        method = HISTORY if thread_ts is None else REPLIES
        try:
            place = {"channel": await self.channel_id(channel)}
            if thread_ts is not None:
                place["ts"] = thread_ts
            return await self._find(method, place, delivery, but.ts if but is not None else None)
        except Exception as exc:
            raise CallError(method, describe(exc)) from exc

    async def channel_id(self, channel: str) -> str:
        """Return the id of a channel that is configured as `#name`; an id is returned as it is.

        Raises:
            SlackApiError: The channels cannot be listed.
        """
        if not channel.startswith("#"):
            return channel
        return await self._channels.find_id(channel) or channel

    async def _find(
        self, method: str, place: Mapping[str, str], delivery: Delivery, but: str | None
    ) -> Found | None:
        oldest = f"{(delivery.created_at - _SLACK_TIME).timestamp():.6f}"
        cursor = ""
        for _ in range(_PAGES):
            params = {
                **place, "include_all_metadata": "true", "oldest": oldest, "limit": _PAGE,
            }  # fmt: skip
            if cursor:
                params["cursor"] = cursor
            answer = await self._client.api_call(method, http_verb="GET", params=params)
            for message in answer.get("messages") or ():
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if _is(payload, delivery) and message["ts"] != but:
                    return Found(
                        channel=place["channel"], ts=str(message["ts"]), deliveries=_all(payload)
                    )
            cursor = next_cursor(answer.data)
            if not cursor:
                return None
        return None


def _is(payload: Mapping[str, Any], delivery: Delivery) -> bool:
    mark = (payload.get("approval_id"), payload.get("delivery"))
    if mark == (delivery.approval_id, delivery.id):
        return True
    # A card that was posted for one call of a turn shows the others, too.
    is_card = delivery.purpose is Purpose.QUESTION and "delivery" in payload
    return is_card and delivery.approval_id in str(payload.get("calls") or "").split()


def _all(payload: Mapping[str, Any]) -> frozenset[int]:
    words = str(payload.get("deliveries") or payload.get("delivery")).split()
    return frozenset(int(word) for word in words if word.isdecimal())
