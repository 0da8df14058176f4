"""The whole way: a command, a question, a decision, and what follows; over both transports."""

from __future__ import annotations

from tests.slack.bench import CHANNEL, Bench, button, labels, shown


async def test_s1_an_approved_run_publishes_once_and_its_message_says_by_whom(bot: Bench):
    """A command starts a run, the question is posted, a click approves it."""
    ack = await bot.run()
    question = await bot.question()

    assert ack.ok
    assert "Started *publish*: run `r-" in ack.body["text"]
    assert ack.body["response_type"] == "ephemeral"
    assert {"Approve", "Reject…"} == labels(question)
    assert bot.effects.published == []

    clicked = await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    run = await bot.finished()
    outcome = await bot.outcome("Approved by")

    assert clicked.ok
    assert run.status == "completed"
    assert bot.effects.published == ["Bees in winter"]
    assert question["ts"] == outcome["ts"]
    assert set() == labels(outcome)
    assert "Approved by <@U0BOB>" in shown(outcome)

    at_the_end = await bot.outcome("is completed")

    assert at_the_end["ts"] == question["ts"]


async def test_s1_a_question_shows_what_is_needed_to_decide(bot: Bench):
    """Graph, node and requester come first, then the question, its values in order, and more."""
    question = await bot.ask()
    first, title, payload, facts, _, footer = question["blocks"]

    assert first["elements"][0]["text"] == "*publish* · review · asked by *alice*"
    assert title["type"] == "header"
    assert title["text"]["text"] == "Publish “Bees in winter”?"
    kinds = [each["type"] for each in payload["elements"]]
    assert kinds == ["rich_text_section", "rich_text_section", "rich_text_quote"]
    assert shown({"blocks": [payload]}).index("Words") < shown({"blocks": [payload]}).index("Draft")
    assert "Honey bees do not sleep." in shown({"blocks": [payload]})
    names = [field["text"].split("\n")[0] for field in facts["fields"]]
    assert names == ["*Decide by*", "*Approvals*"]
    assert "<!date^" in facts["fields"][0]["text"]
    assert "UTC>" in facts["fields"][0]["text"]
    assert facts["fields"][1]["text"] == "*Approvals*\n0 of 1 · waiting for @editors"
    assert "Run `r-" in footer["elements"][0]["text"]
    assert "approve or reject: publish “bees in winter”?" in question["text"].lower()
    approval = await bot.approval()
    payload_of_metadata = question["metadata"]["event_payload"]
    assert approval.id == payload_of_metadata["approval_id"]
    assert approval.digest.startswith(payload_of_metadata["revision"])
    assert button(question, "Approve")["style"] == "primary"
    assert button(question, "Reject…")["style"] == "danger"


async def test_s3_reject_asks_why_and_the_reason_is_shown_and_stored(bot: Bench):
    """Reject… opens a form; its text becomes the decision's comment and the card's quote."""
    question = await bot.ask()
    await bot.sim.click("U0CAROL", CHANNEL, question["ts"], label="Reject…")
    modal = await bot.sim.until(lambda: bot.sim.views("U0CAROL"))

    assert modal[0]["title"]["text"] == "Reject"
    assert "Publish “Bees in winter”?" in shown(modal[0])

    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "Too short."}}}
    sent = await bot.sim.submit("U0CAROL", modal[0]["id"], values)
    run = await bot.finished()
    outcome = await bot.outcome("Rejected by")
    approval = await bot.approval()

    assert sent.ok
    assert bot.sim.views("U0CAROL") == []
    assert run.status == "cancelled"
    assert bot.effects.published == []
    assert "Rejected by <@U0CAROL>" in shown(outcome)
    assert "Too short." in shown(outcome)
    assert approval.answers[0].comment == "Too short."


async def test_s3_an_empty_reason_is_refused_at_the_field(bot: Bench):
    """Blanks are no reason; the form stays open and says so, and nothing is recorded."""
    question = await bot.ask()
    await bot.sim.click("U0CAROL", CHANNEL, question["ts"], label="Reject…")
    modal = await bot.sim.until(lambda: bot.sim.views("U0CAROL"))
    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "   "}}}
    ack = await bot.sim.submit("U0CAROL", modal[0]["id"], values)

    assert ack.errors == {"signoff_reason": "Write why; a word is enough."}
    assert (await bot.approval()).is_open


async def test_h16_a_node_whose_fate_is_unknown_asks_its_operator_and_retry_runs_it(bot: Bench):
    """The question about a failure has Retry, Skip and Fail; Fail asks back."""
    await bot.run("run fragile")
    await bot.lose_attempt()
    question = await bot.question()

    assert {"Retry", "Skip", "Fail"} == labels(question)
    assert "is not declared idempotent" in shown(question)
    assert button(question, "Fail")["confirm"]["confirm"]["text"] == "Fail the run"

    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Retry")
    run = await bot.finished()
    await bot.outcome("Tried again by <@U0BOB>")

    assert run.status == "completed"
    assert bot.effects.published == ["work"]


async def test_t1_an_unanswered_question_expires_and_its_message_says_so(bot: Bench):
    """The message names who did not answer, within what, and what the run did."""
    question = await bot.ask("run publish topic=Bees wait=0.4s")
    run = await bot.finished()
    outcome = await bot.outcome("Expired")

    assert run.status == "timed_out"
    assert question["ts"] == outcome["ts"]
    assert "nobody of <!subteam^S0EDITORS> answered within 0.4 seconds" in shown(outcome)
    assert "The run ended as timed out" in shown(outcome)
    assert {"Start again"} == labels(outcome)
    assert bot.effects.published == []


async def test_t1_start_again_starts_the_same_graph_for_who_pressed_it(bot: Bench):
    """The button of an expired question starts a run with the same input."""
    await bot.ask("run publish topic=Bees wait=0.4s")
    outcome = await bot.outcome("Expired")
    await bot.sim.click("U0DAVE", CHANNEL, outcome["ts"], label="Start again")
    await bot.told("U0DAVE", "Started *publish* again")
    run = await bot.last_run()

    assert (run.requester, run.input["topic"]) == ("U0DAVE", "Bees")
