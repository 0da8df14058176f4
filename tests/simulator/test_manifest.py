"""Manifests: what is taken from them and what Slack would refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.manifest import DEFAULT_MANIFEST, ManifestError, load_app


def _changed(*path: str, to: Any) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(json.dumps(DEFAULT_MANIFEST))
    inner = manifest
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return manifest


def test_a_manifest_is_read_from_yaml(tmp_path: Path) -> None:
    """Commands, shortcuts, scopes and events."""
    path = tmp_path / "manifest.yml"
    path.write_text(json.dumps(DEFAULT_MANIFEST), encoding="utf-8")
    app = load_app(path)

    assert app == load_app(None)
    assert (app.name, app.is_interactive, app.has_home) == ("Signoff", True, True)
    assert app.command("/signoff") is not None
    assert app.command("/other") is None
    assert app.shortcut("start_run", "global") is not None
    assert app.shortcut("start_run", "message") is None
    assert "app_mention" in app.events


_SHORTCUT = {"name": "x", "type": "global", "callback_id": "x", "description": "x"}


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (_changed("display_information", "name", to="x" * 36), "1 to 35 characters"),
        (
            _changed("features", "slash_commands", to=[{"command": "x", "description": "y"}]),
            "must be / and a word",
        ),
        (
            _changed("features", "slash_commands", to=[{"command": "/x"}]),
            "'/x' needs a description",
        ),
        (
            _changed("features", "slash_commands", to=[{"command": "/x", "description": "y"}] * 51),
            "no more than 50 slash commands",
        ),
        (_changed("features", "shortcuts", to=[_SHORTCUT] * 11), "no more than 10 shortcuts"),
        (
            _changed("features", "shortcuts", to=[{**_SHORTCUT, "name": "x" * 25}]),
            "1 to 24 characters",
        ),
        (
            _changed("features", "shortcuts", to=[{**_SHORTCUT, "type": "local"}]),
            "needs a type",
        ),
        (
            _changed("features", "shortcuts", to=[{**_SHORTCUT, "description": ""}]),
            "needs a description",
        ),
        (_changed("features", "bot_user", to=None), "need features.bot_user"),
        (_changed("settings", "interactivity", to=None), "shortcuts need"),
        (
            _changed("oauth_config", "scopes", "bot", to=["chat:write"]),
            "need the bot scope commands",
        ),
        (
            _changed("oauth_config", "scopes", "bot", to=["commands"]),
            "event app_mention needs the bot scope app_mentions:read",
        ),
    ],
)
def test_what_slack_would_refuse_is_refused(manifest: dict[str, Any], words: str) -> None:
    """The problem says what to change."""
    with pytest.raises(ManifestError) as caught:
        load_app(manifest)

    assert any(words in problem for problem in caught.value.problems), caught.value.problems


def test_a_manifest_must_be_a_mapping(tmp_path: Path) -> None:
    """A list is none."""
    path = tmp_path / "manifest.yml"
    path.write_text("- a\n", encoding="utf-8")

    with pytest.raises(ManifestError, match="not a mapping"):
        load_app(path)
