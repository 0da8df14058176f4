"""`signoff doctor`: what it finds, and what it says to do."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.cli import doctor as command
from bot.simulator import Simulator
from bot.slack.install import checkup
from bot.slack.install.installs import Installation, Installs
from bot.slack.install.vault import Vault, new_key
from orchestrator.runtime import SystemClock
from orchestrator.store import open_store
from tests.cli.shell import Shell

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


async def examined(shell: Shell) -> dict[str, Any]:
    """Return what the doctor found, beside the test's own loop."""
    answer = await asyncio.to_thread(shell, "doctor", "--json")

    assert answer.code == (0 if answer.json["ok"] else 1)
    found: dict[str, Any] = answer.json
    return found


def wrong(found: dict[str, Any], level: str = "bad") -> list[str]:
    """Return what does not work, each with what to do."""
    return [f"{each['what']}; {each['fix']}" for each in found["checks"] if each["level"] == level]


@pytest.fixture
async def sim(deep: Shell) -> AsyncIterator[Simulator]:
    """Return a Slack that the settings lead to."""
    async with Simulator(MANIFEST) as simulator:
        os.environ.update(
            SLACK_BOT_TOKEN=simulator.bot_token,
            SLACK_APP_TOKEN=simulator.app_token,
            SLACK_API_URL=simulator.api_url,
            SIGNOFF_CHANNEL="C0APPROVALS",
            SIGNOFF_GRAPHS=str(deep.folder / "small.yaml"),
        )
        (deep.folder / "small.yaml").write_text(SMALL)
        yield simulator


SMALL = """\
id: small
nodes:
  sure:
    kind: approval
    approvers: "@editors"
    title: Sure?
start: sure
ends: [sure]
"""


@pytest.mark.usefixtures("sim")
async def test_s11_a_bot_that_is_set_up_well_is_told_so(deep: Shell) -> None:
    """Every part is named with what was found."""
    found = await examined(deep)
    told = "\n".join(each["what"] for each in found["checks"])

    assert wrong(found) == []
    for part in (
        "settings",
        "1 graphs are loaded",
        "the database takes writes",
        "T0SIGNOFF",
        "scopes are granted",
        "clock agrees",
        "#approvals (C0APPROVALS)",
        "all 1 names of approvers",
        "Socket Mode connects",
    ):
        assert part in told


async def test_s11_what_is_wrong_is_told_with_the_fix(deep: Shell, sim: Simulator) -> None:
    """Each in a line of its own; the first does not hide the second."""
    sim.staging.archive("C0APPROVALS")
    (deep.folder / "small.yaml").write_text(
        SMALL.replace("@editors", "@nobody").replace(
            "title: Sure?", "title: Sure?\n    channel: '#finance'"
        )
    )
    found = wrong(await examined(deep))

    assert len(found) == 3, found
    assert "is archived" in found[0]
    assert "invite the bot there" in found[1]
    assert "@nobody, who may decide in small, stands for nobody" in found[2]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "does not take the bot token (invalid_auth)"),
        ("SLACK_APP_TOKEN", "xapp-wrong", "does not take the app-level token"),
        ("SLACK_BOT_TOKEN", "xoxp-1", "SLACK_BOT_TOKEN is no bot token"),
        ("SIGNOFF_CHANNEL", "C0NOWHERE", "sees no channel C0NOWHERE"),
        ("SIGNOFF_GRAPHS", "nowhere.yaml", "nowhere.yaml"),
        ("SIGNOFF_DATABASE_URL", "sqlite+aiosqlite:///none/x.db", "no folder"),
    ],
)
@pytest.mark.usefixtures("sim")
async def test_s11_wrong_settings_are_found(
    deep: Shell, setting: str, value: str, words: str
) -> None:
    """With what to write instead."""
    os.environ[setting] = value
    found = wrong(await examined(deep))

    assert any(words in each for each in found), found


@pytest.mark.usefixtures("sim")
async def test_s11_a_scope_that_was_not_granted_is_named_with_its_reason(
    deep: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an administrator can judge it."""
    monkeypatch.setattr(checkup, "BOT_SCOPES", {"chat:write": "ask", "pins:write": "pin it"})
    (found,) = wrong(await examined(deep))

    assert "pins:write (pin it)" in found
    assert "install the app again" in found


async def test_s11_slack_away_is_told_once(deep: Shell, sim: Simulator) -> None:
    """What does not need Slack is checked all the same."""
    sim.set_away(is_away=True)
    found = await examined(deep)
    (only,) = wrong(found)

    assert "Slack could not be asked" in only
    assert any("database takes writes" in each["what"] for each in found["checks"])


@pytest.mark.parametrize(("seconds", "level"), [(90, "warning"), (400, "bad")])
@pytest.mark.usefixtures("sim")
async def test_s11_a_clock_that_is_wrong_is_told(
    deep: Shell, monkeypatch: pytest.MonkeyPatch, seconds: int, level: str
) -> None:
    """Before Slack's signatures fail, and when they do."""

    class Late(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=seconds)

    monkeypatch.setattr(command, "SystemClock", Late)
    (found,) = wrong(await examined(deep), level)

    assert "NTP" in found


@pytest.mark.usefixtures("sim")
async def test_s11_a_full_disk_is_told(deep: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot grow takes no decisions."""
    found = SimpleNamespace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: found)

    assert "make room" in wrong(await examined(deep))[0]


@pytest.mark.usefixtures("sim")
async def test_s11_a_signing_secret_of_the_wrong_form_is_told(deep: Shell) -> None:
    """Mostly it is the client secret."""
    os.environ |= {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "not-it"}

    assert "not 32 hexadecimal digits" in wrong(await examined(deep))[0]


def test_s11_for_people_it_prints_a_line_for_each(shell: Shell) -> None:
    """The mark, what it is, and beneath it the fix."""
    answer = shell("doctor")

    assert answer.code == 1
    assert "✗ SLACK_BOT_TOKEN is not set\n    copy the bot token" in answer.out
    assert "✓ the database takes writes" in answer.out
    assert "checks failed" in answer.out


async def test_s11_installations_are_examined_each(deep: Shell, sim: Simulator) -> None:
    """With their key, their health and their channel."""
    del os.environ["SLACK_BOT_TOKEN"], os.environ["SIGNOFF_CHANNEL"]
    old, new = new_key(), new_key()
    os.environ |= {
        "SLACK_CLIENT_ID": sim.client_id,
        "SLACK_CLIENT_SECRET": sim.client_secret,
        "SIGNOFF_ENCRYPTION_KEY": f"{new},{old}",
        "SIGNOFF_URL": "https://signoff.example.com",
    }
    await _installed(deep, old, sim.bot_token)
    found = await examined(deep)

    assert "https://signoff.example.com/slack/install" in wrong(found)[0]
    assert "nobody has said where questions go in T0SIGNOFF" in wrong(found)[1]
    assert "older key" in " ".join(wrong(found, "warning"))
    assert "SIGNOFF_WORKSPACES" in " ".join(wrong(found, "warning"))

    listed = (await asyncio.to_thread(deep, "workspaces", "--json")).json
    assert [each["id"] for each in listed] == ["T0SIGNOFF", "T1ACME"]
    assert sim.bot_token not in str(listed)
    shown = await asyncio.to_thread(deep, "workspaces")
    assert "the app was uninstalled; install it again" in shown.out
    os.environ["SIGNOFF_ENCRYPTION_KEY"] = new_key()
    assert any(
        "cannot be read with SIGNOFF_ENCRYPTION_KEY" in each for each in wrong(await examined(deep))
    )


async def _installed(shell: Shell, key: str, token: str) -> None:
    clock = SystemClock()
    async with open_store(
        f"sqlite+aiosqlite:///{shell.folder / 'signoff.db'}", now=clock.now
    ) as store:
        installs = Installs(store.values, Vault([key]))
        facts = {"installed_by": "U0ALICE", "installed_at": clock.now(), "bot_user": "U0SIGNOFF"}
        await installs.save(Installation(id="T0SIGNOFF", name="Demo", token=token, **facts))
        ended = "the app was uninstalled"
        await installs.save(Installation(id="T1ACME", name="Acme", token="", ended=ended, **facts))
