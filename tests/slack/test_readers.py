"""Who may read questions and runs, asked as people ask: by commands (row S9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Simulator
from bot.slack.people.readers import Reader
from orchestrator.graph import Graph
from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench
from tests.slack.dialogue import settled
from tests.slack.test_commands import said

FINANCE = "G0FINANCE"  # private: Alice, Carol and Dave
DEPLOYS = "C0DEPLOYS"  # public, without the guest


def asked(approvers: str = "U0DAVE", **gate: Any) -> Any:
    """Return what makes a graph of one question."""

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, any_of(approvers), **gate)]

    return make


def let_in(sim: Simulator) -> None:
    """Invite the bot to the private channel."""
    sim.staging.invite(FINANCE, "U0SIGNOFF")


async def readers_of(bot: Bench) -> set[str]:
    """Start a run, have everybody look for it everywhere, and return who finds it."""
    await bot.run("run confirmed")
    await settled(bot)
    run, approval = await bot.last_run(), await bot.approval()
    found: set[str] = set()
    for person in ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE", "U0GUEST"):
        texts = [
            said(await bot.run(text, user=person))
            for text in (f"show {run.ref}", f"show {approval.ref}", f"who {approval.ref}")
        ]
        lists = [said(await bot.run(text, user=person)) for text in ("list", "pending")]
        refused = {"is not known here, or not for you" in text for text in texts}
        listed = {run.ref in lists[0], approval.ref in lists[1]}

        assert len(refused) == len(listed) == 1, (person, texts, lists)
        assert refused != listed

        found |= {person} if listed == {True} else set()
    return found


async def test_s9_a_question_in_a_private_channel_is_read_by_its_members(tmp_path: Path):
    """And by nobody else of the workspace, administrators included."""
    async with bench(tmp_path, graphs=asked(channel=FINANCE), prepare=let_in) as bot:
        assert await readers_of(bot) == {"U0ALICE", "U0CAROL", "U0DAVE"}


async def test_s9_whoever_may_decide_reads_it_outside_of_its_channel(tmp_path: Path):
    """Bob is no member, but the group that is asked has him."""
    make = asked("@editors", channel=FINANCE)
    async with bench(tmp_path, graphs=make, prepare=let_in) as bot:
        assert "U0BOB" in await readers_of(bot)


@pytest.mark.parametrize(("channel", "is_in"), [(DEPLOYS, False), (CHANNEL, True)])
async def test_s9_a_guest_reads_what_stands_in_their_channels_only(
    tmp_path: Path, channel: str, *, is_in: bool
):
    """What stands in another public channel all others read."""
    members = {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}
    make = asked(channel=channel)
    async with bench(tmp_path, graphs=make) as bot:
        members = {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}

        assert await readers_of(bot) == (members | {"U0GUEST"} if is_in else members)


async def test_s9_a_guest_whom_the_policy_names_reads_it(tmp_path: Path):
    """By their id, wherever it stands."""
    policy = replace(any_of("U0GUEST"), outsiders=True)

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, policy, channel=FINANCE)]

    async with bench(tmp_path, graphs=make, prepare=let_in) as bot:
        assert "U0GUEST" in await readers_of(bot)


async def test_s9_a_question_in_direct_messages_is_read_by_those_it_concerns(tmp_path: Path):
    """Being a member of the channel that does not take it is not enough."""
    make = asked("U0DAVE", channel=FINANCE)
    async with bench(tmp_path, graphs=make, operators=("U0BOB",)) as bot:
        assert await readers_of(bot) == {"U0ALICE", "U0BOB", "U0DAVE"}


async def test_s9_in_doubt_nobody_else_reads_it(tmp_path: Path):
    """When Slack cannot be asked who they are, and who is in the channel."""
    async with bench(tmp_path, graphs=asked(channel=DEPLOYS)) as bot:
        await bot.run("run confirmed")
        await settled(bot)
        approval = await bot.approval()
        bot.sim.faults.update({"is_away": True})
        engine, directory = bot.engine, bot.workspace.directory
        bob, alice = (
            Reader(engine, directory, person, channel=CHANNEL) for person in ("U0BOB", "U0ALICE")
        )

        assert await alice.may_read(approval)
        assert not await bob.may_read(approval)
        assert not await bob.may_read_run(approval.run)


@pytest.mark.parametrize("text", ["show {}", "cancel {}", "pause {}", "retry {}", "follow {}"])
async def test_s9_a_refusal_does_not_say_whether_there_is_a_run(tmp_path: Path, text: str):
    """It reads the same for one that there is not."""
    async with bench(tmp_path, graphs=asked(channel=FINANCE), prepare=let_in) as bot:
        await bot.run("run confirmed")
        await settled(bot)
        real = (await bot.last_run()).ref
        answers = [
            said(await bot.run(text.format(each), user="U0BOB"))
            .replace(each, "r-…")
            .replace(each.lower(), "r-… as written small")
            for each in (real, "r-ABCDEFG")
        ]

        assert answers[0] == answers[1]


async def test_s9_finished_runs_are_left_out_of_the_history_of_others(tmp_path: Path):
    """Likewise, page by page."""
    async with bench(tmp_path, graphs=asked(channel=FINANCE), prepare=let_in) as bot:
        await bot.run("run confirmed")
        await settled(bot)
        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0DAVE", surface="cli")
        run = await bot.finished()

        assert run.ref in said(await bot.run("history", user="U0CAROL"))
        assert "No finished run" in said(await bot.run("history", user="U0BOB"))


async def test_h24_s9_standing_rules_are_for_those_who_may_read_what_they_are_about(tmp_path: Path):
    """Whoever gave one, the members of its channel and the operators; to others there is none."""
    private = asked(channel=FINANCE)
    async with bench(tmp_path, graphs=private, prepare=let_in, operators=("U0GUEST",)) as bot:
        await bot.run("run confirmed")
        await settled(bot)
        approval = await bot.approval()
        await bot.engine.decide(
            approval.id, "approve", by="U0DAVE", surface="cli", rule=timedelta(hours=1)
        )
        [rule] = await bot.engine.list_rules()
        people = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE", "U0GUEST")
        lists = {each: said(await bot.run("rules", user=each)) for each in people}
        refused = said(await bot.run(f"revoke {rule.ref}", user="U0BOB"))
        unknown = said(await bot.run("revoke s-ABCDEFG", user="U0BOB"))

        assert {each for each in people if rule.ref in lists[each]} == {*people} - {"U0BOB"}
        assert "No standing rule holds that you may see" in lists["U0BOB"]
        assert refused.replace(rule.ref, "s-ABCDEFG") == unknown
        assert "holds no longer" in said(await bot.run(f"revoke {rule.ref}", user="U0DAVE"))


async def test_s9_following_a_graph_tells_nobody_what_they_may_not_read(tmp_path: Path):
    """A member of the private channel hears of the outcome; somebody else does not."""
    async with bench(tmp_path, graphs=asked(channel=FINANCE), prepare=let_in) as bot:
        for person in ("U0BOB", "U0CAROL"):
            await bot.run("follow confirmed", user=person)
        await bot.run("run confirmed")
        await settled(bot)
        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0DAVE", surface="cli")
        await bot.direct("U0CAROL", "Approved by <@U0DAVE>")
        await settled(bot)

        assert bot.directs("U0BOB") == []
