"""Commands where the app is installed by OAuth."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.simulator import SECOND, Simulator
from bot.slack.install.installs import Installation, Installs
from bot.slack.install.vault import Vault, new_key
from orchestrator.runtime import SystemClock
from orchestrator.store import open_store
from tests.cli.shell import Answer, Shell

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
GRAPH = """\
id: small
nodes:
  sure:
    kind: approval
    approvers: ["@editors", U0BOB]
    title: Sure?
start: sure
ends: [sure]
"""


class Installed:
    """Calls commands beside the test's own loop."""

    def __init__(self, shell: Shell, key: str) -> None:
        self._shell = shell
        self._vault = Vault([key])

    async def __call__(self, *arguments: str) -> Answer:
        """Call a command."""
        return await asyncio.to_thread(self._shell, *arguments)

    async def save(self, workspace: str, token: str, *, ended: str = "") -> None:
        """Store an installation."""
        clock = SystemClock()
        url = f"sqlite+aiosqlite:///{self._shell.folder / 'signoff.db'}"
        async with open_store(url, now=clock.now) as store:
            await Installs(store.values, self._vault).save(
                Installation(
                    id=workspace,
                    name=workspace.title(),
                    token=token,
                    ended=ended,
                    bot_user="U0SIGNOFF",
                    installed_by="U0ALICE",
                    installed_at=clock.now(),
                )
            )


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Return a Slack."""
    async with Simulator(MANIFEST, workspaces=[SECOND]) as simulator:
        yield simulator


@pytest.fixture
def signoff(shell: Shell, sim: Simulator) -> Installed:
    """Return commands whose settings are those of OAuth."""
    (shell.folder / "small.yaml").write_text(GRAPH)
    key = new_key()
    os.environ |= {
        "SLACK_CLIENT_ID": sim.client_id,
        "SLACK_CLIENT_SECRET": sim.client_secret,
        "SLACK_API_URL": sim.api_url,
        "SIGNOFF_ENCRYPTION_KEY": key,
        "SIGNOFF_GRAPHS": str(shell.folder / "small.yaml"),
    }
    return Installed(shell, key)


async def test_s11_a_run_is_started_in_the_only_workspace(
    signoff: Installed, sim: Simulator
) -> None:
    """Nobody has to name it."""
    await signoff.save("T0SIGNOFF", sim.bot_token)
    answer = await signoff("run", "small")

    assert answer.code == 0, answer.err


async def test_s11_of_several_workspaces_one_has_to_be_named(
    signoff: Installed, sim: Simulator
) -> None:
    """The error lists them; one that is not installed is refused."""
    nowhere = await signoff("run", "small")
    await signoff.save("T0SIGNOFF", sim.bot_token)
    await signoff.save("T9OTHER", sim.bot_token)
    several = await signoff("run", "small")
    named = await signoff("run", "small", "--workspace", "T0SIGNOFF")
    wrong = await signoff("run", "small", "--workspace", "T1ACME")

    assert (nowhere.code, several.code, named.code, wrong.code) == (2, 2, 0, 2)
    assert "installed in: none" in nowhere.err
    assert "say with --workspace which one" in several.err
    assert "T0SIGNOFF, T9OTHER" in several.err
    assert "not installed in the workspace T1ACME" in wrong.err


async def test_s11_an_address_is_looked_up_where_the_run_is(
    signoff: Installed, sim: Simulator
) -> None:
    """Four eyes know the requester by the id."""
    await signoff.save("T0SIGNOFF", sim.bot_token)
    await signoff("run", "small", "--as", "alice@example.com", "--wait")
    (run,) = (await signoff("runs", "--json")).json
    (approval,) = (await signoff("pending", "--json")).json
    decided = await signoff("decide", approval["ref"], "approve", "--as", "bob@example.com")

    assert run["requester"] == "U0ALICE"
    assert decided.code == 0, decided.err


async def test_s11_where_the_app_was_removed_ids_still_decide(
    signoff: Installed, sim: Simulator
) -> None:
    """As while Slack is away; who is in a group nobody can say."""
    await signoff.save("T0SIGNOFF", sim.bot_token)
    await signoff("run", "small", "--wait")
    (approval,) = (await signoff("pending", "--json")).json
    await signoff.save("T0SIGNOFF", "", ended="the app was uninstalled")
    other = await signoff("decide", approval["ref"], "approve", "--as", "U0CAROL")
    named = await signoff("decide", approval["ref"], "approve", "--as", "U0BOB")

    assert other.code == 4
    assert "install it again" in other.err
    assert named.code == 0, named.err


async def test_s11_there_is_nothing_to_choose_beside_a_token(
    signoff: Installed, sim: Simulator
) -> None:
    """The option says so."""
    os.environ |= {"SLACK_BOT_TOKEN": sim.bot_token, "SLACK_CLIENT_ID": ""}
    answer = await signoff("run", "small", "--workspace", "T0SIGNOFF")

    assert answer.code == 2
    assert "leave --workspace out" in answer.err
