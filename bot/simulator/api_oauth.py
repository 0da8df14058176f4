"""Installing the app by OAuth: a page that asks, a code, and its exchange.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import hmac
from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.guard import is_loopback
from bot.simulator.tokens import BOT_TOKEN, opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, BOT_USER, TEAM_ID, TEAM_NAME

CLIENT_ID = "1000000000.1000000001"
CLIENT_SECRET = "simulator-client-secret"  # noqa: S105 - opens nothing but the local simulator
_BAD_REQUEST = 400


def ask(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Show what the app wants and who may allow it."""
    problem = _problem(workspace, request)
    if problem is not None:
        return web.Response(status=_BAD_REQUEST, text=problem)
    name = escape(workspace.app.name)
    scopes = "".join(
        f"<li><code>{escape(scope)}</code></li>"
        for scope in request.query["scope"].split(",")
        if scope
    )
    links = "".join(
        f'<p><a href="/oauth/v2/allow?{escape(urlencode({**request.query, "as": user.id}))}">'
        f"Allow as {escape(user.real_name)}</a></p>"
        for user in workspace.world.users.values()
        if user.is_admin and not user.deleted
    )
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Install {name}</title>'
        f"<h1>{name} wants to access {escape(TEAM_NAME)}</h1><ul>{scopes}</ul>{links}</html>"
    )
    return web.Response(text=page, content_type="text/html")


def allow(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Send the person back to the app with a code."""
    user = workspace.world.users.get(request.query.get("as", ""))
    problem = _problem(workspace, request)
    if problem is None and (user is None or not user.is_admin or user.deleted):
        problem = "Only an administrator can install an app."
    if problem is not None or user is None:
        return web.Response(status=_BAD_REQUEST, text=problem)
    number = workspace.world.count("code")
    code = f"{number}.{opaque(number)}"
    target = request.query["redirect_uri"]
    workspace.codes[code] = (target, user.id)
    answer = {"code": code, "state": request.query.get("state", "")}
    separator = "&" if urlsplit(target).query else "?"
    raise web.HTTPFound(f"{target}{separator}{urlencode(answer)}")


def access(call: Call) -> Answer:
    """oauth.v2.access: a code works once, with the redirect URI it was made for."""
    if call.text("client_id") != CLIENT_ID:
        raise ApiError("invalid_client_id")
    secret = call.text("client_secret")
    if not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
        raise ApiError("bad_client_secret")
    if call.text("grant_type", "authorization_code") != "authorization_code":
        raise ApiError("invalid_grant_type")
    redirect_uri, user = call.workspace.codes.pop(call.text("code"), (None, ""))
    if redirect_uri is None:
        raise ApiError("invalid_code")
    if call.text("redirect_uri", redirect_uri) != redirect_uri:
        raise ApiError("bad_redirect_uri")
    call.workspace.is_installed = True
    return {
        "ok": True,
        "access_token": BOT_TOKEN,
        "token_type": "bot",
        "scope": ",".join(call.workspace.app.scopes),
        "bot_user_id": BOT_USER,
        "app_id": APP_ID,
        "team": {"id": TEAM_ID, "name": TEAM_NAME},
        "enterprise": None,
        "authed_user": {"id": user},
        "is_enterprise_install": False,
    }


def _problem(workspace: Workspace, request: web.Request) -> str | None:
    if request.query.get("client_id") != CLIENT_ID:
        return "There is no app with this client_id."
    unknown = set(filter(None, request.query.get("scope", "").split(",")))
    unknown -= set(workspace.app.scopes)
    if unknown or not request.query.get("scope"):
        return f"The manifest does not ask for these scopes: {', '.join(sorted(unknown)) or '-'}"
    target = urlsplit(request.query.get("redirect_uri", ""))
    declared = workspace.app.redirect_urls
    is_known = any(target.geturl().startswith(known) for known in declared)
    if target.scheme not in {"http", "https"} or (declared and not is_known):
        return "This redirect_uri is not in the manifest."
    if not is_loopback(target.hostname or ""):
        return "The simulator sends people to this machine only."
    return None


METHODS = {
    "oauth.v2.access": Method(run=access, token="none"),  # noqa: S106 - a kind of token
}
