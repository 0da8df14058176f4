"""What the app declared in its manifest: commands, shortcuts, scopes and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_MAX_NAME = 35  # https://docs.slack.dev/reference/app-manifest
_MAX_COMMANDS = 50
_MAX_COMMAND = 32
_MAX_SHORTCUTS = 10
_MAX_SHORTCUT_NAME = 24

EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "reaction_added": "reactions:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "user_change": "users:read",
}
"""The bot scope without which Slack refuses the subscription."""

DEFAULT_MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Signoff"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Signoff", "always_online": True},
        "slash_commands": [
            {
                "command": "/signoff",
                "description": "Start and follow runs",
                "usage_hint": "run | list | show | pending | help",
            }
        ],
        "shortcuts": [
            {
                "name": "Start a run",
                "type": "global",
                "callback_id": "start_run",
                "description": "Choose a graph and start it",
            },
            {
                "name": "Start a run from this",
                "type": "message",
                "callback_id": "start_run_from_message",
                "description": "Start a run with this message as its input",
            },
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read",
                "channels:history",
                "channels:read",
                "chat:write",
                "chat:write.public",
                "commands",
                "files:write",
                "groups:history",
                "groups:read",
                "im:history",
                "im:read",
                "im:write",
                "metadata.message:read",
                "team:read",
                "usergroups:read",
                "users:read",
                "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_mention",
                "app_uninstalled",
                "member_joined_channel",
                "message.im",
                "tokens_revoked",
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}
"""An app to try the simulator with when there is no manifest."""


class ManifestError(ValueError):
    """Slack would refuse this manifest; `problems` says why, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("manifest refused: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The simulated workspace's one app."""

    name: str
    scopes: tuple[str, ...]
    commands: tuple[dict[str, Any], ...]
    shortcuts: tuple[dict[str, Any], ...]
    events: frozenset[str]
    is_interactive: bool
    has_home: bool
    has_messages: bool
    redirect_urls: tuple[str, ...]
    functions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Steps for workflows, by their callback id."""
    is_org_ready: bool = False
    has_rotation: bool = False
    is_read_only: bool = False
    """May people only read what the app writes to them?"""

    def command(self, name: str) -> dict[str, Any] | None:
        """Return the slash command of that name, or None."""
        return next((item for item in self.commands if item["command"] == name), None)

    def shortcut(self, callback_id: str, kind: str) -> dict[str, Any] | None:
        """Return the `global` or `message` shortcut with that callback id, or None."""
        for item in self.shortcuts:
            if item["callback_id"] == callback_id and item["type"] == kind:
                return item
        return None


def load_app(source: Path | Mapping[str, Any] | None) -> App:
    """Read a manifest from a YAML or JSON file or from a mapping; None means the default.

    Raises:
        ManifestError: The manifest is not one, or Slack would refuse it.
    """
    if source is None:
        document: Any = DEFAULT_MANIFEST
    elif isinstance(source, Path):
        document = yaml.safe_load(source.read_text(encoding="utf-8"))
    else:
        document = dict(source)
    if not isinstance(document, dict):
        raise ManifestError(["it is not a mapping"])
    app = _parse(document)
    problems = _problems(app, document)
    if problems:
        raise ManifestError(problems)
    return app


def _at(document: Mapping[str, Any], *path: str) -> Any:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _parse(document: dict[str, Any]) -> App:
    return App(
        name=str(_at(document, "display_information", "name") or ""),
        scopes=tuple(_at(document, "oauth_config", "scopes", "bot") or ()),
        commands=tuple(_at(document, "features", "slash_commands") or ()),
        shortcuts=tuple(_at(document, "features", "shortcuts") or ()),
        events=frozenset(_at(document, "settings", "event_subscriptions", "bot_events") or ()),
        is_interactive=bool(_at(document, "settings", "interactivity", "is_enabled")),
        has_home=bool(_at(document, "features", "app_home", "home_tab_enabled")),
        has_messages=bool(_at(document, "features", "app_home", "messages_tab_enabled")),
        is_read_only=bool(_at(document, "features", "app_home", "messages_tab_read_only_enabled")),
        redirect_urls=tuple(_at(document, "oauth_config", "redirect_urls") or ()),
        functions=dict(_at(document, "functions") or {}),
        is_org_ready=bool(_at(document, "settings", "org_deploy_enabled")),
        has_rotation=bool(_at(document, "settings", "token_rotation_enabled")),
    )


def _problems(app: App, document: dict[str, Any]) -> list[str]:
    problems = []
    if not 0 < len(app.name) <= _MAX_NAME:
        problems.append(f"display_information.name must have 1 to {_MAX_NAME} characters")
    if len(app.commands) > _MAX_COMMANDS:
        problems.append(f"no more than {_MAX_COMMANDS} slash commands")
    problems += [problem for item in app.commands if (problem := _command_problem(item))]
    if len(app.shortcuts) > _MAX_SHORTCUTS:
        problems.append(f"no more than {_MAX_SHORTCUTS} shortcuts")
    problems += [problem for item in app.shortcuts if (problem := _shortcut_problem(item))]
    if (app.commands or app.shortcuts) and "commands" not in app.scopes:
        problems.append("slash commands and shortcuts need the bot scope commands")
    if app.shortcuts and not app.is_interactive:
        problems.append("shortcuts need settings.interactivity.is_enabled")
    problems += _function_problems(app)
    if app.scopes and not _at(document, "features", "bot_user"):
        problems.append("bot scopes need features.bot_user")
    for event in sorted(app.events):
        scope = EVENT_SCOPES.get(event)
        if scope is not None and scope not in app.scopes:
            problems.append(f"event {event} needs the bot scope {scope}")
    return problems


def _function_problems(app: App) -> list[str]:
    problems = [
        f"function {name!r} needs a title, a description and its parameters"
        for name, item in app.functions.items()
        if not {"title", "description", "input_parameters", "output_parameters"} <= set(item)
    ]
    if app.functions and "function_executed" not in app.events:
        problems.append("functions need the bot event function_executed")
    if app.functions and not app.is_org_ready:
        problems.append("functions need settings.org_deploy_enabled")
    return problems


def _command_problem(item: Mapping[str, Any]) -> str | None:
    command = str(item.get("command", ""))
    if not command.startswith("/") or " " in command or len(command) > _MAX_COMMAND:
        return f"slash command {command!r} must be / and a word, {_MAX_COMMAND} characters at most"
    if not item.get("description"):
        return f"slash command {command!r} needs a description"
    return None


def _shortcut_problem(item: Mapping[str, Any]) -> str | None:
    name = str(item.get("name", ""))
    if not 0 < len(name) <= _MAX_SHORTCUT_NAME:
        return f"shortcut name {name!r} must have 1 to {_MAX_SHORTCUT_NAME} characters"
    if item.get("type") not in {"global", "message"} or not item.get("callback_id"):
        return f"shortcut {name!r} needs a type (global or message) and a callback_id"
    if not item.get("description"):
        return f"shortcut {name!r} needs a description"
    return None
