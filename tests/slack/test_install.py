"""Installing the app in several workspaces by OAuth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import SECOND, organisation
from bot.simulator.cast import Cast
from bot.slack.install.installs import SCOPE
from tests.slack.bench import DECIDING, eventually, labels, shown
from tests.slack.installing import ACME, Branches, installing


@pytest.fixture(params=["socket", "http"])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Branches]:
    """Return a bot that may be installed in two workspaces, once per transport."""
    async with installing(tmp_path, teams=[SECOND], transport=request.param) as running:
        yield running


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Branches]:
    """Return a bot that may be installed in two workspaces, in Socket Mode."""
    async with installing(tmp_path, teams=[SECOND]) as running:
        yield running


async def question(people: Cast, channel: str) -> dict[str, Any]:
    """Wait for a message with buttons."""

    def find() -> dict[str, Any] | None:
        return next((m for m in people.messages(channel) if labels(m) & DECIDING), None)

    return await people.until(find, timeout=8)


async def test_s11_each_workspace_is_asked_by_its_own_bot(two: Branches) -> None:
    """Installed in both, a run asks where it was started, and only people there decide."""
    page = await two.install(ACME)

    assert page.status == 200, page.text
    assert "Acme" in page.text
    await two.install("T0SIGNOFF")
    acme, first = two.sim.casts[ACME], two.sim.casts["T0SIGNOFF"]
    for people, place in ((acme, "1"), (first, "0")):
        ack = await people.command(
            f"U{place}ALICE", f"C{place}GENERAL", "/signoff channel #approvals"
        )

        assert "from now on" in str(ack.body), ack
        ack = await people.command(
            f"U{place}ALICE", f"C{place}GENERAL", "/signoff run publish topic=Bees"
        )

        assert ack.ok, ack
    asked = await question(acme, "C1APPROVALS")
    await question(first, "C0APPROVALS")
    runs = {run.workspace: run for run in await two.engine.list_runs()}
    ack = await acme.click("U1BOB", "C1APPROVALS", asked["ts"], label="Approve")

    assert ack.ok, ack
    done = await two.engine.wait_until(
        runs[ACME].id, lambda run: run.finished_at is not None, timeout=8
    )
    assert done.status == "completed"
    assert (await two.engine.get_run(runs["T0SIGNOFF"].id)).finished_at is None
    listed = await acme.command("U1ALICE", "C1GENERAL", "/signoff list")
    assert runs[ACME].ref in str(listed.body)
    assert runs["T0SIGNOFF"].ref not in str(listed.body)


async def test_s11_tokens_are_stored_encrypted(bot: Branches) -> None:
    """Neither token is in the database in plain."""
    await bot.install()
    (installation,) = await bot.workspaces.installs.list()
    (sealed,) = (await bot.store.values.list(SCOPE)).values()

    assert installation.token == bot.sim.token_of(ACME)
    assert installation.refresh_token is not None
    assert installation.installed_by == "U1ALICE"
    assert installation.token not in sealed
    assert installation.refresh_token not in sealed
    assert installation.token not in repr(installation)


async def test_s11_who_installs_is_told_what_is_left_to_do(bot: Branches) -> None:
    """A workspace without a channel is told so by a direct message."""
    await bot.install()
    people = bot.sim.casts[ACME]

    told = [shown(message) for message in people.messages(people.direct("U1ALICE"))]

    assert any("/signoff channel #name" in text for text in told)


async def test_s11_an_uninstalled_workspace_is_left_and_healed(bot: Branches) -> None:
    """What waits there is sent after the app was installed again."""
    await bot.install()
    people = bot.sim.casts[ACME]
    await people.command("U1ALICE", "C1GENERAL", "/signoff channel #approvals")
    await people.command("U1ALICE", "C1GENERAL", "/signoff run publish topic=Bees")
    asked = await question(people, "C1APPROVALS")
    people.staging.uninstall()
    await eventually(lambda: ACME not in bot.workspaces.serving)
    (run,) = await bot.engine.list_runs()
    await bot.engine.cancel(run.id, by="U1ALICE", surface="cli")
    # Slack says both that it was removed and that its token was revoked, in any order.
    await eventually(lambda: "uninstalled" in bot.surface.statistics().problems[ACME])

    assert labels(people.messages("C1APPROVALS")[-1]) & DECIDING
    await bot.install()

    def closed() -> bool:
        found = next(m for m in people.messages("C1APPROVALS") if m["ts"] == asked["ts"])
        return not labels(found) & DECIDING

    await people.until(closed, timeout=8)
    assert bot.surface.statistics().problems == {}


async def test_s11_somebody_in_a_workspace_without_the_app_is_told(bot: Branches) -> None:
    """As when the token was lost together with the key."""
    await bot.install()
    await bot.workspaces.installs.change(ACME, lambda now: replace(now, ended="it was removed"))
    await bot.workspaces.look_again()
    await eventually(lambda: ACME not in bot.surface._branches)
    ack = await bot.sim.casts[ACME].command("U1ALICE", "C1GENERAL", "/signoff list")

    assert "not installed in this workspace" in str(ack.body)


async def test_s11_an_organisation_is_served_as_one(tmp_path: Path) -> None:
    """Groups and channels of all its workspaces are known, and runs carry the organisation."""
    async with installing(tmp_path, teams=organisation()) as bot:
        page = await bot.install("T2NORTH", "Allow in all of")

        assert page.status == 200, page.text
        people = bot.sim.casts["T2NORTH"]
        ack = await people.command("W2ALICE", "C2GENERAL", "/signoff channel #approvals")
        assert "from now on" in str(ack.body), ack
        ack = await people.command("W2ALICE", "C2GENERAL", "/signoff run publish topic=Bees")
        assert ack.ok, ack
        await question(people, "C2APPROVALS")
        (run,) = await bot.engine.list_runs()

        assert run.workspace.startswith("E")
        people.staging.uninstall()
        await eventually(lambda: bot.workspaces.serving == {})
        await eventually(lambda: "uninstalled" in bot.workspaces.problems[run.workspace])
