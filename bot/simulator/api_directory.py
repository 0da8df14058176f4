"""The methods about users, groups, the team and the app itself."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.world import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    User,
    UserGroup,
)

_TEAM_URL = f"https://{TEAM_DOMAIN}.slack.com/"


def auth_test(_call: Call) -> Answer:
    """auth.test: who the token belongs to."""
    return {
        "ok": True,
        "url": _TEAM_URL,
        "team": TEAM_NAME,
        "user": "signoff",
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Answer:
    """api.test: echoes its arguments."""
    args = {name: value for name, value in call.args.items() if name != "token"}
    if call.text("error"):
        raise ApiError(call.text("error"), fields={"args": args})
    return {"ok": True, "args": args}


def team_info(_call: Call) -> Answer:
    """team.info."""
    icon = {f"image_{size}": "" for size in (34, 44, 68, 88, 102, 132)}
    team = {
        "id": TEAM_ID,
        "name": TEAM_NAME,
        "domain": TEAM_DOMAIN,
        "email_domain": "",
        "icon": {**icon, "image_default": True},
    }
    return {"ok": True, "team": team}


def bots_info(call: Call) -> Answer:
    """bots.info: the app's own bot."""
    if call.text("bot", BOT_ID) != BOT_ID:
        raise ApiError("bot_not_found")
    bot = {
        "id": BOT_ID,
        "deleted": False,
        "name": call.workspace.app.name,
        "updated": 0,
        "app_id": APP_ID,
        "user_id": BOT_USER,
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
        profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
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
    groups = []
    for group in call.workspace.world.usergroups.values():
        if group.is_disabled and not call.flag("include_disabled"):
            continue
        body = _group_body(group)
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


def _group_body(group: UserGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "team_id": TEAM_ID,
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
