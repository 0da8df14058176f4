"""Finding messages again whose posting was not answered, by their metadata.

https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.channels import Channels, next_cursor
from bot.slack.messages import APPROVAL_EVENT, REMINDER_EVENT

#: Slack's clock and ours may differ by so much.
_SLACK_TIME = timedelta(minutes=5)
_PAGE = 200  # messages
_PAGES = 25  # 5,000 messages since the question came up is more than any channel has


class History:
    """Looks into channels."""

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client = client
        self._channels = channels

    async def find_question(self, channel: str, *, approval_id: str, since: datetime) -> str | None:
        """Return the ts of the message about an approval, or None.

        Raises:
            SlackApiError: The channel cannot be read; nothing is known then.
        """
        return await self._find(
            "conversations.history",
            {"channel": await self.channel_id(channel)},
            {"event_type": APPROVAL_EVENT, "approval_id": approval_id},
            since,
        )

    async def find_reminder(
        self, channel: str, thread_ts: str, *, delivery: int, approval_id: str, since: datetime
    ) -> str | None:
        """Return the ts of a reminder in the thread of a question, or None."""
        wanted = {
            "event_type": REMINDER_EVENT, "approval_id": approval_id, "delivery": delivery,
        }  # fmt: skip
        place = {"channel": channel, "ts": thread_ts}
        return await self._find("conversations.replies", place, wanted, since)

    async def channel_id(self, channel: str) -> str:
        """Return the id of a channel that is configured as `#name`; an id is returned as it is."""
        if not channel.startswith("#"):
            return channel
        return await self._channels.find_id(channel) or channel

    async def _find(
        self, method: str, place: Mapping[str, Any], wanted: Mapping[str, Any], since: datetime
    ) -> str | None:
        oldest = f"{(since - _SLACK_TIME).timestamp():.6f}"
        cursor = ""
        for _ in range(_PAGES):
            params = {
                **place, "include_all_metadata": "true", "oldest": oldest, "limit": _PAGE,
            }  # fmt: skip
            if cursor:
                params["cursor"] = cursor
            answer = await self._client.api_call(method, http_verb="GET", params=params)
            for message in answer.get("messages") or ():
                if _is(message.get("metadata") or {}, wanted):
                    return str(message["ts"])
            cursor = next_cursor(answer.data)
            if not cursor:
                return None
        return None


def _is(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    payload = metadata.get("event_payload") or {}
    known = {**payload, "event_type": metadata.get("event_type")}
    return all(known.get(name) == value for name, value in wanted.items())
