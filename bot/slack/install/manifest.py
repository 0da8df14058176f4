"""What the app declares to Slack, and the manifest made of it.

The tables here are what everything else goes by: `manifest.yml` is their print for Socket Mode,
the install page asks for their scopes, and `signoff doctor` compares them with what was granted.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import yaml

from bot.errors import ConfigurationError

#: What the bot may do, and why it has to.
BOT_SCOPES: Mapping[str, str] = {
    "chat:write": "ask, and edit the question when it is answered",
    "commands": "/signoff",
    "files:write": "send a payload as a file that is too large for a window",
    "users:read": "who clicked: a colleague, a guest, a bot?",
    "users:read.email": "approvers named by e-mail address",
    "usergroups:read": "approvers named by @handle",
    "channels:read": "approvers named by #channel",
    "groups:read": "the same for private channels",
    "channels:history": "find a question whose posting was not confirmed; read replies to it",
    "groups:history": "the same in a private channel",
    "metadata.message:read": "by the mark that it carries",
    "im:write": "write to one person: reminders, outcomes, what no channel takes",
    "im:history": "the same in direct messages",
    "reactions:write": "mark a reply that was taken as a comment",
}
#: Events that are listened to, and why.
EVENTS: Mapping[str, str] = {
    "app_home_opened": "show the Home tab",
    "channel_archive": "ask elsewhere what is open there",
    "channel_id_changed": "a channel that is shared with others gets another id",
    "channel_left": "as for one that was archived",
    "channel_unarchive": "ask there again",
    "group_archive": "the same for private channels",
    "group_left": "the same",
    "group_unarchive": "the same",
    "member_joined_channel": "the bot itself was invited: ask what waited for it",
    "message.channels": "a reply in the thread of a question is a comment on it",
    "message.groups": "the same in a private channel",
    "message.im": "the same in direct messages; nothing else of what is written is kept",
}
#: The same where workflows may have a step of the app's.
STEP_EVENTS: Mapping[str, str] = {"function_executed": "run the step of a workflow"}
#: The same where the app is installed by OAuth.
INSTALL_EVENTS: Mapping[str, str] = {
    "app_uninstalled": "work there no more",
    "tokens_revoked": "the same",
}
#: Steps for Workflow Builder, by callback id.
FUNCTIONS: Mapping[str, Mapping[str, Any]] = {
    "start_run": {
        "title": "Start a run",
        "description": "Starts a run of a graph and waits until it has ended",
        "input_parameters": {
            "graph": {
                "type": "string",
                "title": "Graph",
                "description": "Which graph, by its id",
                "is_required": True,
                "name": "graph",
            },
            "input": {
                "type": "string",
                "title": "Input",
                "description": 'A JSON object, or key=value, with texts as topic="two words"',
                "is_required": False,
                "name": "input",
            },
            "requester": {
                "type": "slack#/types/user_id",
                "title": "Requester",
                "description": "Who asks for it, and is told how it ends",
                "is_required": True,
                "name": "requester",
            },
        },
        "output_parameters": {
            "run": {
                "type": "string",
                "title": "Run",
                "description": "The run's reference",
                "is_required": True,
                "name": "run",
            },
            "status": {
                "type": "string",
                "title": "Status",
                "description": "completed, cancelled or timed_out",
                "is_required": True,
                "name": "status",
            },
            "outcome": {
                "type": "string",
                "title": "Outcome",
                "description": "How its last question ended: approved, rejected, expired …",
                "is_required": True,
                "name": "outcome",
            },
            "output": {
                "type": "string",
                "title": "Output",
                "description": "What the run brought, as JSON",
                "is_required": True,
                "name": "output",
            },
        },
    }
}

# Slack's limits.
_NAME, _COMMAND = 35, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """An entry of Slack's menus."""

    callback_id: str
    type: str  #: global, or message
    name: str
    description: str


SHORTCUTS = (
    Shortcut(
        callback_id="signoff_start_run",
        type="global",
        name="Start a run",
        description="Choose what to start, and fill in what it needs",
    ),
    Shortcut(
        callback_id="signoff_start_from_message",
        type="message",
        name="Start a run from this",
        description="Start something with this message as its input",
    ),
)

_LONG = """\
Signoff runs your team's graphs and asks people in Slack where a yes is needed: before a
deployment, a payment, a publication. A question shows what it is about and who may decide,
every decision is recorded before it counts, and deadlines are kept also when nobody looks.
You host it yourself, beside your own database."""
_USAGE = """\
run <graph> key=value | list | show <run> | pending | cancel <run> | pause <run> |
resume <run> | signal <run> <name> | remind <approval> | rules | revoke <rule> |
follow <run> | mute <run> | quiet 22:00-07:00 | notifications | channel #name | help"""


def manifest(
    *,
    name: str = "Signoff",
    command: str = "/signoff",
    url: str | None = None,
    is_http: bool = False,
    is_oauth: bool = False,
    has_steps: bool = False,
) -> str:
    """Return the manifest as YAML.

    Args:
        name: What people call the app.
        command: Its slash command.
        url: The bot's public address, for HTTP and for OAuth.
        is_http: Slack calls the bot, instead of Socket Mode.
        is_oauth: The app is installed in several workspaces.
        has_steps: Workflows may start runs. Slack wants a paid plan for that, and an app that is
            installed for a whole organisation.

    Raises:
        ConfigurationError: Slack would not take it, or the address is missing.
    """
    if not 0 < len(name) <= _NAME:
        raise ConfigurationError(f"the app's name takes 1 to {_NAME} characters")
    if not command.startswith("/") or not 1 < len(command) <= _COMMAND or " " in command:
        raise ConfigurationError(
            f"{command!r} is no slash command; write one such as /signoff, {_COMMAND} characters "
            "at most"
        )
    if (is_http or is_oauth) and not url:
        raise ConfigurationError("give the bot's public address with --http, or set SIGNOFF_URL")
    if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ConfigurationError(f"{url!r} does not begin with https://, and Slack calls no other")
    base = (url or "").rstrip("/")
    events_url = f"{base}/slack/events" if is_http else None
    parts = (
        _head(is_http=is_http, has_steps=has_steps),
        _information(name),
        _features(name, command, events_url),
        _functions() if has_steps else "",
        _oauth(f"{base}/slack/oauth_redirect" if is_oauth else None),
        _settings(events_url, is_oauth=is_oauth, has_steps=has_steps),
    )
    return "\n".join(part for part in parts if part)


def document(text: str) -> dict[str, Any]:
    """Return a manifest as Slack reads it."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _head(*, is_http: bool, has_steps: bool) -> str:
    first = (
        "# The Slack app. To install it: api.slack.com/apps -> Create New App -> From a manifest; "
        "see README.\n"
    )
    how = (
        "# Made by `signoff manifest`.\n"
        if is_http
        else "# Made by `signoff manifest`; for HTTP instead of Socket Mode: "
        "`signoff manifest --http https://HOST`.\n"
    )
    # Slack's own examples declare steps in the form of version 1.
    version = 1 if has_steps else 2
    return f"{first}{how}_metadata:\n  major_version: {version}\n  minor_version: 1\n"


def _information(name: str) -> str:
    return (
        "display_information:\n"
        f"  name: {_plain(name)}\n"
        "  description: Asks the right people before a run goes on.\n"
        f"  long_description: >-\n{indent(_LONG, ' ' * 4)}\n"
        '  background_color: "#1f2937"\n'
    )


def _features(name: str, command: str, events_url: str | None) -> str:
    url = [f"      url: {events_url}"] if events_url else []
    lines = [
        "features:",
        "  app_home:",
        "    home_tab_enabled: true",
        "    messages_tab_enabled: true",
        "    messages_tab_read_only_enabled: false",
        "  bot_user:",
        f"    display_name: {_plain(name)}",
        "    always_online: true",
        "  slash_commands:",
        f"    - command: {command}",
        "      description: Start runs and see what waits for an answer",
        f"      usage_hint: >-\n{indent(_USAGE, ' ' * 8)}",
        "      should_escape: false",
        *url,
        "  shortcuts:",
    ]
    for each in SHORTCUTS:
        lines += [
            f"    - name: {each.name}",
            f"      type: {each.type}",
            f"      callback_id: {each.callback_id}",
            f"      description: {each.description}",
        ]
    return "\n".join(lines) + "\n"


def _functions() -> str:
    body = yaml.safe_dump(
        {"functions": _unfrozen(FUNCTIONS)}, sort_keys=False, width=100, allow_unicode=True
    )
    return str(body)


def _oauth(redirect_url: str | None) -> str:
    redirect = f"  redirect_urls:\n    - {redirect_url}\n" if redirect_url else ""
    return f"oauth_config:\n{redirect}  scopes:\n    bot:\n{_with_reasons(BOT_SCOPES)}"


def _settings(events_url: str | None, *, is_oauth: bool, has_steps: bool) -> str:
    events = {
        **EVENTS,
        **(STEP_EVENTS if has_steps else {}),
        **(INSTALL_EVENTS if is_oauth else {}),
    }
    request = f"    request_url: {events_url}\n" if events_url else ""
    menu = f"    message_menu_options_url: {events_url}\n" if events_url else ""
    runtime = "  function_runtime: remote\n" if has_steps else ""
    return (
        "settings:\n"
        f"  event_subscriptions:\n{request}    bot_events:\n{_with_reasons(events)}"
        f"  interactivity:\n    is_enabled: true\n{request}{menu}"
        f"{runtime}"
        f"  org_deploy_enabled: {_yes(is_oauth or has_steps)}\n"
        f"  socket_mode_enabled: {_yes(not events_url)}\n"
        f"  token_rotation_enabled: {_yes(is_oauth)}\n"
    )


def _with_reasons(table: Mapping[str, str]) -> str:
    return "".join(f"      - {name} # {reason}\n" for name, reason in table.items())


def _yes(value: bool) -> str:  # noqa: FBT001 - it is the text of a boolean
    return "true" if value else "false"


def _plain(text: str) -> str:
    """Write a name as YAML has it."""
    return str(yaml.safe_dump(text, allow_unicode=True, width=1000)).removesuffix("...\n").strip()


def _unfrozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unfrozen(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_unfrozen(each) for each in value]
    return value
