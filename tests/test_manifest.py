"""The app's manifest: what Slack's own schema and our own code expect of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.simulator import App
from bot.simulator.manifest import load_app

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "manifest.yml"

#: Bot scopes by the method of Slack's client that needs them; None: no scope.
#: https://docs.slack.dev/reference/methods
SCOPES = {
    "auth_test": None,
    "chat_getPermalink": None,
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_update": "chat:write",
    "conversations_history": "channels:history",
    "conversations_list": "channels:read",
    "conversations_members": "channels:read",
    "conversations_open": "im:write",
    "conversations_replies": "channels:history",
    "functions_completeError": None,
    "functions_completeSuccess": None,
    "files_upload_v2": "files:write",
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
_CALL = re.compile(
    r"(?:client|sender)\.([a-z]+_[A-Za-z_]+)\(|\"((?:chat|conversations)\.[a-zA-Z]+)\""
)
_NO_METHODS = frozenset({"api_call", "connect_to_new_endpoint"})


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
        for attribute, name in _CALL.findall(file.read_text()):
            found.add(attribute or name.replace(".", "_"))
    return found - _NO_METHODS


def test_the_app_is_ready_for_the_demo_and_for_socket_mode(
    app: App, manifest: dict[str, Any]
) -> None:
    """It can be imported as it is: no address has to be filled in."""
    settings = manifest["settings"]

    assert settings["socket_mode_enabled"] is True
    assert "http" not in json.dumps(manifest)
    assert (app.is_interactive, app.has_home, app.has_messages) == (True, True, True)
    assert manifest["features"]["bot_user"]["display_name"] == "Signoff"


def test_the_slash_command_says_what_it_takes(app: App) -> None:
    """The hint shows while somebody types."""
    command = app.command("/signoff")

    assert command is not None
    assert all(word in command["usage_hint"] for word in ("run", "list", "show", "pending", "help"))


def test_scopes_are_those_that_the_code_needs(app: App) -> None:
    """Neither too few, or calls would fail, nor too many, or administrators would ask why."""
    methods = called_methods()
    needed = {SCOPES[method] for method in methods} - {None}

    assert {"chat_postMessage", "users_info"} <= methods
    assert sorted(needed | OTHERS) == sorted(app.scopes)


def test_lengths_are_within_slacks_limits(manifest: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/app-manifest."""
    shown = manifest["display_information"]
    (command,) = manifest["features"]["slash_commands"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 < len(shown["long_description"]) <= 4000
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


@pytest.mark.skipif(
    "SLACK_REFERENCE" not in os.environ, reason="Slack's schemas are not part of the project"
)
def test_slacks_own_schema_accepts_it(manifest: dict[str, Any]) -> None:
    """What Slack publishes about manifests of this version."""
    version = manifest["_metadata"]["major_version"]
    folder = Path(os.environ["SLACK_REFERENCE"]) / "schemas"
    schema = json.loads((folder / f"official-manifest.schema.{version}.0.0.json").read_text())

    problems = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(manifest)
    ]

    assert problems == []
