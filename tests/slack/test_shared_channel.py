"""A channel that two workspaces with the app share through Slack Connect."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bot.simulator import SECOND
from tests.slack.bench import eventually
from tests.slack.installing import ACME, Branches, installing
from tests.slack.test_install import question


async def test_s10_a_shared_channel_that_is_archived_is_seen_to_in_each_workspace(tmp_path: Path):
    """What another workspace has asked in it keeps nobody's questions from being asked anew."""
    async with installing(tmp_path, teams=[SECOND]) as bot:
        await bot.install(ACME)
        await bot.install("T0SIGNOFF")
        acme, first = bot.sim.casts[ACME], bot.sim.casts["T0SIGNOFF"]
        for people, place in ((acme, "1"), (first, "0")):
            command = "/signoff channel #approvals"
            await people.command(f"U{place}ALICE", f"C{place}GENERAL", command)
            await people.command(
                f"U{place}ALICE", f"C{place}GENERAL", "/signoff run publish topic=A"
            )
            await question(people, f"C{place}APPROVALS")
            await eventually(partial(_stand_in, bot, f"C{place}APPROVALS"))
        # A shared channel has one id in all workspaces.
        await bot.engine.move_messages("C1APPROVALS", "C0APPROVALS")
        first.staging.archive("C0APPROVALS")

        await eventually(lambda: bot.surface.statistics().sender.sent > 2)


async def _stand_in(bot: Branches, channel: str) -> bool:
    return bool(await bot.engine.questions_in(channel))
