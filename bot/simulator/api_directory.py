"""The methods about users, groups, the team and the app itself."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.world import APP_ID, User, UserGroup


def auth_test(call: Call) -> Answer:
    """auth.test: who the token belongs to; an organisation, when it was installed in one."""
    team = call.workspace.team
    answer = {
        "ok": True,
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": "signoff",
        "team_id": team.id,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": call.is_org,
    }
    if team.enterprise_id is not None:
        answer["enterprise_id"] = team.enterprise_id
    if call.is_org:
        answer |= {"team_id": team.enterprise_id, "team": team.enterprise_name}
    return answer


def auth_revoke(call: Call) -> Answer:
    """auth.revoke: the token that the call carries is worth nothing afterwards."""
    if call.flag("test"):
        return {"ok": True, "revoked": False}
    call.revoke()
    return {"ok": True, "revoked": True}


def auth_teams(call: Call) -> Answer:
    """auth.teams.list: the workspaces that an organisation's token works in."""
    team = call.workspace.team
    site = call.workspace.site
    found = site.of_organisation(team.enterprise_id or "") if call.is_org else [call.workspace]
    items = [{"id": item.team.id, "name": item.team.name} for item in found]
    page, more = call.page(items)
    return {"ok": True, "teams": page, **more}


def api_test(call: Call) -> Answer:
    """api.test: echoes its arguments."""
    args = {name: value for name, value in call.args.items() if name != "token"}
    if call.text("error"):
        raise ApiError(call.text("error"), fields={"args": args})
    return {"ok": True, "args": args}


def team_info(call: Call) -> Answer:
    """team.info."""
    own = call.workspace.team
    icon = {f"image_{size}": "" for size in (34, 44, 68, 88, 102, 132)}
    team = {
        "id": own.id,
        "name": own.name,
        "domain": own.domain,
        "email_domain": "",
        "icon": {**icon, "image_default": True},
    }
    if own.enterprise_id is not None:
        team |= {"enterprise_id": own.enterprise_id, "enterprise_name": own.enterprise_name}
    return {"ok": True, "team": team}


def bots_info(call: Call) -> Answer:
    """bots.info: the app's own bot."""
    team = call.workspace.team
    if call.text("bot", team.bot_id) != team.bot_id:
        raise ApiError("bot_not_found")
    bot = {
        "id": team.bot_id,
        "deleted": False,
        "name": call.workspace.app.name,
        "updated": 0,
        "app_id": APP_ID,
        "user_id": team.bot_user,
        "icons": {f"image_{size}": "" for size in (36, 48, 72)},
    }
    return {"ok": True, "bot": bot}


def user_body(call: Call, user: User) -> dict[str, Any]:
    """Return Slack's user object; the e-mail address only with its scope."""
    profile: dict[str, Any] = {
        "avatar_hash": hashlib.sha256(user.id.encode()).hexdigest()[:12],
        "status_text": "",
        "status_emoji": "",
        "title": "",
        "phone": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "team": user.team_id,
        **{f"image_{size}": "" for size in (24, 32, 48, 72, 192, 512)},
    }
    if user.email is not None and "users:read.email" in call.scopes:
        profile["email"] = user.email
    if user.is_bot:
        profile |= {"bot_id": call.workspace.team.bot_id, "api_app_id": APP_ID}
    body: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if user.deleted:
        return body
    now = datetime.fromtimestamp(call.workspace.clock(), UTC).astimezone(ZoneInfo(user.tz))
    offset = now.utcoffset()
    body |= {
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": now.tzname() or user.tz,
        "tz_offset": 0 if offset is None else int(offset.total_seconds()),
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": not user.is_bot,
    }
    if user.is_stranger:
        body["is_stranger"] = True
    if call.flag("include_locale"):
        body["locale"] = "en-US"
    return body


def users_info(call: Call) -> Answer:
    """users.info."""
    user = call.workspace.world.users.get(call.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"ok": True, "user": user_body(call, user)}


def users_list(call: Call) -> Answer:
    """users.list: everybody, bots and closed accounts too."""
    call.require_team()
    items = [user_body(call, user) for user in call.workspace.world.users.values()]
    page, more = call.page(items, default=1000)
    return {"ok": True, "members": page, "cache_ts": int(call.workspace.clock()), **more}


def lookup_by_email(call: Call) -> Answer:
    """users.lookupByEmail: active people only."""
    wanted = call.text("email").lower()
    for user in call.workspace.world.users.values():
        if user.email is not None and user.email.lower() == wanted and not user.deleted:
            return {"ok": True, "user": user_body(call, user)}
    raise ApiError("users_not_found")


def usergroups_list(call: Call) -> Answer:
    """usergroups.list."""
    call.require_team()
    groups = []
    for group in call.workspace.world.usergroups.values():
        if group.is_disabled and not call.flag("include_disabled"):
            continue
        body = _group_body(group, call.workspace.team.id)
        if call.flag("include_count"):
            body["user_count"] = len(group.users)
        if call.flag("include_users"):
            body["users"] = list(group.users)
        groups.append(body)
    return {"ok": True, "usergroups": groups}


def usergroup_users(call: Call) -> Answer:
    """usergroups.users.list."""
    group = call.workspace.world.usergroups.get(call.text("usergroup"))
    if group is None or (group.is_disabled and not call.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"ok": True, "users": list(group.users)}


def _group_body(group: UserGroup, team: str) -> dict[str, Any]:
    return {
        "id": group.id,
        "team_id": team,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": group.created if group.is_disabled else 0,
        "auto_type": None,
        "auto_provision": False,
        "created_by": "U0ALICE",
        "updated_by": "U0ALICE",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }


METHODS = {
    "auth.test": Method(run=auth_test),
    "auth.revoke": Method(run=auth_revoke, is_write=True),
    "auth.teams.list": Method(run=auth_teams),
    "api.test": Method(run=api_test, token="none"),  # noqa: S106 - a kind of token
    "team.info": Method(run=team_info, scope="team:read"),
    "bots.info": Method(run=bots_info, scope="users:read"),
    "users.info": Method(run=users_info, scope="users:read", required=("user",)),
    "users.list": Method(run=users_list, scope="users:read"),
    "users.lookupByEmail": Method(
        run=lookup_by_email, scope="users:read.email", required=("email",)
    ),
    "usergroups.list": Method(run=usergroups_list, scope="usergroups:read"),
    "usergroups.users.list": Method(
        run=usergroup_users, scope="usergroups:read", required=("usergroup",)
    ),
}
