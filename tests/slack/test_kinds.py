"""Each kind of question, asked, shown and answered in Slack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.graph import Graph
from tests.slack import kinds
from tests.slack.bench import Bench, Effects, bench, labels, menu, shown

Maker = Callable[[Effects], Graph]


def only(make: Maker) -> Any:
    """Return what `bench` takes, for one graph."""

    def graphs(effects: Effects) -> list[Graph]:
        return [make(effects)]

    return {"graphs": graphs}


async def opened(bot: Bench, user: str, message: dict[str, Any], label: str) -> dict[str, Any]:
    """Press a button that opens a form, and return the form."""
    await bot.press(user, message, label)
    return await bot.window(user, label.rstrip("…"))


GOOD = {
    "Full_name": "Ann Archer",
    "Price": "2.5",
    "Day": "2026-12-24",
    "Size": "1",
    "Colours": ["0", "2"],
    "Tags": "a\n  b\n\n",
    "City": "Bern",
}


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h14_a_form_takes_every_type_of_value(tmp_path: Path, transport: str):
    """Texts, numbers, yes or no, dates, choices, lists and objects arrive as what they are."""
    async with bench(tmp_path, transport=transport, **only(kinds.asked_for)) as bot:
        question = await bot.ask("run order")

        assert labels(question) == {"Answer…", "Reject…"}

        form = await opened(bot, "U0BOB", question, "Answer…")
        types = [block["element"]["type"] for block in form["blocks"] if block["type"] == "input"]

        assert types == [
            "plain_text_input", "number_input", "number_input", "radio_buttons", "datepicker",
            "static_select", "multi_static_select", "plain_text_input", "plain_text_input",
            "plain_text_input", "plain_text_input",
        ]  # fmt: skip

        ack = await bot.fill("U0BOB", form, **GOOD, Comment="As agreed.")
        run = await bot.finished()
        outcome = await bot.outcome("Answered by <@U0BOB>")

        assert ack.ok
        assert run.status == "completed"
        assert bot.effects.seen == [
            {
                "name": "Ann Archer",
                "count": 2,
                "price": 2.5,
                "express": False,
                "day": "2026-12-24",
                "size": "M",
                "colours": ["red", "blue"],
                "tags": ["a", "b"],
                "address": {"city": "Bern"},
            }
        ]
        assert "Ann Archer" in shown(outcome)
        assert "As agreed." in shown(outcome)


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"Full_name": "A"}, "Full name", "short"),
        ({"Count": "0"}, "Count", "1"),
        ({"City": "B"}, "City", "too short. At least 2 characters."),
        ({"Full_name": "A", "City": "B"}, "Full name", "At least 3 characters"),
    ],
)
async def test_h14_a_problem_stands_at_its_field_and_nothing_is_stored(
    tmp_path: Path, wrong: dict[str, Any], field: str, words: str
):
    """The form stays open with what was typed; corrected, it is taken."""
    async with bench(tmp_path, **only(kinds.asked_for)) as bot:
        question = await bot.ask("run order")
        form = await opened(bot, "U0BOB", question, "Answer…")
        ack = await bot.fill("U0BOB", form, **GOOD | wrong)
        [(block_id, text), *_] = (ack.errors or {}).items()
        at = next(block for block in form["blocks"] if block.get("block_id") == block_id)

        assert at["label"]["text"] == field
        assert words in text
        assert (await bot.approval()).is_open
        assert bot.effects.seen == []

        again = await bot.fill("U0BOB", form, **GOOD, Count="3")
        await bot.finished()

        assert again.ok
        assert bot.effects.seen[0]["count"] == 3


async def test_h14_what_does_not_fit_into_a_form_is_sent_to_the_command_line(tmp_path: Path):
    """A text over 3,000 characters cannot be edited in Slack; the window has the command."""

    def make(effects: Effects) -> Graph:
        long = {"type": "string", "default": "x" * 3001}
        schema = {"type": "object", "properties": {"text": long}}
        return kinds.asked_for(effects, schema)

    async with bench(tmp_path, **only(make)) as bot:
        question = await bot.ask("run order")
        await bot.press("U0BOB", question, "Answer…")
        window = await bot.window("U0BOB", "Too large for Slack")
        approval = await bot.approval()

        assert f"signoff decide {approval.ref} answer" in shown(window)
        assert "3001 characters" in shown(window)


async def test_h12_one_way_is_chosen_by_its_button(tmp_path: Path):
    """Every way is a button; the chosen one is taken, and the message names it."""
    async with bench(tmp_path, **only(kinds.chosen)) as bot:
        question = await bot.ask("run ways")

        assert labels(question) == {"north", "south", "west", "Reject…"}

        await bot.press("U0BOB", question, "south")
        await bot.finished()
        await bot.outcome("*south* chosen by <@U0BOB>")

        assert bot.effects.published == ["south"]


async def test_h12_several_ways_are_chosen_in_a_form(tmp_path: Path):
    """All that were ticked are taken."""
    async with bench(tmp_path, **only(lambda e: kinds.chosen(e, multiple=True))) as bot:
        question = await bot.ask("run ways")
        form = await opened(bot, "U0BOB", question, "Choose…")
        await bot.fill("U0BOB", form, Which_ways_=["2", "0"])
        await bot.finished()
        await bot.outcome("*west, north* chosen by <@U0BOB>")

        assert bot.effects.published == ["west", "north"]


async def test_h12_many_ways_are_offered_in_a_form(tmp_path: Path):
    """More than a row of buttons would hold."""
    async with bench(tmp_path, **only(lambda e: kinds.chosen(e, routes=9))) as bot:
        question = await bot.ask("run ways")
        form = await opened(bot, "U0BOB", question, "Choose…")
        await bot.fill("U0BOB", form, Which_way_="8")
        await bot.finished()

        assert bot.effects.published == ["way9"]


async def test_h15_h22_an_edit_shows_old_and_new_and_later_nodes_get_it(tmp_path: Path):
    """The form holds the current values; what was changed stands on the message."""
    async with bench(tmp_path, **only(kinds.reviewed)) as bot:
        question = await bot.ask("run reviewed")

        assert labels(question) == {"Approve", "Edit…", "Request changes…", "Reject…"}

        form = await opened(bot, "U0BOB", question, "Edit…")

        assert '"Honey bees."' in shown(form)

        ack = await bot.fill("U0BOB", form, Title="Bees in winter", Words="121", Is_final="yes")
        await bot.finished()
        outcome = await bot.outcome("Edited and approved by <@U0BOB>")

        assert ack.ok
        assert "Bees → Bees in winter" in shown(outcome)
        assert "120 → 121" in shown(outcome)
        assert "no → yes" in shown(outcome)
        edited = kinds.DRAFT | {"title": "Bees in winter", "words": 121, "is_final": True}
        assert bot.effects.published == [str(edited)]


async def test_h22_an_edit_under_a_quorum_voids_votes_and_an_old_click_is_stale(tmp_path: Path):
    """A vote given before the edit does not count; the message is brought up to date."""
    async with bench(tmp_path, **only(lambda e: kinds.reviewed(e, kinds.TWO))) as bot:
        question = await bot.ask("run reviewed")
        await bot.press("U0BOB", question, "Approve")
        await bot.edited(question["ts"], "1 of 2 · waiting for <!subteam^S0EDITORS>")
        stale = await opened(bot, "U0BOB", question, "Edit…")
        form = await opened(bot, "U0CAROL", question, "Edit…")
        await bot.fill("U0CAROL", form, Title="Wasps")
        revised = await bot.edited(question["ts"], "Revision 1, edited by <@U0CAROL>")
        notice = await bot.news(question, "edited what is asked about")
        await bot.fill("U0BOB", stale, Title="Ants")
        told = await bot.window("U0BOB", "Not done")

        assert "Bees → Wasps" in shown(revised)
        assert "1 of 2" in shown(revised)
        assert "<!subteam^S0EDITORS>" in notice["text"]
        assert "changed since you looked" in shown(told)

        await bot.press("U0BOB", revised, "Approve")
        await bot.finished()
        await bot.outcome("Edited and approved by <@U0CAROL>, approved by <@U0BOB>")

        assert bot.effects.published == [str(kinds.DRAFT | {"title": "Wasps"})]


async def test_h15_a_request_for_changes_goes_back_with_the_feedback(tmp_path: Path):
    """The node runs again with what was written, and is asked about again."""
    async with bench(tmp_path, **only(kinds.reviewed)) as bot:
        question = await bot.ask("run reviewed")
        form = await opened(bot, "U0BOB", question, "Request changes…")
        await bot.fill("U0BOB", form, What_should_be_different_="Shorter, please.")
        done = await bot.outcome("Changes requested by <@U0BOB>")
        again = await bot.question()

        assert "Shorter, please." in shown(done)
        assert again["ts"] != question["ts"]
        assert bot.effects.seen == [None, "Shorter, please."]

        await bot.press("U0CAROL", again, "Approve")

        assert (await bot.finished()).status == "completed"


async def test_h13_a_loop_goes_another_round_and_is_accepted(tmp_path: Path):
    """Another round… asks what for; Accept leaves the loop."""
    async with bench(tmp_path, **only(kinds.iterated)) as bot:
        question = await bot.ask("run rounds")

        assert labels(question) == {"Accept", "Another round…", "Reject…"}

        form = await opened(bot, "U0BOB", question, "Another round…")
        await bot.fill("U0BOB", form, What_should_the_next_round_do_differently_="Warmer.")
        await bot.outcome("Another round requested by <@U0BOB>")
        again = await bot.question()
        await bot.press("U0BOB", again, "Accept")
        run = await bot.finished()

        assert run.status == "completed"
        assert bot.effects.seen == [None, "Warmer."]


async def test_h17_arguments_of_a_tool_are_edited(tmp_path: Path):
    """The tool gets the edited arguments, each of its own type."""
    async with bench(tmp_path, **only(kinds.tooled)) as bot:
        question = await bot.ask("run agent")

        assert labels(question) == {"Approve", "Edit arguments…", "Reject…"}
        assert "Ann" in shown(question)

        form = await opened(bot, "U0BOB", question, "Edit arguments…")
        await bot.fill("U0BOB", form, Amount="41")
        await bot.finished()
        outcome = await bot.outcome("Edited and approved")

        assert bot.effects.seen == [{"to": "Ann", "amount": 41}]
        assert "40 → 41" in shown(outcome)


async def test_h17_a_rejected_tool_tells_the_agent_why(tmp_path: Path):
    """The reason becomes the tool's answer to the agent."""
    async with bench(tmp_path, **only(kinds.tooled)) as bot:
        question = await bot.ask("run agent")
        form = await opened(bot, "U0BOB", question, "Reject…")
        await bot.fill("U0BOB", form, Why_not_="Too much.")
        await bot.finished()

        assert bot.effects.seen == []
        assert "Too much." in bot.effects.published[0]


async def test_h17_a_result_is_entered_as_json(tmp_path: Path):
    """Without a schema any JSON is a result, and a text that is none is told at the field."""
    async with bench(tmp_path, **only(kinds.outside)) as bot:
        question = await bot.ask("run outside")

        assert labels(question) == {"Enter result…"}

        form = await opened(bot, "U0BOB", question, "Enter result…")
        wrong = await bot.fill("U0BOB", form, Result="done")
        [error] = (wrong.errors or {}).values()

        assert "is no JSON" in error

        await bot.fill("U0BOB", form, Result='{"paid": true}')
        run = await bot.finished()
        outcome = await bot.outcome("Result entered by <@U0BOB>")

        assert await bot.engine.get_output(run.id) == {"paid": True}
        assert "Paid" in shown(outcome)


async def test_h17_a_result_with_a_schema_is_a_form(tmp_path: Path):
    """The fields are the schema's."""
    schema = {"type": "object", "properties": {"paid": {"type": "boolean"}}, "required": ["paid"]}
    async with bench(tmp_path, **only(lambda e: kinds.outside(e, schema=schema))) as bot:
        question = await bot.ask("run outside")
        form = await opened(bot, "U0BOB", question, "Enter result…")
        await bot.fill("U0BOB", form, Paid="no")
        run = await bot.finished()

        assert await bot.engine.get_output(run.id) == {"paid": False}


async def test_h16_a_failed_node_is_tried_again(tmp_path: Path):
    """The message shows the error; Retry runs the node once more."""
    async with bench(tmp_path, **only(kinds.failing)) as bot:
        question = await bot.ask("run failing")

        assert "out of paper" in shown(question)
        assert labels(question) == {"Retry", "Skip", "Fail"}

        await bot.press("U0BOB", question, "Retry")
        run = await bot.finished()
        await bot.outcome("Tried again by <@U0BOB>")

        assert (run.status, bot.effects.tries) == ("completed", 2)


async def test_h20_three_questions_of_a_map_are_answered_in_any_order(tmp_path: Path):
    """Each message says which item it is about; the last answer lets the run go on."""
    async with bench(tmp_path, **only(kinds.mapped)) as bot:
        await bot.run("run regions")
        await bot.sim.until(lambda: len(bot.open_questions()) == 3, timeout=8)
        by_region = {
            region: next(m for m in bot.open_questions() if f"Roll out to {region}?" in shown(m))
            for region in ("eu", "us", "asia")
        }

        assert "each[3]/check" in shown(by_region["asia"])

        for region in ("us", "asia"):
            await bot.press("U0BOB", by_region[region], "Approve")
        await bot.edited(by_region["asia"]["ts"], "Approved by")

        assert bot.effects.published == []

        await bot.press("U0CAROL", by_region["eu"], "Approve")
        run = await bot.finished()

        assert run.status == "completed"
        assert bot.effects.published == ["eu", "us", "asia"]


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h21_two_of_two_people_approve(tmp_path: Path, transport: str):
    """The first vote is on the message, and the second one lets the run go on."""
    make = only(lambda e: kinds.confirmed(e, kinds.TWO))
    async with bench(tmp_path, transport=transport, **make) as bot:
        question = await bot.ask("run confirmed")

        assert "0 of 2 · waiting for @editors" in shown(question)

        await bot.press("U0BOB", question, "Approve")
        after = await bot.edited(question["ts"], "1 of 2")

        assert "✓ approved by <@U0BOB>" in shown(after)
        assert bot.effects.published == []

        await bot.press("U0CAROL", after, "Approve")
        await bot.finished()
        await bot.outcome("Approved by <@U0BOB> and <@U0CAROL>")

        assert bot.effects.published == ["work"]


async def test_h21_stages_are_asked_one_after_the_other(tmp_path: Path):
    """The message says whose turn it is, and the next people are called in the thread."""
    async with bench(tmp_path, **only(lambda e: kinds.confirmed(e, kinds.STAGED))) as bot:
        question = await bot.ask("run confirmed")

        assert "stage 1 of 2" in shown(question)
        assert "Then stage 2 of 2: @release." in shown(question)

        await bot.press("U0DAVE", question, "Approve")
        await bot.told("U0DAVE", "not your turn yet")
        await bot.press("U0CAROL", question, "Approve")
        after = await bot.edited(question["ts"], "may not approve it")
        notice = await bot.news(question, "now it is your turn (stage 2 of 2)")

        assert notice["text"].startswith("<!subteam^S0RELEASE>")
        assert "<@U0ALICE> asked for this and may not approve it" in shown(after)

        await bot.press("U0DAVE", after, "Approve")

        assert (await bot.finished()).status == "completed"


async def test_the_menu_holds_four_entries_and_the_way_to_the_rest(tmp_path: Path):
    """Slack's menus have room for five."""
    async with bench(tmp_path, **only(lambda e: kinds.confirmed(e, kinds.TWO))) as bot:
        question = await bot.ask("run confirmed")

        assert [option["text"]["text"] for option in menu(question)] == [
            "Comment…", "Ask the requester…", "Delegate…", "Who can approve?", "More…",
        ]  # fmt: skip
