"""Renewing the tokens of installations before they expire, by one process at a time.

A refresh token works once. So a process first writes down that it renews, and a new pair is stored
before anybody uses it. Should a process die in between, the next one finds the refresh token used
up, and says that the app has to be installed again; the old token holds until it expires.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.slack.install.installs import Installation, Installs
from bot.slack.install.oauth import ExchangeError, OAuthApp
from orchestrator.runtime import Clock

#: A token lives twelve hours.
BEFORE = timedelta(hours=2)
#: Longer than a call to Slack takes.
_LEASE = timedelta(seconds=60)
_log = structlog.get_logger(__name__)


class Renewal:
    """Renews."""

    def __init__(self, installs: Installs, app: OAuthApp, clock: Clock) -> None:
        self._installs = installs
        self._app = app
        self._clock = clock

    def is_due(self, installation: Installation) -> bool:
        """Has a token to be renewed, and does nobody do it?"""
        now = self._clock.now()
        return (
            installation.is_alive
            and installation.refresh_token is not None
            and installation.expires_at is not None
            and installation.expires_at - BEFORE <= now
            and (installation.renewing_until is None or installation.renewing_until <= now)
        )

    async def renew(self, workspace: str) -> None:
        """Renew the token of a workspace, unless another process does; it outlives failures."""
        mine = await self._installs.change(workspace, self._claimed)
        if mine is None:
            return
        try:
            new = await self._app.renew(mine, now=self._clock.now())
        except ExchangeError as error:
            _log.error("slack_token_not_renewed", workspace=workspace, error=str(error))
            failed = partial(_failed, mine=mine, error=error)
            await self._installs.change(workspace, failed)
            return
        stored = await self._installs.change(
            workspace,
            lambda now: _with_tokens(now, new) if now.refresh_token == mine.refresh_token else None,
        )
        if stored is not None:
            _log.info("slack_token_renewed", workspace=workspace, expires_at=str(new.expires_at))

    def _claimed(self, installation: Installation) -> Installation | None:
        if not self.is_due(installation):
            return None
        return replace(installation, renewing_until=self._clock.now() + _LEASE)


def _with_tokens(installation: Installation, new: Installation) -> Installation:
    return replace(
        installation,
        token=new.token,
        refresh_token=new.refresh_token,
        expires_at=new.expires_at,
        renewing_until=None,
        problem="",
    )


def _failed(
    installation: Installation, *, mine: Installation, error: ExchangeError
) -> Installation | None:
    if installation.refresh_token != mine.refresh_token:
        return None  # it was installed again meanwhile
    problem = f"its token could not be renewed: {error}"
    if error.is_final:  # asking again would not help
        return replace(installation, refresh_token=None, renewing_until=None, problem=problem)
    return replace(installation, problem=problem)


def is_expired(installation: Installation, now: datetime) -> bool:
    """Is the token worth nothing any more?"""
    return installation.expires_at is not None and installation.expires_at <= now
