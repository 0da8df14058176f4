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
from bot.simulator.grants import install, renew
from bot.simulator.guard import is_loopback
from bot.simulator.site import Code, Site
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, Grant

CLIENT_ID = "1000000000.1000000001"
CLIENT_SECRET = "simulator-client-secret"  # noqa: S105 - opens nothing but the local simulator
_BAD_REQUEST = 400


def ask(site: Site, request: web.Request) -> web.StreamResponse:
    """Show what the app wants, where it can be installed and who may allow it."""
    problem = _problem(site, request)
    if problem is not None:
        return web.Response(status=_BAD_REQUEST, text=problem)
    name = escape(site.app.name)
    scopes = "".join(
        f"<li><code>{escape(scope)}</code></li>"
        for scope in request.query["scope"].split(",")
        if scope
    )
    wanted = request.query.get("team", "")
    places = [item for item in site.workspaces.values() if wanted in {"", item.team.id}]
    sections = "".join(_place(request, item) for item in places or site.workspaces.values())
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Install {name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" href="/page/icons/workspace.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/page/css/tokens.css">'
        '<link rel="stylesheet" href="/page/css/install.css"></head><body><main class="install">'
        f"<h1>{name} wants to be installed</h1><p>It asks for:</p><ul>{scopes}</ul>{sections}"
        "</main></body></html>"
    )
    return web.Response(text=page, content_type="text/html")


def _place(request: web.Request, workspace: Workspace) -> str:
    """Return the part of the page about one workspace."""
    team = workspace.team
    state = " <small>installed</small>" if team.is_installed else ""
    parts = [f"<section><h2>{escape(team.name)}{state}</h2>"]
    for user in workspace.world.users.values():
        if not user.is_admin or user.deleted:
            continue
        allowed = {**request.query, "team": team.id, "as": user.id}
        parts.append(_allow_link(allowed, f"Allow as {user.real_name}"))
        if team.enterprise_id is not None and workspace.app.is_org_ready:
            words = f"Allow in all of {team.enterprise_name} as {user.real_name}"
            parts.append(_allow_link({**allowed, "org": "1"}, words))
    return "".join([*parts, "</section>"])


def _allow_link(query: dict[str, str], words: str) -> str:
    href = escape(f"/oauth/v2/allow?{urlencode(query)}")
    return f'<p><a class="button" href="{href}">{escape(words)}</a></p>'


def allow(site: Site, request: web.Request) -> web.StreamResponse:
    """Send the person back to the app with a code."""
    place = site.workspaces.get(request.query.get("team", ""), site.main)
    user = place.world.users.get(request.query.get("as", ""))
    is_org = request.query.get("org") == "1"
    problem = _problem(site, request)
    if problem is None and (user is None or not user.is_admin or user.deleted):
        problem = "Only an administrator can install an app."
    if (
        problem is None
        and is_org
        and (place.team.enterprise_id is None or not site.app.is_org_ready)
    ):
        problem = "This app cannot be installed in a whole organisation."
    if problem is not None or user is None:
        return web.Response(status=_BAD_REQUEST, text=problem)
    number = site.main.world.count("code")
    code = f"{number}.{opaque(number)}"
    target = request.query["redirect_uri"]
    site.codes[code] = Code(
        redirect_uri=target,
        user=user.id,
        team=place.team.id,
        scopes=tuple(filter(None, request.query["scope"].split(","))),
        is_org=is_org,
    )
    answer = {"code": code, "state": request.query.get("state", "")}
    separator = "&" if urlsplit(target).query else "?"
    raise web.HTTPFound(f"{target}{separator}{urlencode(answer)}")


def access(call: Call) -> Answer:
    """oauth.v2.access: a code works once, with the redirect URI it was made for.

    With `grant_type=refresh_token` it renews a token that expires.
    """
    if call.text("client_id") != CLIENT_ID:
        raise ApiError("invalid_client_id")
    secret = call.text("client_secret")
    if not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
        raise ApiError("bad_client_secret")
    site = call.workspace.site
    kind = call.text("grant_type", "authorization_code")
    if kind == "refresh_token":
        return _granted(site, renew(site, call.text("refresh_token")), None)
    if kind != "authorization_code":
        raise ApiError("invalid_grant_type")
    code = site.codes.pop(call.text("code"), None)
    if code is None:
        raise ApiError("invalid_code")
    if call.text("redirect_uri", code.redirect_uri) != code.redirect_uri:
        raise ApiError("bad_redirect_uri")
    grant = install(site, code)
    site.changes.publish({"type": "world"})
    return _granted(site, grant, code.user)


def _granted(site: Site, grant: Grant, user: str | None) -> Answer:
    is_org = grant.team not in site.workspaces
    home = site.of_organisation(grant.team)[0] if is_org else site.workspaces[grant.team]
    team = home.team
    answer: Answer = {
        "ok": True,
        "access_token": grant.token,
        "token_type": "bot",
        "scope": ",".join(grant.scopes or site.app.scopes),
        "bot_user_id": team.bot_user,
        "app_id": APP_ID,
        "team": None if is_org else {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": is_org,
    }
    if user is not None:
        answer["authed_user"] = {"id": user}
    if team.enterprise_id is not None:
        answer["enterprise"] = {"id": team.enterprise_id, "name": team.enterprise_name}
    if grant.expires_at is not None:
        answer["refresh_token"] = grant.refresh_token
        answer["expires_in"] = int(grant.expires_at - site.clock())
    return answer


def _problem(site: Site, request: web.Request) -> str | None:
    if request.query.get("client_id") != CLIENT_ID:
        return "There is no app with this client_id."
    unknown = set(filter(None, request.query.get("scope", "").split(",")))
    unknown -= set(site.app.scopes)
    if unknown or not request.query.get("scope"):
        return f"The manifest does not ask for these scopes: {', '.join(sorted(unknown)) or '-'}"
    target = urlsplit(request.query.get("redirect_uri", ""))
    declared = site.app.redirect_urls
    is_known = any(target.geturl().startswith(known) for known in declared)
    if target.scheme not in {"http", "https"} or (declared and not is_known):
        return "This redirect_uri is not in the manifest."
    if not is_loopback(target.hostname or ""):
        return "The simulator sends people to this machine only."
    return None


METHODS = {
    "oauth.v2.access": Method(run=access, token="none"),  # noqa: S106 - a kind of token
}
