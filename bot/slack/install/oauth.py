"""Slack's side of an installation: where people allow it, and how tokens are got and renewed.

https://docs.slack.dev/authentication/installing-with-oauth
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import InstallationError
from bot.slack.install.installs import Installation
from bot.slack.workspace.failures import Failure, describe

_METHOD = "oauth.v2.access"
_EXPLAINED = {
    "invalid_code": "the link was used before or is too old; start again",
    "code_already_used": "the link was used before; start again",
    "bad_redirect_uri": "the app's manifest has another redirect URL; compare it with SIGNOFF_URL",
    "invalid_client_id": "SLACK_CLIENT_ID is not the app's; copy it from Basic Information",
    "bad_client_secret": "SLACK_CLIENT_SECRET is wrong; copy it from Basic Information",
    "invalid_refresh_token": "the token that renews it is used up; install the app again",
    "token_expired": "the token that renews it is used up; install the app again",
}
#: Of these a refresh token does not recover.
_FINAL = frozenset(
    {"invalid_refresh_token", "token_expired", "token_revoked", "account_inactive",
     "team_access_not_granted"}
)  # fmt: skip


class ExchangeError(InstallationError):
    """Slack gave no token.

    Attributes:
        code: Slack's own word for it.
        is_final: Will trying again not help?
    """

    def __init__(self, failure: Failure) -> None:
        self.code = failure.code
        # What is wrong with the app's own settings says nothing of the refresh token.
        self.is_final = failure.code in _FINAL
        fix = _EXPLAINED.get(failure.code) or failure.fix or "try again in a minute"
        super().__init__(f"Slack gave no token ({failure.code}); {fix}")


class OAuthApp:
    """The app, as Slack's OAuth pages know it."""

    def __init__(self, client: AsyncWebClient, *, client_id: str, client_secret: str) -> None:
        """Take the app's id and secret, and a client without a token."""
        self._client = client
        self._id = client_id
        self._secret = client_secret

    def page(self, *, scopes: Sequence[str], state: str, redirect_uri: str) -> str:
        """Return the address at which somebody allows the installation."""
        query = {
            "client_id": self._id,
            "scope": ",".join(scopes),
            "state": state,
            "redirect_uri": redirect_uri,
        }
        base = self._client.base_url.removesuffix("/").removesuffix("/api")
        return f"{base}/oauth/v2/authorize?{urlencode(query)}"

    async def exchange(self, code: str, *, redirect_uri: str, now: datetime) -> Installation:
        """Return the installation that a code stands for; a code works once.

        Raises:
            ExchangeError: Slack gave no token.
        """
        answer = await self._access(code=code, redirect_uri=redirect_uri)
        installation = _installation(answer, now)
        try:
            client = AsyncWebClient(
                token=installation.token,
                base_url=self._client.base_url,
                session=self._client.session,
            )
            me = await client.auth_test()
        except Exception as exc:
            raise ExchangeError(describe(exc)) from exc
        return replace(installation, bot_id=me.get("bot_id"))

    async def renew(self, installation: Installation, *, now: datetime) -> Installation:
        """Return the installation with a new token; its refresh token is used up by that.

        Raises:
            ExchangeError: Slack gave no token.
        """
        answer = await self._access(
            grant_type="refresh_token", refresh_token=installation.refresh_token or ""
        )
        return replace(
            installation,
            token=str(answer["access_token"]),
            refresh_token=answer.get("refresh_token"),
            expires_at=_expiry(answer, now),
            renewing_until=None,
            problem="",
        )

    async def _access(self, **arguments: str) -> Mapping[str, Any]:
        # As arguments, because slack_sdk 3.47 makes the header with what aiohttp deprecates.
        data = {"client_id": self._id, "client_secret": self._secret, **arguments}
        try:
            answer = await self._client.api_call(_METHOD, data=data)
            found: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
            _ = found["access_token"]
        except Exception as exc:
            raise ExchangeError(describe(exc)) from exc
        return found


def _installation(answer: Mapping[str, Any], now: datetime) -> Installation:
    is_org = bool(answer.get("is_enterprise_install"))
    team, enterprise = answer.get("team") or {}, answer.get("enterprise") or {}
    home = enterprise if is_org else team
    return Installation(
        id=str(home.get("id") or ""),
        name=str(home.get("name") or home.get("id") or ""),
        is_org=is_org,
        app_id=str(answer.get("app_id") or ""),
        bot_user=str(answer.get("bot_user_id") or ""),
        enterprise_id=enterprise.get("id"),
        scopes=tuple(filter(None, str(answer.get("scope") or "").split(","))),
        installed_by=str((answer.get("authed_user") or {}).get("id") or ""),
        installed_at=now,
        token=str(answer["access_token"]),
        refresh_token=answer.get("refresh_token"),
        expires_at=_expiry(answer, now),
    )


def _expiry(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    seconds = answer.get("expires_in")
    return now + timedelta(seconds=float(seconds)) if seconds else None
