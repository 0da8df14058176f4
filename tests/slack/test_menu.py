"""What may be done about an open question beside answering it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.graph.policy import Approver, ApproverKind, Policy, any_of, parse_approvers
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench, eventually, labels, menu, shown
from tests.slack.test_kinds import only

GLASS = Policy(
    stages=kinds.TWO.stages, break_glass=(Approver(kind=ApproverKind.USER, name="U0DAVE"),)
)


def asking(policy: Policy = kinds.TWO, **gate: Any) -> Any:
    """Return what `bench` takes: a graph with a question under a policy."""
    return only(lambda effects: kinds.confirmed(effects, policy, **gate))


async def picked(bot: Bench, user: str, message: dict[str, Any], label: str) -> dict[str, Any]:
    """Pick an entry of the menu, or of its longer half, and return the form."""
    short = {"Comment…", "Ask the requester…", "Delegate…"}
    if label in short:
        await bot.pick(user, message, label)
    else:
        await bot.pick(user, message, "More…")
        window = await bot.window(user, "More")
        await bot.sim.click_view(user, window["id"], label=label)
    return await bot.window(user, label.rstrip("…"))


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h23_a_comment_is_posted_in_the_thread(tmp_path: Path, transport: str):
    """Everybody sees it, with who wrote it; its text cannot ping."""
    async with bench(tmp_path, transport=transport, **asking()) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Comment…")
        ack = await bot.fill("U0BOB", form, Your_comment="Looks risky, <!channel>")
        notice = await bot.news(question, "wrote:")

        assert ack.ok
        assert bot.sim.views("U0BOB") == []
        assert notice["text"] == "<@U0BOB> wrote:"
        assert "Looks risky" in shown(notice)
        assert "<!channel>" not in shown(notice)
        assert [each.text for each in (await bot.approval()).comments] == [
            "Looks risky, <!channel>"
        ]


async def test_h23_a_request_for_information_calls_the_requester(tmp_path: Path):
    """Who started the run is mentioned, and the question stays open."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Ask the requester…")
        await bot.fill("U0BOB", form, What_do_you_need_to_know_="Which budget?")
        notice = await bot.news(question, "needs to know")

        assert notice["text"].startswith("<@U0ALICE>: <@U0BOB>")
        assert "Which budget?" in shown(notice)
        assert (await bot.approval()).is_open


async def test_h23_a_delegate_answers_in_the_place_of_an_approver(tmp_path: Path):
    """They are told in the thread, the message says so, and the outcome names both."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Delegate…")
        await bot.fill("U0BOB", form, Who_answers_in_your_place_="U0DAVE")
        await bot.news(question, "you may answer this in the place of <@U0BOB>")
        after = await bot.edited(question["ts"], "may answer in the place of <@U0BOB>")
        await bot.press("U0DAVE", after, "Approve")
        await bot.outcome("Approved by <@U0DAVE> (for <@U0BOB>)")

        assert (await bot.finished()).status == "completed"


async def test_h23_a_deadline_is_extended(tmp_path: Path):
    """The message shows the new deadline, and the thread who moved it."""
    async with bench(tmp_path, **asking(timeout="1h", on_timeout="reject")) as bot:
        question = await bot.ask("run confirmed")
        await eventually(lambda: _is_delivered(bot))
        before = (await bot.approval()).due_at
        form = await picked(bot, "U0BOB", question, "Extend…")
        await bot.fill("U0BOB", form, By_how_long_="1 day")
        await bot.news(question, "<@U0BOB> extended the deadline to <!date^")
        after = (await bot.approval()).due_at

        assert before is not None
        assert after == before + timedelta(days=1)
        await bot.edited(question["ts"], f"<!date^{int(after.timestamp())}^")


async def _is_delivered(bot: Bench) -> bool:
    return (await bot.approval()).delivered_at is not None


async def test_h23_other_people_are_asked_instead(tmp_path: Path):
    """The rules of the policy stay; who is asked now is called in the thread."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        await bot.edited(question["ts"], "1 of 2")
        form = await picked(bot, "U0CAROL", question, "Reassign…")
        nobody = await bot.fill("U0CAROL", form)
        wrong = await bot.fill("U0CAROL", form, Groups__channels_or_e_mail_addresses="@nobodies")

        assert list((nobody.errors or {}).values()) == ["Name somebody, here or below."]
        assert "no user group @nobodies" in str(wrong.errors)

        await bot.fill(
            "U0CAROL",
            form,
            Who_decides_instead_=["U0ALICE"],
            Groups__channels_or_e_mail_addresses="@release",
            Why_="They know more.",
        )
        notice = await bot.news(question, "asks you to decide this")
        after = await bot.edited(question["ts"], "0 of 2")

        assert notice["text"].startswith("<@U0ALICE> and <!subteam^S0RELEASE>")
        assert "They know more." in shown(notice)

        await bot.press("U0DAVE", after, "Approve")
        await bot.press("U0ALICE", after, "Approve")

        assert (await bot.finished()).status == "completed"


async def test_h23_a_question_is_taken_back_by_who_asked_and_by_nobody_else(tmp_path: Path):
    """The message says who took it back; an approver is told who may."""
    async with bench(tmp_path, **asking(any_of("U0BOB", four_eyes=True))) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0DAVE", question, "Withdraw…")
        await bot.fill("U0DAVE", form, Why_="I say so.")
        refused = await bot.window("U0DAVE", "Not done")

        assert "You may not withdraw this; that takes its requester or an operator." in shown(
            refused
        )

        form = await picked(bot, "U0ALICE", question, "Withdraw…")
        await bot.fill("U0ALICE", form, Why_="Not needed.")
        await bot.outcome("Withdrawn by <@U0ALICE>: Not needed.")
        run = await bot.finished()

        assert run.status is RunStatus.CANCELLED
        assert bot.effects.published == []


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h24_approving_for_some_hours_answers_later_questions_like_it(
    tmp_path: Path, transport: str
):
    """The rule approves in the person's name; it is listed, and revoked by a command."""
    async with bench(tmp_path, transport=transport, **asking(any_of("U0BOB"))) as bot:
        question = await bot.ask("run confirmed")
        await bot.pick("U0BOB", question, "More…")
        window = await bot.window("U0BOB", "More")
        await bot.sim.click_view("U0BOB", window["id"], label="Approve for 4 hours")
        done = await bot.window("U0BOB", "Approved")
        await bot.finished()
        rules = await bot.run("rules")
        await bot.run("run confirmed")
        second = await bot.finished()
        outcome = await bot.outcome("Approved by the standing rule `s-")

        assert "`/signoff rules` lists such rules" in shown(done)
        assert (
            "<@U0BOB> approves every confirm question of *confirmed* at work in any run"
            in (rules.body["text"])
        )
        assert second.status == "completed"
        assert any(by in shown(outcome) for by in ("of *bob*", "of <@U0BOB>"))
        assert bot.effects.published == ["work", "work"]

        [rule] = await bot.engine.list_rules()
        refused = await bot.run(f"revoke {rule.ref}", user="U0DAVE")
        revoked = await bot.run(f"revoke {rule.ref}", user="U0BOB")
        none = await bot.run("rules")

        assert "You may not revoke" in refused.body["text"]
        assert "holds no longer" in revoked.body["text"]
        assert "No standing rule holds" in none.body["text"]


async def test_h24_approving_for_the_run_holds_for_no_other_run(tmp_path: Path):
    """The same node asks again in the run, and is answered; another run asks people."""

    def twice(effects: Effects) -> Graph:
        gate = {"approvers": "U0BOB", "title": "Again?"}
        body = Block().task("work", kinds.noting(effects), confirm=gate)
        loop = GraphBuilder("twice").loop("rounds", body, until="number >= 2")
        return loop.start("rounds").ends("rounds").build()

    async with bench(tmp_path, **only(twice)) as bot:
        question = await bot.ask("run twice")
        await bot.pick("U0BOB", question, "More…")
        window = await bot.window("U0BOB", "More")
        await bot.sim.click_view("U0BOB", window["id"], label="Approve for this run")
        done = await bot.window("U0BOB", "Approved")
        run = await bot.finished()
        approvals = await bot.engine.list_approvals(run.id)

        assert "in your name for this run" in shown(done)
        assert [each.answers[0].rule is not None for each in approvals] == [False, True]
        assert bot.effects.published == ["work", "work"]

        other = await bot.ask("run twice")

        assert other["ts"] != question["ts"]


async def test_h5_an_entry_of_the_menu_of_an_older_revision_is_refused(tmp_path: Path):
    """Who looked at something else than what is asked by now looks again first."""
    make = only(lambda effects: kinds.reviewed(effects, kinds.TWO))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run reviewed")
        entry = next(o["value"] for o in menu(question) if o["text"]["text"] == "More…")
        approval = await bot.approval()
        edits = {**kinds.DRAFT, "title": "Wasps"}
        bot.sim.faults.update({"fail_next": {"method": "chat.update", "error": "fatal_error"}})
        await bot.engine.decide(
            approval.id, "edit", by="U0CAROL", surface="cli", values=edits, digest=approval.digest
        )
        await bot.sim.click("U0BOB", CHANNEL, question["ts"], "signoff_menu", element=entry)
        await bot.told("U0BOB", "changed since you looked")

        assert bot.sim.views("U0BOB") == []


async def test_h24_who_may_not_approve_grants_no_rule(tmp_path: Path):
    """The refusal stands in the window."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        question = await bot.ask("run confirmed")
        await bot.pick("U0DAVE", question, "More…")
        window = await bot.window("U0DAVE", "More")
        await bot.sim.click_view("U0DAVE", window["id"], label="Approve for this run")
        refused = await bot.window("U0DAVE", "Not done")

        assert "it takes <@U0BOB>" in shown(refused)
        assert await bot.engine.list_rules() == []


async def test_h25_the_glass_is_broken_with_a_reason_and_a_tick_and_all_are_told(tmp_path: Path):
    """Without the tick nothing happens; afterwards every approver is called, with the reason."""
    async with bench(tmp_path, **asking(GLASS)) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0DAVE", question, "Break glass…")
        reason = {"Why_can_this_not_wait_for_the_others_": "The site is down."}
        unsure = await bot.fill("U0DAVE", form, **reason)

        assert not unsure.ok
        assert (await bot.approval()).is_open

        reference = (await bot.approval()).ref
        await bot.fill("U0DAVE", form, **reason, Are_you_sure_=[reference])
        run = await bot.finished()
        outcome = await bot.outcome("Approved alone, against the policy, by <@U0DAVE>")
        notice = await bot.news(question, "broke the glass")

        assert run.status == "completed"
        assert "The site is down." in shown(outcome)
        assert "The site is down." in shown(notice)
        assert notice["text"].startswith("<!subteam^S0EDITORS> and <@U0DAVE>: <@U0DAVE> broke")


async def test_h25_there_is_no_glass_where_the_policy_has_none(tmp_path: Path):
    """The window has what the question allows, and nothing else."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        await bot.pick("U0BOB", question, "More…")
        window = await bot.window("U0BOB", "More")
        offered = [
            block["accessory"]["text"]["text"] for block in window["blocks"] if "accessory" in block
        ]

        assert offered == [
            "Comment…", "Ask the requester…", "Delegate…", "Who can approve?", "Snooze…",
            "Reassign…", "Withdraw…", "Approve for this run", "Approve for 4 hours",
        ]  # fmt: skip


async def test_h25_breaking_the_glass_takes_who_may(tmp_path: Path):
    """An approver of the policy is no breaker of glass."""
    async with bench(tmp_path, **asking(GLASS)) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Break glass…")
        reference = (await bot.approval()).ref
        reason = {"Why_can_this_not_wait_for_the_others_": "I want to."}
        await bot.fill("U0BOB", form, **reason, Are_you_sure_=[reference])
        refused = await bot.window("U0BOB", "Not done")

        assert "it takes <@U0DAVE>" in shown(refused)
        assert (await bot.approval()).is_open


async def test_h23_t4_a_reminder_leaves_out_who_snoozed(tmp_path: Path):
    """The group is called one by one, and not the one who does not want to be."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Snooze…")
        await bot.fill("U0BOB", form, For_how_long_="4 hours")
        reference = (await bot.approval()).ref
        told = await bot.run(f"remind {reference}")
        notice = await bot.news(question, "still waiting for your answer")
        again = await bot.run(f"remind {reference}")

        assert "are being reminded" in told.body["text"]
        assert notice["text"].startswith("<@U0CAROL>: still waiting")
        assert "less than a minute ago" in again.body["text"]


async def test_t4_an_escalation_calls_those_who_may_decide_now(tmp_path: Path):
    """They are called in the thread, and the message says that more people may decide."""
    escalation = {"after": "0.3s", "to": "U0DAVE"}
    async with bench(tmp_path, **asking(any_of("U0BOB"), escalation=escalation)) as bot:
        question = await bot.ask("run confirmed")
        notice = await bot.news(question, "nobody has answered yet")
        after = await bot.edited(question["ts"], "more people may decide now")

        assert notice["text"].startswith("<@U0DAVE>: nobody has answered yet")

        await bot.press("U0DAVE", after, "Approve")
        await bot.outcome("Approved by <@U0DAVE>")


async def test_h23_a_menu_of_a_question_that_is_over_says_so(tmp_path: Path):
    """A form that was opened before cannot do anything afterwards."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0CAROL", question, "Delegate…")
        await bot.press("U0BOB", question, "Approve")
        await bot.finished()
        await bot.fill("U0CAROL", form, Who_answers_in_your_place_="U0DAVE")
        refused = await bot.window("U0CAROL", "Not done")

        assert "Already approved by <@U0BOB>" in shown(refused)


async def test_h23_a_click_from_another_organisation_does_nothing(tmp_path: Path):
    """Who has no hand in a question cannot write beside it either."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        question = await bot.ask("run confirmed")
        bot.sim.world.users["U0GUEST"].team_id = "T0OTHER"
        form = await picked(bot, "U0GUEST", question, "Comment…")
        await bot.fill("U0GUEST", form, Your_comment="Hello")
        refused = await bot.window("U0GUEST", "Not done")

        assert "You may not comment on this" in shown(refused)
        assert (await bot.approval()).comments == ()


@pytest.mark.parametrize("channel", ["#deploys", "C0DEPLOYS"])
async def test_h5_the_members_of_a_channel_may_decide(tmp_path: Path, channel: str):
    """Whoever is not in it may not."""
    async with bench(tmp_path, **asking(any_of(parse_approvers(channel)))) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0GUEST", question, "Approve")
        await bot.told("U0GUEST", "cannot decide this one")
        await bot.press("U0DAVE", question, "Approve")

        assert (await bot.finished()).status == "completed"
        assert set() == labels(await bot.outcome("Approved by <@U0DAVE>"))
