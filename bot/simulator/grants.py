"""Tokens of installations: giving them out, renewing them, and knowing them again.

https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

from bot.simulator.errors import ApiError
from bot.simulator.site import Code, Site
from bot.simulator.tokens import BOT_TOKEN, opaque
from bot.simulator.world import Grant, Team

LIFETIME = 12 * 3600
"""Seconds that a token lives when the app rotates its tokens."""
_ACTIVE = 2
"""Tokens of one installation that live beside each other while it is renewed."""


def find_grant(site: Site, token: str) -> Grant:
    """Return what a token stands for.

    Raises:
        ApiError: It is unknown, revoked or expired, or its app was uninstalled.
    """
    grant = site.main.world.grants.get(token)
    if grant is None:
        raise ApiError("invalid_auth")
    if grant.ended:
        raise ApiError(grant.ended)
    if grant.expires_at is not None and site.clock() >= grant.expires_at:
        raise ApiError("token_expired")
    return grant


def token_of(site: Site, team: str) -> str | None:
    """Return the newest token that works in a workspace, or None without an installation."""
    workspace = site.workspaces[team]
    homes = {team, workspace.team.enterprise_id if workspace.team.is_org_install else team}
    living = [item for item in _living(site) if item.team in homes]
    return living[-1].token if living else None


def install_first(site: Site) -> None:
    """Give the workspaces that have the app from the start their tokens."""
    for workspace in site.workspaces.values():
        team = workspace.team
        if team.is_installed and not any(item.team == team.id for item in _living(site)):
            _put(site, Grant(token=_first_token(site, team), team=team.id, scopes=[], issued_at=0))


def install(site: Site, code: Code) -> Grant:
    """Install the app where a code allows it and return the installation's token."""
    team = site.workspaces[code.team].team
    home = str(team.enterprise_id) if code.is_org else team.id
    for workspace in site.of_organisation(home) if code.is_org else [site.workspaces[team.id]]:
        workspace.team.is_installed = True
        workspace.team.is_org_install = code.is_org
        workspace.world.put(workspace.team)
        workspace.save()
    if site.app.has_rotation:
        return _rotating(site, home, list(code.scopes))
    known = next((item for item in _living(site) if item.team == home), None)
    is_first = home == site.main.team.id
    token = BOT_TOKEN if is_first else f"xoxb-{home}-{opaque(site.main.world.count('grant'))}"
    grant = known or Grant(token=token, team=home, scopes=list(code.scopes), issued_at=site.clock())
    if known is not None and known.scopes:
        known.scopes = list(dict.fromkeys([*known.scopes, *code.scopes]))
    return _put(site, grant)


def renew(site: Site, refresh_token: str) -> Grant:
    """Exchange a refresh token, which works once, for a new pair.

    Raises:
        ApiError: invalid_refresh_token.
    """
    used = next((item for item in _living(site) if item.refresh_token == refresh_token), None)
    if used is None or not refresh_token:
        raise ApiError("invalid_refresh_token")
    used.refresh_token = None
    _put(site, used)
    grant = _rotating(site, used.team, used.scopes)
    for old in [item for item in _living(site) if item.team == used.team][:-_ACTIVE]:
        old.ended = "token_revoked"
        _put(site, old)
    return grant


def end(site: Site, home: str, error: str) -> None:
    """Make all tokens of a workspace or an organisation worth nothing."""
    for grant in _living(site):
        if grant.team == home:
            grant.ended = error
            _put(site, grant)


def _rotating(site: Site, home: str, scopes: list[str]) -> Grant:
    number = site.main.world.count("grant")
    return _put(
        site,
        Grant(
            token=f"xoxe.xoxb-1-{home}-{opaque(number)}",
            team=home,
            scopes=scopes,
            issued_at=site.clock(),
            expires_at=site.clock() + LIFETIME,
            refresh_token=f"xoxe-1-{home}-{opaque(number + 1, digits=16)}",
        ),
    )


def _first_token(site: Site, team: Team) -> str:
    return BOT_TOKEN if team.id == site.main.team.id else f"xoxb-simulator-{team.id.lower()}"


def _living(site: Site) -> list[Grant]:
    return [item for item in site.main.world.grants.values() if not item.ended]


def _put(site: Site, grant: Grant) -> Grant:
    site.main.world.put(grant)
    return grant
