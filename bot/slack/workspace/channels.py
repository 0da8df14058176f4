"""Channels by name, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.cache import Cache
from bot.slack.workspace.teams import Teams, one_team

_CHANNEL_PAGE = 1000  # channels
_MEMBER_PAGE = 500  # people
_PAGES = 25  # 25,000 channels, or 12,500 people


class TooManyMembersError(Exception):
    """The channel has more members than anybody would ask."""


class Channels:
    """Asks Slack about channels; names are kept for a while. Raises what the client raises."""

    def __init__(self, client: AsyncWebClient, *, ttl: float, teams: Teams = one_team) -> None:
        self._client = client
        self._teams = teams
        self._names: Cache[None, Mapping[str, str]] = Cache(ttl=ttl)

    async def find_id(self, name: str) -> str | None:
        """Return the id of the channel `#name`, None if the bot sees none of that name."""
        return (await self._names.get(None, self._list)).get(name)

    async def members(self, channel: str) -> frozenset[str]:
        """Return everybody in a channel, by its id.

        Raises:
            TooManyMembersError: There are too many to be asked for.
        """
        found: set[str] = set()
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._client.conversations_members(
                channel=channel, limit=_MEMBER_PAGE, cursor=cursor or None
            )
            found.update(map(str, answer.get("members") or ()))
            cursor = next_cursor(answer.data)
            if not cursor:
                return frozenset(found)
        raise TooManyMembersError

    async def close(self) -> None:
        """Give up what is being looked up."""
        await self._names.close()

    async def find(self, channel: str) -> Mapping[str, Any]:
        """Return a channel as Slack describes it, by its id."""
        answer = await self._client.conversations_info(channel=channel)
        return answer.get("channel") or {}

    async def _list(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for team in await self._teams():
            found = await self._list_of(team) | found
        return found

    async def _list_of(self, team: str | None) -> dict[str, str]:
        found: dict[str, str] = {}
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._client.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_CHANNEL_PAGE,
                cursor=cursor or None,
                team_id=team,
            )
            for channel in answer.get("channels") or ():
                found[f"#{channel['name']}"] = str(channel["id"])
            cursor = next_cursor(answer.data)
            if not cursor:
                break
        return found


def next_cursor(data: Any) -> str:
    """Return where the next page begins; empty after the last one."""
    metadata = data.get("response_metadata") if isinstance(data, Mapping) else None
    return str((metadata or {}).get("next_cursor") or "")
