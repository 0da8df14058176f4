"""The workspaces of an organisation in which the app is installed as a whole.

Some methods want to be told which of them is meant.
https://docs.slack.dev/enterprise/organization-ready-apps
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.cache import Cache

#: Ids of workspaces; None stands for the only one, which need not be named.
Teams = Callable[[], Awaitable[tuple[str | None, ...]]]
_PAGE = 1000  # workspaces
_PAGES = 10


async def one_team() -> tuple[str | None, ...]:
    """Stand for a workspace whose token is good for nothing else."""
    return (None,)


class OrgTeams:
    """Knows which workspaces an organisation has let the app into."""

    def __init__(self, client: AsyncWebClient, *, ttl: float) -> None:
        self._client = client
        self._known: Cache[None, tuple[str | None, ...]] = Cache(ttl=ttl)

    async def list(self) -> tuple[str | None, ...]:
        """Return their ids; raises what the client raises."""
        return await self._known.get(None, self._ask)

    async def _ask(self) -> tuple[str | None, ...]:
        found: list[str | None] = []
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._client.auth_teams_list(limit=_PAGE, cursor=cursor or None)
            found += [str(team["id"]) for team in answer.get("teams") or ()]
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return tuple(found)
