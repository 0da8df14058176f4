"""`signoff manifest` and `signoff key`."""

from __future__ import annotations

import pytest
import yaml

from bot.slack.install.vault import Vault
from tests.cli.shell import Shell


@pytest.fixture
def bare_shell(bare) -> Shell:
    """Have no setting at all."""
    return Shell(bare)


def test_s11_the_manifest_is_printed_to_be_pasted(bare_shell: Shell) -> None:
    """For Socket Mode by default; nothing but the manifest is on stdout."""
    answer = bare_shell("manifest", "--name", "Gatekeeper", "--command", "/gate")
    document = yaml.safe_load(answer.out)

    assert (answer.code, answer.err) == (0, "")
    assert document["display_information"]["name"] == "Gatekeeper"
    assert document["features"]["slash_commands"][0]["command"] == "/gate"
    assert document["settings"]["socket_mode_enabled"] is True


def test_s11_the_manifest_for_http_has_the_address(bare_shell: Shell) -> None:
    """Everything that Slack calls, and the page of OAuth."""
    url = "https://signoff.example.com"
    document = yaml.safe_load(bare_shell("manifest", "--http", url, "--oauth").out)

    assert document["settings"]["event_subscriptions"]["request_url"] == f"{url}/slack/events"
    assert document["oauth_config"]["redirect_urls"] == [f"{url}/slack/oauth_redirect"]


def test_s11_in_socket_mode_the_pages_address_comes_from_the_settings(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, the command says which setting it is."""
    missing = bare_shell("manifest", "--oauth")
    monkeypatch.setenv("SIGNOFF_URL", "https://signoff.example.com/")
    document = yaml.safe_load(bare_shell("manifest", "--oauth").out)

    assert missing.code == 2
    assert "SIGNOFF_URL" in missing.err
    assert document["settings"]["socket_mode_enabled"] is True
    assert "event_subscriptions" in document["settings"]
    assert document["oauth_config"]["redirect_urls"] == [
        "https://signoff.example.com/slack/oauth_redirect"
    ]


def test_s11_a_key_is_new_each_time(bare_shell: Shell) -> None:
    """And opens what it has closed."""
    keys = [bare_shell("key").out.strip() for _ in range(2)]
    vault = Vault(keys)

    assert len(set(keys)) == 2
    assert vault.open(vault.close("secret"), what="it") == "secret"


def test_s11_without_oauth_there_is_one_workspace(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list says so, and asks for no setting of the other way."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    answer = bare_shell("workspaces")

    assert answer.code == 2
    assert "SLACK_BOT_TOKEN" in answer.err
