"""Who may not approve a question may not choose who does."""

from __future__ import annotations

from pathlib import Path

from bot.simulator.world import UserGroup
from orchestrator.graph import any_of
from tests.slack import kinds
from tests.slack.bench import bench, shown


async def test_h23_a_requester_among_the_approvers_hands_nothing_on(tmp_path: Path):
    """Under four eyes; as with delegating it."""
    people = ["U0BOB", "U0ALICE"]
    group = UserGroup(id="S0EDITORS", handle="editors", name="Editors", users=people)
    async with bench(
        tmp_path,
        prepare=lambda sim: sim.staging.set_group(group),
        graphs=lambda e: [kinds.confirmed(e, any_of("@editors", four_eyes=True))],
    ) as bot:
        question = await bot.ask("run confirmed")
        await bot.pick("U0ALICE", question, "More…")
        window = await bot.window("U0ALICE", "More")
        buttons = [each["accessory"] for each in window["blocks"] if "accessory" in each]
        button = next(each for each in buttons if each["text"]["text"] == "Reassign…")
        await bot.sim.click_view("U0ALICE", window["id"], button["action_id"])
        form = await bot.window("U0ALICE", "Reassign")
        await bot.fill("U0ALICE", form, Who_decides_instead_=["U0DAVE"])
        refused = await bot.window("U0ALICE", "Not done")

        assert "started this run" in shown(refused)
        assert [str(each) for each in (await bot.approval()).policy.approvers()] == ["@editors"]
