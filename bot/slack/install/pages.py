"""The pages through which somebody installs the app, in plain HTML.

The state of an installation under way is a cookie, as in slack_sdk's own flow: who comes back from
Slack must be who went there, within ten minutes, once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Sequence
from html import escape
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import EncryptionKeyError
from bot.slack.install.installs import Installation
from bot.slack.install.oauth import ExchangeError
from bot.slack.seen import Seen
from bot.slack.workspace.failures import describe
from orchestrator.errors import StoreError

if TYPE_CHECKING:
    from bot.slack.install.installed import InstalledWorkspaces
    from bot.slack.install.vault import Vault
    from orchestrator.runtime import Clock

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
COOKIE = "slack-app-oauth-state"
_PATIENCE = 600  # seconds between the page and the way back from Slack
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;"
    "color:#1d1c1d;background:#fff}h1{font-size:1.5rem}"
    "a.button{display:inline-block;padding:.6rem 1.1rem;border-radius:.4rem;background:#4a154b;"
    "color:#fff;text-decoration:none;font-weight:600}code{background:#f4f4f4;padding:0 .25em}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}"
    "code{background:#33363a}a{color:#9ecbff}a.button{color:#fff}}"
)
_log = structlog.get_logger(__name__)


class InstallPages:
    """Two routes: one leads to Slack, and to the other Slack leads back."""

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        workspaces: InstalledWorkspaces,
        vault: Vault,
        clock: Clock,
        *,
        scopes: Sequence[str],
        url: str | None = None,
        allowed: Collection[str] = (),
        default_channel: str = "",
        command: str = "/signoff",
    ) -> None:
        """Set up.

        Args:
            workspaces: Where installations go.
            vault: Makes states that nobody else can make.
            clock: Where instants come from.
            scopes: What the app asks for.
            url: The bot's public address; None: the one that the browser used.
            allowed: Ids of the workspaces and organisations that may install; none: any.
            default_channel: Where questions go whose workspace says nothing.
            command: The slash command.
        """
        self._workspaces = workspaces
        self._vault = vault
        self._clock = clock
        self._scopes = scopes
        self._url = url.rstrip("/") if url else None
        self._allowed = frozenset(allowed)
        self._default_channel = default_channel
        self._command = command
        self._used = Seen()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(INSTALL_PATH, self.begin), web.get(REDIRECT_PATH, self.finish)]

    async def begin(self, request: web.Request) -> web.Response:
        """Say what is going to happen, and lead to Slack."""
        state = self._vault.close(secrets.token_urlsafe(16))
        target = self._workspaces.app.page(
            scopes=self._scopes, state=state, redirect_uri=self._redirect_uri(request)
        )
        page = _page(
            200,
            "Install Signoff",
            "Signoff asks people in Slack before a run goes on. Slack shows what it may do, and "
            "an administrator of the workspace may have to agree.",
            f'<p><a class="button" href="{escape(target)}">Add to Slack</a></p>',
        )
        page.set_cookie(
            COOKIE, state, max_age=_PATIENCE, path="/", secure=True, httponly=True, samesite="Lax"
        )
        return page

    async def finish(self, request: web.Request) -> web.Response:
        """Take the code that Slack gives, and say what came of it."""
        try:
            page = await self._finish(request)
        except ExchangeError as error:
            _log.warning("slack_install_failed", error=str(error))
            page = _again(502, "Not installed", f"{error}.")
        except (StoreError, EncryptionKeyError) as error:
            _log.error("slack_install_failed", error=str(error))
            page = _again(
                503, "Not installed", "The installation could not be stored. Try again in a minute."
            )
        page.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return page

    async def _finish(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return _again(
                400,
                "Start again",
                "This page is too old, was used before, or was opened in another browser. Nothing "
                "was installed.",
            )
        if (refusal := request.query.get("error")) is not None:
            _log.info("slack_install_refused", error=refusal[:100])
            why = "You" if refusal == "access_denied" else "Slack"
            return _again(200, "Not installed", f"{why} did not allow it, so nothing was changed.")
        installation = await self._workspaces.app.exchange(
            request.query.get("code", ""),
            redirect_uri=self._redirect_uri(request),
            now=self._clock.now(),
        )
        if not self._may_install(installation):
            await self._hand_back(installation)
            return _page(
                403,
                "Not installed",
                f"{installation.name} ({installation.id}) is not among the workspaces that this "
                "Signoff serves. Ask who runs it to add it to SIGNOFF_WORKSPACES.",
            )
        await self._workspaces.install(installation)
        await self._welcome(installation)
        return _page(
            200,
            "Signoff is installed",
            f"It works in {installation.name} from now on. What is left to do:",
            f"<ol>{_next_steps(self._command)}</ol>",
        )

    def _is_ours(self, request: web.Request) -> bool:
        """Is it who went to Slack, within the time, for the first time?"""
        state, kept = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        if not state or not hmac.compare_digest(state.encode(), kept.encode()):
            return False
        try:
            nonce = self._vault.open(state, what="the state", within=_PATIENCE)
        except EncryptionKeyError:
            return False
        return self._used.add(nonce)

    def _may_install(self, installation: Installation) -> bool:
        places = {installation.id, installation.enterprise_id}
        return bool(installation.id) and (not self._allowed or not self._allowed.isdisjoint(places))

    async def _hand_back(self, installation: Installation) -> None:
        """Make a token worth nothing that is not going to be used."""
        _log.warning("slack_install_not_allowed", workspace=installation.id, name=installation.name)
        try:
            await self._client_of(installation).auth_revoke()
        except Exception as exc:  # noqa: BLE001 - it is not stored in any case
            _log.warning("slack_token_not_revoked", error=describe(exc).code)

    async def _welcome(self, installation: Installation) -> None:
        """Tell who installed it where questions would go, if nobody has said so."""
        if self._default_channel or not installation.installed_by:
            return
        command = self._command
        text = (
            f"Signoff is installed, and does not know yet where to ask. Invite it to a channel, "
            f"and write `{command} channel #name` there. Until then questions go to nobody."
        )
        try:
            await self._client_of(installation).chat_postMessage(
                channel=installation.installed_by, text=text
            )
        except Exception as exc:  # noqa: BLE001 - the page says it, too
            failure = describe(exc)
            _log.warning("slack_welcome_failed", error=failure.code, fix=failure.fix)

    def _client_of(self, installation: Installation) -> AsyncWebClient:
        client = self._workspaces.client
        return AsyncWebClient(
            token=installation.token, base_url=client.base_url, session=client.session
        )

    def _redirect_uri(self, request: web.Request) -> str:
        return f"{self._url or _address_of(request)}{REDIRECT_PATH}"


def _address_of(request: web.Request) -> str:
    """Return the address that the browser used, also where a proxy stands between.

    A forged header leads nowhere: Slack takes only redirect URLs of the app's manifest.
    """
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()
    host = request.headers.get("X-Forwarded-Host", request.host).split(",")[0].strip()
    return f"{'https' if scheme == 'https' else 'http'}://{host}"


def _next_steps(command: str) -> str:
    steps = (
        "Invite it to the channel where it is to ask: <code>/invite @Signoff</code>",
        f"Say there that it is the one: <code>{escape(command)} channel #name</code>",
        f"See what it can do: <code>{escape(command)} help</code>",
    )
    return "".join(f"<li>{step}</li>" for step in steps)


def _again(status: int, title: str, text: str) -> web.Response:
    return _page(status, title, text, f'<p><a href="{INSTALL_PATH}">Start again</a></p>')


def _page(status: int, title: str, text: str, rest: str = "") -> web.Response:
    return web.Response(
        status=status,
        text=f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p>{rest}</body></html>",
        content_type="text/html",
        headers=_HEADERS,
    )
