"""Guests and people of other organisations in groups and channels that a graph names."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator import Simulator
from bot.simulator.world import User, UserGroup
from orchestrator.graph import Graph, GraphBuilder, any_of, everyone
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench, eventually
from tests.slack.test_commands import said

OUTSIDERS = ["U0GUEST", "U9EVE"]


def shared(sim: Simulator) -> None:
    """Let a guest into the editors, and somebody of another organisation into the channel."""
    staging = sim.staging
    people = ["U0BOB", "U0CAROL", "U0GUEST"]
    staging.set_group(UserGroup(id="S0EDITORS", handle="editors", name="Editors", users=people))
    staging.add_user(
        User(id="U9EVE", name="eve", real_name="Eve", email="eve@x.example", team_id="T9OTHER")
    )
    staging.share(CHANNEL, "T9OTHER")
    staging.invite(CHANNEL, "U9EVE")


def asking(_effects: Effects, approvers: str, operators: str) -> Graph:
    """Return a question."""
    gate = {"title": "Do it?", "timeout": "1h", "on_timeout": "expire"}
    return (
        GraphBuilder("asking", operators=operators)
        .approval("ask", approvers=approvers, **gate)
        .start("ask")
        .ends("ask")
        .build()
    )


async def aside(bot: Bench, who: str, label: str, **values: object) -> None:
    """Fill in a form of the menu."""
    question = await bot.ask("run asking")
    await bot.pick(who, question, "More…")
    window = await bot.window(who, "More")
    buttons = [each["accessory"] for each in window["blocks"] if "accessory" in each]
    button = next(each for each in buttons if each["text"]["text"] == label)
    await bot.sim.click_view(who, window["id"], button["action_id"])
    await bot.fill(who, await bot.window(who, label.rstrip("…")), **values)
    await bot.window(who, "Not done")


FORMS = [
    ("Comment…", {"Your_comment": "hi"}),
    ("Ask the requester…", {"What_do_you_need_to_know_": "hi"}),
    ("Snooze…", {}),
    ("Extend…", {}),
    ("Reassign…", {"Who_decides_instead_": ["U0DAVE"]}),
    ("Withdraw…", {"Why_": "gone"}),
]


@pytest.mark.parametrize("who", OUTSIDERS)
@pytest.mark.parametrize(
    ("approvers", "operators"), [("#approvals", "U0BOB"), ("U0BOB", "#approvals")]
)
@pytest.mark.parametrize(("label", "values"), FORMS)
async def test_h23_outsiders_do_nothing_through_a_channel(  # noqa: PLR0917 - what is combined
    tmp_path: Path, who: str, approvers: str, operators: str, label: str, values: dict[str, object]
):
    """Being in a channel that is shared makes nobody an approver or an operator."""
    async with bench(
        tmp_path, prepare=shared, graphs=lambda e: [asking(e, approvers, operators)]
    ) as bot:
        await aside(bot, who, label, **values)
        approval = await bot.approval()
        names = {type(each.event).__name__ for each in await bot.engine.get_events(approval.run_id)}

        assert approval.is_open
        assert not names & {
            "CommentAdded", "ApprovalSnoozed", "ApprovalExtended", "ApprovalReassigned",
        }  # fmt: skip


async def test_s7_outsiders_in_a_channel_get_no_copies(tmp_path: Path):
    """What is asked goes to nobody by direct message who may not decide it."""
    policy = any_of("#approvals")
    async with bench(
        tmp_path, prepare=shared, graphs=lambda e: [kinds.confirmed(e, policy, direct=True)]
    ) as bot:
        await bot.ask("run confirmed")
        await bot.direct("U0BOB", "Do it?")
        await eventually(lambda: bot.surface.statistics().sender.waiting == 0)

        assert [bot.directs(who) for who in OUTSIDERS] == [[], []]


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "signal", "remind", "repost"])
async def test_s4_a_guest_among_the_approvers_steers_nothing(tmp_path: Path, verb: str):
    """A guest in the group of approvers may not decide, and has no hand in the run either."""
    async with bench(tmp_path, prepare=shared) as bot:
        await bot.ask()
        approval = await bot.approval()
        name = approval.ref if verb in {"remind", "repost"} else approval.run.ref
        answer = said(await bot.run(f"{verb} {name} x", user="U0GUEST"))

        assert "cannot" in answer or "may not" in answer, answer
        assert (await bot.last_run()).status == "waiting"


async def test_h21_everybody_of_a_group_are_those_who_may_decide(tmp_path: Path):
    """A guest in the group, who may not decide, keeps nobody from getting everybody's approval."""
    policy = everyone("@editors")
    async with bench(
        tmp_path, prepare=shared, graphs=lambda e: [kinds.confirmed(e, policy)]
    ) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        await bot.told("U0BOB", "is recorded")
        assert bot.effects.published == []
        await bot.press("U0CAROL", question, "Approve")
        run = await bot.finished()

    assert (run.status, bot.effects.published) == ("completed", ["work"])
