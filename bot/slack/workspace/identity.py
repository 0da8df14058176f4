"""Who the bot is and in which workspace; asked once, so that no click has to wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.failures import Failure, describe

_log = structlog.get_logger(__name__)
_FIRST_WAIT = 1.0  # seconds
_LONGEST_WAIT = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The bot as Slack knows it."""

    team_id: str  #: "" where the app is installed in a whole organisation
    user_id: str
    bot_id: str | None
    enterprise_id: str | None


class IdentityKeeper:
    """Learns who the bot is, in the background and as often as it takes."""

    def __init__(self, client: AsyncWebClient, found: Identity | None = None) -> None:
        self._client = client
        self.found = found
        self._is_known = asyncio.Event()
        if found is not None:
            self._is_known.set()

    async def learn(self) -> None:
        """Ask Slack until it answers."""
        wait = _FIRST_WAIT
        while self.found is None:
            try:
                answer = await self._client.auth_test()
            except Exception as exc:  # noqa: BLE001 - whatever it is, the bot goes on trying
                failure = describe(exc)
                _log.error("slack_identity_unknown", error=failure.code, fix=failure.fix)
                wait = await self._pause(wait, failure)
                continue
            self.found = Identity(
                team_id=str(answer["team_id"]),
                user_id=str(answer["user_id"]),
                bot_id=answer.get("bot_id"),
                enterprise_id=answer.get("enterprise_id"),
            )
            self._is_known.set()
            _log.info("slack_identity", team=self.found.team_id, bot_user=self.found.user_id)

    async def wait(self, *, seconds: float) -> None:
        """Wait until it is known, for `seconds` at most; matters in the first moments only."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_known.wait()
        except TimeoutError:
            return

    @staticmethod
    async def _pause(wait: float, failure: Failure) -> float:
        await asyncio.sleep(max(wait, failure.retry_after or 0.0))
        return min(wait * 2, _LONGEST_WAIT)
