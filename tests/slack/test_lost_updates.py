"""What somebody says is kept, whatever is said at the same time, and by whom."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.simulator import SECOND
from tests.slack.bench import Bench
from tests.slack.installing import ACME, installing


async def test_s8_what_is_set_at_the_same_time_is_all_kept(socket_bot: Bench):
    """Two commands, or a command and a button, are one document."""
    await asyncio.gather(
        socket_bot.run("follow publish"), socket_bot.run("mute all"), socket_bot.run("quiet 22-7")
    )
    wanted = await socket_bot.surface.tools.preferences.get("U0ALICE")

    assert wanted.follows == ("graph:publish",)
    assert list(wanted.mutes) == ["all"]
    assert wanted.quiet is not None


async def test_s11_who_installs_it_again_may_choose_the_channel(tmp_path: Path):
    """At once, and who installed it before may no longer."""
    async with installing(tmp_path, teams=[SECOND]) as bot:
        people = bot.sim.casts[ACME]
        bob = people.world.users["U1BOB"]
        bob.is_admin = True
        await bot.install()
        await bot.install(words="Allow as Bob")
        bob.is_admin = False
        ack = await people.command("U1BOB", "C1GENERAL", "/signoff channel #approvals")

        assert "from now on" in str(ack.body)
