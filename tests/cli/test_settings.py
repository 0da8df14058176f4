"""Settings: where they come from, and what is said about missing and wrong ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError


def problems_of(**environment: str) -> list[str]:
    """Return what is wrong with these settings."""
    os.environ.update(environment)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    return list(caught.value.problems)


@pytest.mark.usefixtures("bare")
def test_without_any_setting_there_are_defaults() -> None:
    """Nothing has to be set for commands that need neither Slack nor graphs."""
    settings = Settings.load()

    assert settings.api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite+aiosqlite:///signoff.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.has_chat is False


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://slack.com/api/", "https://slack.com/api/"),
        ("https://slack.com/api", "https://slack.com/api/"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900/api/"),
        ("http://127.0.0.1:8900/", "http://127.0.0.1:8900/api/"),
        ("http://proxy.example.com/slack/api/", "http://proxy.example.com/slack/api/"),
    ],
)
def test_the_api_url_always_ends_in_api(
    given: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's client appends the method's name to the address as it is."""
    monkeypatch.setenv("SLACK_API_URL", given)

    assert used == Settings.load().api_url


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "given",
    ["slack.com", "ftp://slack.com", "http://", "http://[::1", "http://h:port", "http://a b/api/"],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    """The line repeats what was given and shows what an address looks like."""
    (problem,) = problems_of(SLACK_API_URL=given)

    assert problem == (
        f"SLACK_API_URL {given!r} is no address; write one such as https://slack.com/api/"
    )


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("text", ["a.py,b.yaml", "a.py, b.yaml,", f"a.py{os.pathsep}b.yaml"])
def test_graphs_are_separated_by_commas_or_like_a_path(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways to list files are understood."""
    monkeypatch.setenv("SIGNOFF_GRAPHS", text)

    assert (Path("a.py"), Path("b.yaml")) == Settings.load().graphs


def test_a_file_gives_settings_and_the_environment_comes_first(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.env` in the working directory is read; a variable beats it."""
    (bare / ".env").write_text("SIGNOFF_PORT=4000\nSIGNOFF_HOST=0.0.0.0\nOTHER=1\n")
    monkeypatch.setenv("SIGNOFF_PORT", "5000")

    settings = Settings.load()

    assert (settings.host, settings.port) == ("0.0.0.0", 5000)  # noqa: S104 - nothing listens


def test_approvers_of_the_file_reach_the_examples(bare: Path) -> None:
    """Examples read the environment, so what `.env` says has to get there."""
    (bare / ".env").write_text("SIGNOFF_APPROVERS=U0BOB\n")

    Settings.load()

    assert os.environ["SIGNOFF_APPROVERS"] == "U0BOB"


def test_an_unreadable_file_is_told(bare: Path) -> None:
    """A file in another encoding is a wrong setting, not a crash."""
    (bare / ".env").write_bytes(b"SIGNOFF_HOST=\xff\xfe\n")

    (problem,) = problems_of()

    assert problem.startswith(".env cannot be read")


@pytest.mark.usefixtures("bare")
def test_every_wrong_setting_is_listed_and_no_secret_is_repeated() -> None:
    """One line each, which begins with the variable's name."""
    wrong = {
        "SLACK_BOT_TOKEN": "hunter2",
        "SLACK_APP_TOKEN": "xoxb-hunter2",
        "SLACK_API_URL": "slack.com",
        "SIGNOFF_PORT": "http",
        "SIGNOFF_CHANNEL": "#approvals",
        "SIGNOFF_LOG": "xml",
        "SIGNOFF_CRASH_AT": "lunch",
    }

    found = problems_of(**wrong)

    assert sorted(wrong) == sorted(problem.split()[0].rstrip(":") for problem in found)
    assert "hunter2" not in " ".join(found)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("secret", ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_serving_needs_one_of_two_ways_to_slack(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app-level token or a signing secret will do."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SIGNOFF_CHANNEL", "C012AB3CD")
    monkeypatch.setenv("SIGNOFF_GRAPHS", "a.py")
    with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN is not set.*SLACK_SIGNING_SECRET"):
        Settings.load().require_serving()
    monkeypatch.setenv(secret, "xapp-1")

    Settings.load().require_serving()
    assert Settings.load().has_chat


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("SIGNOFF_ENCRYPTION_KEY", "short", "signoff key"),
        ("SIGNOFF_WORKSPACES", "acme", "no id of a workspace"),
        ("SIGNOFF_URL", "signoff.example.com", "no address"),
    ],
)
def test_s11_wrong_settings_of_oauth_are_told(setting: str, value: str, words: str) -> None:
    """None of the lines repeats a secret."""
    (problem,) = problems_of(**{setting: value})

    assert problem.startswith(setting)
    assert words in problem
    assert "short" not in problem


@pytest.mark.usefixtures("bare")
def test_s11_serving_by_oauth_takes_other_settings_than_a_token() -> None:
    """All that is missing is listed; a channel may be chosen later, in Slack."""
    os.environ.update(SLACK_CLIENT_ID="1.2", SLACK_BOT_TOKEN="xoxb-1")  # noqa: S106 - none
    with pytest.raises(SettingsError) as caught:
        Settings.load().require_serving()

    assert [problem.split()[0] for problem in caught.value.problems] == [
        "SLACK_BOT_TOKEN",
        "SLACK_CLIENT_SECRET",
        "SIGNOFF_ENCRYPTION_KEY",
        "SLACK_APP_TOKEN",
        "SIGNOFF_GRAPHS",
    ]
