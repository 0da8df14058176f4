"""The app's manifest: what Slack's own schema and our own code expect of it."""

from __future__ import annotations

import ast
import json
import os
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigurationError
from bot.simulator import App
from bot.simulator.manifest import load_app
from bot.slack import listeners
from bot.slack.install import endings
from bot.slack.install import manifest as manifest_module

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "manifest.yml"

#: Bot scopes by the method of Slack's client that needs them; None: no scope.
#: https://docs.slack.dev/reference/methods
SCOPES = {
    "auth_teams_list": None,
    "auth_test": None,
    "chat_getPermalink": None,
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_update": "chat:write",
    "conversations_history": "channels:history",
    "conversations_info": "channels:read",
    "conversations_list": "channels:read",
    "conversations_members": "channels:read",
    "conversations_open": "im:write",
    "conversations_replies": "channels:history",
    "functions_completeError": None,
    "functions_completeSuccess": None,
    "files_upload_v2": "files:write",
    "reactions_add": "reactions:write",
    "usergroups_list": "usergroups:read",
    "usergroups_users_list": "usergroups:read",
    "users_info": "users:read",
    "users_lookupByEmail": "users:read.email",
    "views_open": None,
    "views_publish": None,
    "views_push": None,
    "views_update": None,
}
#: Scopes that no method names: the command, private channels, and what messages carry.
OTHERS = {"commands", "groups:history", "groups:read", "im:history", "metadata.message:read"}
#: Subscriptions to what people write, which come as one event.
MESSAGES = {"message.channels", "message.groups", "message.im"}
#: What no bot token is needed for.
UNSCOPED = {"apps_connections_open": None, "auth_revoke": None, "oauth_v2_access": None}
_METHOD = re.compile(r"[a-z]+(?:\.[a-zA-Z0-9]+){1,3}")
HOST = "https://signoff.example.com"
#: Manifests that can be made.
KINDS: dict[str, dict[str, Any]] = {
    "socket": {},
    "http": {"url": HOST, "is_http": True},
    "oauth": {"url": HOST, "is_oauth": True},
    "everything": {
        "url": HOST, "is_http": True, "is_oauth": True, "has_steps": True,
        "name": "Sign: off", "command": "/sign",
    },
}  # fmt: skip


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Return the manifest as Slack reads it."""
    document: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return document


@pytest.fixture
def app() -> App:
    """Return the manifest as the simulator reads it, which refuses what Slack refuses."""
    return load_app(MANIFEST)


def called_methods() -> set[str]:
    """Return the methods of Slack that the bot calls, in the client's spelling."""
    found = set()
    for file in (ROOT / "bot" / "slack").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and "_" in node.attr:
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and _METHOD.fullmatch(str(node.value)):
                found.add(str(node.value).replace(".", "_"))
    client = {name for name in vars(AsyncWebClient) if not name.startswith("_")}
    return {name for name in found & client if name != "api_call"}


def test_the_app_is_ready_for_the_demo_and_for_socket_mode(
    app: App, manifest: dict[str, Any]
) -> None:
    """It can be imported as it is: no address has to be filled in."""
    settings = manifest["settings"]

    assert settings["socket_mode_enabled"] is True
    assert "http" not in json.dumps(manifest)
    assert (app.is_interactive, app.has_home, app.has_messages) == (True, True, True)
    assert not app.is_read_only  # people reply to its direct messages
    assert manifest["features"]["bot_user"]["display_name"] == "Signoff"


def test_the_slash_command_says_what_it_takes(app: App) -> None:
    """The hint shows while somebody types."""
    command = app.command("/signoff")

    assert command is not None
    assert all(word in command["usage_hint"] for word in ("run", "list", "show", "pending", "help"))


def test_s11_the_committed_manifest_is_what_the_command_prints() -> None:
    """Change the tables of the manifest module, then `signoff manifest > manifest.yml`."""
    assert manifest_module.manifest() == MANIFEST.read_text()


def test_s11_scopes_are_those_that_the_code_needs(app: App) -> None:
    """Neither too few, or calls would fail, nor too many, or administrators would ask why."""
    methods = called_methods()
    needed = {{**SCOPES, **UNSCOPED}[method] for method in methods} - {None}

    assert {"chat_postMessage", "users_info", "conversations_history"} <= methods
    assert sorted(needed | OTHERS) == sorted(app.scopes)
    assert all(manifest_module.BOT_SCOPES.values())


@pytest.mark.skipif(
    "SLACK_REFERENCE" not in os.environ, reason="Slack's reference is not part of the project"
)
def test_s11_methods_need_the_scopes_that_slack_says() -> None:
    """The table above is checked against Slack's own pages."""
    folder = Path(os.environ["SLACK_REFERENCE"]) / "methods"
    for method, scope in SCOPES.items():
        name = method.replace("_upload_v2", "_getUploadURLExternal").replace("_", ".")
        said = json.loads((folder / f"{name}.json").read_text())["scope"].get("bot") or []

        assert (scope in said) if scope else not said, (method, scope, said)


@pytest.mark.parametrize("kind", KINDS)
def test_s11_every_listener_has_its_entry_and_every_entry_its_listener(kind: str) -> None:
    """Slack sends only what is declared, and nothing is declared that nobody takes."""
    found = manifest_module.document(manifest_module.manifest(**KINDS[kind]))
    events = set(found["settings"]["event_subscriptions"]["bot_events"])
    shortcuts = {each["callback_id"] for each in found["features"]["shortcuts"]}
    heard = {key for key in _keys("event") if isinstance(key, str)}
    listened = heard - {"message"} | MESSAGES if "message" in heard else heard
    optional = {"function_executed": "has_steps", **dict.fromkeys(endings._WHY, "is_oauth")}
    expected = {
        name
        for name in listened | set(endings._WHY)
        if name not in optional or KINDS[kind].get(optional[name])
    }

    assert events == expected
    assert shortcuts == {key for key in _keys("shortcut") if isinstance(key, str)}
    assert ("functions" in found) == bool(KINDS[kind].get("has_steps"))


def _keys(kind: str) -> list[Any]:
    """Return what listeners of a kind are registered for."""
    tables = [getattr(import_module(each.name), "TABLE", {}) for each in _modules()]
    return [key for table in tables for key, _handler in table.get(kind, ())]


def _modules() -> list[Any]:
    path, prefix = listeners.__path__, f"{listeners.__name__}."
    return list(pkgutil.iter_modules(path, prefix))


@pytest.mark.parametrize("kind", KINDS)
def test_s11_over_http_every_address_is_the_bots(kind: str) -> None:
    """And in Socket Mode there is none, but for the page that Slack leads back to."""
    options = KINDS[kind]
    found = manifest_module.document(manifest_module.manifest(**options))
    settings, url = found["settings"], f"{HOST}/slack/events"
    is_http = bool(options.get("is_http"))
    (command,) = found["features"]["slash_commands"]
    addresses = {
        settings["event_subscriptions"].get("request_url"),
        settings["interactivity"].get("request_url"),
        settings["interactivity"].get("message_menu_options_url"),
        command.get("url"),
    }

    assert addresses == {url if is_http else None}
    assert settings["socket_mode_enabled"] is not is_http
    assert settings["token_rotation_enabled"] is bool(options.get("is_oauth"))
    assert found["oauth_config"].get("redirect_urls", []) == (
        [f"{HOST}/slack/oauth_redirect"] if options.get("is_oauth") else []
    )
    assert found["display_information"]["name"] == options.get("name", "Signoff")
    assert load_app(found).command(options.get("command", "/signoff")) is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"is_http": True}, "SIGNOFF_URL"),
        ({"is_oauth": True}, "SIGNOFF_URL"),
        ({"is_http": True, "url": "http://signoff.example.com"}, "https://"),
        ({"name": "x" * 36}, "35 characters"),
        ({"command": "signoff"}, "no slash command"),
        ({"command": "/two words"}, "no slash command"),
    ],
)
def test_s11_what_slack_would_not_take_is_refused(options: dict[str, Any], words: str) -> None:
    """Before somebody pastes it."""
    with pytest.raises(ConfigurationError, match=words):
        manifest_module.manifest(**options)


def test_lengths_are_within_slacks_limits(manifest: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/app-manifest."""
    shown = manifest["display_information"]
    (command,) = manifest["features"]["slash_commands"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 < len(shown["long_description"]) <= 4000
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
    assert len(manifest["features"]["shortcuts"]) <= 10
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    assert len(manifest["settings"]["event_subscriptions"]["bot_events"]) <= 100


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(
    "SLACK_REFERENCE" not in os.environ, reason="Slack's schemas are not part of the project"
)
def test_s11_slacks_own_schema_accepts_it(kind: str) -> None:
    """What Slack publishes about manifests of this version."""
    found = manifest_module.document(manifest_module.manifest(**KINDS[kind]))
    version = found["_metadata"]["major_version"]
    folder = Path(os.environ["SLACK_REFERENCE"]) / "schemas"
    schema = json.loads((folder / f"official-manifest.schema.{version}.0.0.json").read_text())

    problems = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(found)
    ]

    assert problems == []
