"""Clicks that must not count: each is acknowledged, changes nothing, and is told why."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from bot.simulator import Ack, payloads
from bot.simulator.delivery import Outgoing
from tests.slack.bench import CHANNEL, Bench, button, labels, shown


async def test_s9_the_second_of_two_approvers_is_told_who_was_first(bot: Bench):
    """A click that comes after the decision gets its answer in private."""
    question = await bot.ask()
    old = json.loads(json.dumps(question))
    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    await bot.finished()
    ack = await _press(bot, "U0CAROL", old, "Approve")
    told = await bot.told("U0CAROL", "Already approved by <@U0BOB>")

    assert ack.ok
    assert "nothing was changed" in told
    assert "<!date^" in told
    assert bot.effects.published == ["Bees in winter"]


async def test_h6_two_approvers_at_the_same_moment_make_one_decision(bot: Bench):
    """One of two simultaneous clicks wins, and the node behind the gate runs once."""
    question = await bot.ask()
    acks = await asyncio.gather(
        _press(bot, "U0BOB", question, "Approve"), _press(bot, "U0CAROL", question, "Approve")
    )
    await bot.finished()
    approval = await bot.approval()

    assert all(ack.ok for ack in acks)
    assert len(approval.answers) == 1
    assert bot.effects.published == ["Bees in winter"]


async def test_s9_who_may_not_decide_is_told_who_may(bot: Bench):
    """An outsider's click is refused politely and names the approvers."""
    question = await bot.ask()
    ack = await bot.sim.click("U0DAVE", CHANNEL, question["ts"], label="Approve")
    told = await bot.told("U0DAVE", "it takes")

    assert ack.ok
    assert "<!subteam^S0EDITORS>" in told
    assert (await bot.approval()).is_open


async def test_s9_a_form_of_who_may_not_decide_says_so_in_the_form(bot: Bench):
    """The refusal of a form stands in its place, where the person looks."""
    question = await bot.ask()
    await bot.sim.click("U0DAVE", CHANNEL, question["ts"], label="Reject…")
    modal = await bot.sim.until(lambda: bot.sim.views("U0DAVE"))
    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "No."}}}
    ack = await bot.sim.submit("U0DAVE", modal[0]["id"], values)
    after = bot.sim.views("U0DAVE")[0]

    assert ack.ok
    assert after["title"]["text"] == "Not done"
    assert "it takes <!subteam^S0EDITORS>" in shown(after)
    assert (await bot.approval()).is_open


async def test_s9_a_guest_in_no_list_is_refused(bot: Bench):
    """A guest who can see the channel cannot decide."""
    question = await bot.ask()
    await bot.sim.click("U0GUEST", CHANNEL, question["ts"], label="Approve")
    await bot.told("U0GUEST", "it takes")

    assert (await bot.approval()).is_open


async def test_t3_a_late_click_is_told_that_it_expired(bot: Bench):
    """A click on a message that has not yet changed is refused with what happened and when."""
    question = await bot.ask("run publish topic=Bees wait=0.4s")
    await bot.finished()
    ack = await _press(bot, "U0BOB", question, "Approve")
    told = await bot.told("U0BOB", "this expired")

    assert ack.ok
    assert "<!date^" in told
    assert (await bot.approval()).status == "expired"
    assert bot.effects.published == []


async def test_h5_a_click_on_another_payload_than_the_stored_one_is_refused(bot: Bench):
    """The digest in the button must be the approval's: people decide on what they saw."""
    question = await bot.ask()
    forged = json.loads(json.dumps(question).replace((await bot.approval()).digest, "0" * 64))
    ack = await _press(bot, "U0BOB", forged, "Approve")
    await bot.told("U0BOB", "changed since you looked")

    assert ack.ok
    assert (await bot.approval()).is_open


async def test_h5_a_click_on_an_approval_that_is_gone_says_so(bot: Bench):
    """A message may outlive its approval, for a restored or cleaned database."""
    question = await bot.ask()
    approval = await bot.approval()
    gone = json.loads(json.dumps(question).replace(approval.id, "f" * 32))
    ack = await _press(bot, "U0BOB", gone, "Approve")
    await bot.told("U0BOB", "not known here, or not for you")

    assert ack.ok
    assert (await bot.approval()).is_open


async def test_a_button_of_another_version_is_refused_politely(bot: Bench):
    """A value that this version did not write is never guessed at."""
    question = await bot.ask()
    odd = json.loads(json.dumps(question).replace("decide1:", "decide0:"))
    ack = await _press(bot, "U0BOB", odd, "Approve")
    await bot.told("U0BOB", "another version")

    assert ack.ok
    assert (await bot.approval()).is_open


async def test_h3_an_unknown_decision_is_refused(bot: Bench):
    """The set of decisions is closed; a made-up one leaves the approval open."""
    question = await bot.ask()
    odd = json.loads(json.dumps(question).replace(r"\"approve\"", r"\"banana\""))
    ack = await _press(bot, "U0BOB", odd, "Approve")
    await bot.told("U0BOB", "unknown decision")

    assert ack.ok
    assert (await bot.approval()).is_open


async def test_s9_a_click_from_another_organisation_is_refused(bot: Bench):
    """In a channel shared through Slack Connect everybody can press; only members may decide."""
    question = await bot.ask()
    ack = await _press(bot, "U0BOB", question, "Approve", team="T0OTHER")
    await bot.told("U0BOB", "it takes")

    assert ack.ok
    assert (await bot.approval()).is_open


async def test_s9_a_withdrawn_question_says_so(bot: Bench):
    """Cancelling a run takes its question back; the message and a late click both say it."""
    question = await bot.ask()
    run = await bot.last_run()
    await bot.run(f"cancel {run.ref} wrong topic")
    asked = bot.sim.ephemerals("U0ALICE")[-1]
    await bot.sim.click("U0ALICE", CHANNEL, asked["ts"], label="Cancel the run")
    outcome = await bot.outcome("Withdrawn: <@U0ALICE> cancelled the run: wrong topic")
    await _press(bot, "U0BOB", question, "Approve")
    await bot.told("U0BOB", "withdrawn")

    assert set() == labels(outcome)
    assert bot.effects.published == []


async def test_h6_the_same_click_delivered_again_changes_nothing(bot: Bench):
    """A redelivered click is acknowledged like the first, and nobody is scolded for it."""
    question = await bot.ask()
    bot.sim.faults.update({"duplicate_next": 1})
    ack = await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    await bot.finished()
    await bot.outcome("Approved by")
    events = await bot.engine.get_events((await bot.last_run()).id)
    recorded = [r for r in events if type(r.event).__name__ == "DecisionRecorded"]

    assert ack.ok
    assert len(recorded) == 1
    assert bot.sim.ephemerals("U0BOB") == []
    assert bot.effects.published == ["Bees in winter"]


async def test_h6_a_command_delivered_twice_starts_one_run(bot: Bench):
    """Both deliveries of a command get the same run."""
    bot.sim.faults.update({"duplicate_next": 1})
    ack = await bot.run()
    await bot.question()
    runs = await bot.engine.list_runs()

    assert [runs[0].ref] == [run.ref for run in runs]
    assert runs[0].ref in ack.body["text"]


async def test_a_decision_from_a_form_survives_a_second_delivery(bot: Bench):
    """The same submission twice is one decision."""
    question = await bot.ask()
    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Reject…")
    modal = await bot.sim.until(lambda: bot.sim.views("U0BOB"))
    bot.sim.faults.update({"duplicate_next": 1})
    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "No."}}}
    ack = await bot.sim.submit("U0BOB", modal[0]["id"], values)
    await bot.finished()

    assert ack.ok
    assert len((await bot.approval()).answers) == 1


async def test_a_form_about_a_run_that_ended_meanwhile_says_so(bot: Bench):
    """Between opening and sending a form the question may be answered by somebody else."""
    question = await bot.ask()
    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Reject…")
    modal = await bot.sim.until(lambda: bot.sim.views("U0BOB"))
    await bot.sim.click("U0CAROL", CHANNEL, question["ts"], label="Approve")
    await bot.finished()
    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "No."}}}
    await bot.sim.submit("U0BOB", modal[0]["id"], values)
    after = bot.sim.views("U0BOB")[0]

    assert "Already approved by <@U0CAROL>" in shown(after)


async def _press(
    bot: Bench, user: str, message: dict[str, Any], label: str, *, team: str = "T0SIGNOFF"
) -> Ack:
    """Deliver a click on a message as it was, whatever the channel shows by now."""
    element = button(message, label)
    world = bot.sim.workspace
    post = world.world.find_post(CHANNEL, message["ts"])

    assert post is not None
    body = payloads.message_actions(
        post,
        world.person(user),
        world.room(user, CHANNEL),
        action={
            "type": "button",
            "action_id": element["action_id"],
            "block_id": "b",
            "text": element["text"],
            "value": element["value"],
            "action_ts": world.next_ts(),
        },
        values={},
        way_back=payloads.WayBack(
            response_url=world.response_url("actions", user, CHANNEL, source=message["ts"],
                                            thread_ts=None),
            trigger_id=world.trigger(user),
        ),
    )  # fmt: skip
    body["user"]["team_id"] = team
    outgoing = Outgoing(kind="interactive", name="block_actions", body=body)
    return await bot.sim._delivery.send(outgoing)
