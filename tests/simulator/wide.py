"""An app that asks for everything that the simulator knows, and its installation by OAuth."""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from bot.simulator import Simulator

BACK = "http://127.0.0.1:9/slack/oauth_redirect"
SCOPES = "chat:write,commands,users:read,channels:read,usergroups:read"
WIDE: dict[str, Any] = {
    "display_information": {"name": "Wide"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Wide"},
        "slash_commands": [{"command": "/wide", "description": "Be wide"}],
        "shortcuts": [
            {"name": "Go", "type": "global", "callback_id": "go", "description": "Go"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                *SCOPES.split(","),
                "channels:history",
                "files:read",
                "files:write",
                "groups:history",
                "groups:read",
                "im:history",
                "im:write",
                "team:read",
            ]
        }
    },
    "functions": {
        "approve": {
            "title": "Ask for approval",
            "description": "Ask people and wait",
            "input_parameters": {
                "question": {"type": "string", "is_required": True},
                "approver": {"type": "slack#/types/user_id"},
            },
            "output_parameters": {
                "decision": {"type": "string", "is_required": True},
                "votes": {"type": "integer"},
            },
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_uninstalled",
                "channel_archive",
                "channel_left",
                "channel_unarchive",
                "function_executed",
                "member_joined_channel",
                "member_left_channel",
                "message.channels",
                "message.im",
                "tokens_revoked",
            ]
        },
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": True,
        "socket_mode_enabled": True,
    },
}
ROTATING = {**WIDE, "settings": {**WIDE["settings"], "token_rotation_enabled": True}}


async def ask(sim: Simulator, session: aiohttp.ClientSession, **query: str) -> str:
    """Return the page on which an administrator is asked to install the app."""
    wanted = {"client_id": sim.client_id, "scope": SCOPES, "redirect_uri": BACK, "state": "s"}
    async with session.get(f"{sim.url}/oauth/v2/authorize", params=wanted | query) as answer:
        return await answer.text()


async def allowed(sim: Simulator, session: aiohttp.ClientSession, page: str, words: str) -> str:
    """Press the link with these words on the page and return the code."""
    before, _, _ = page.partition(f">{words}<")
    href = unescape(before.rpartition('href="')[2].rstrip('"'))
    async with session.get(sim.url + href, allow_redirects=False) as answer:
        back = urlsplit(answer.headers["Location"])
    return parse_qs(back.query)["code"][0]


async def exchanged(
    sim: Simulator, session: aiohttp.ClientSession, **arguments: str
) -> dict[str, Any]:
    """Call oauth.v2.access as the app."""
    secret = {"client_id": sim.client_id, "client_secret": sim.client_secret}
    url = f"{sim.api_url}oauth.v2.access"
    async with session.post(url, data=secret | arguments) as answer:
        body: dict[str, Any] = await answer.json()
        return body


async def installed(
    sim: Simulator, session: aiohttp.ClientSession, words: str, **query: str
) -> dict[str, Any]:
    """Install the app through the page and return what oauth.v2.access answered."""
    page = await ask(sim, session, **query)
    return await exchanged(sim, session, code=await allowed(sim, session, page, words))
