"""Starting runs from Slack: by command, button, shortcut and message, with forms on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.slack.kit.payloads import StartButton
from bot.slack.windows.starting import GRAPH_ACTION, GRAPH_BLOCK
from orchestrator.errors import StoreUnavailableError
from orchestrator.graph import Graph
from tests.slack.bench import Bench, Effects, bench, publish_graph, shown
from tests.slack.start_graphs import Login, Order, Vault, taking
from tests.slack.test_form_pages import ALICE, front, initial, labels_of

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])


def graphs(effects: Effects) -> list[Graph]:
    """Return a graph for everybody, one for the release managers, and one with a large form."""
    report = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "text": {"type": "string", "format": "multiline"},
            "link": {"type": "string", "format": "uri"},
            "author": {"type": "string", "format": "slack-user"},
        },
        "required": ["title", "text"],
        "additionalProperties": False,
    }
    return [
        publish_graph(effects),
        taking(effects, report, "report", title="File a report", description="Keeps it."),
        taking(effects, Order, "order", title="Order something"),
        taking(effects, None, "sweep", starters="@release U0CAROL", title="Sweep the floor"),
    ]


def options_of(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the texts and values of what the form of all graphs offers."""
    block = next(block for block in view["blocks"] if block.get("block_id") == GRAPH_BLOCK)
    return [(each["text"]["text"], each["value"]) for each in block["element"]["options"]]


async def chosen(bot: Bench, graph: str, user: str = ALICE) -> dict[str, Any]:
    """Choose a graph in the window in front, and return its form."""
    view = await bot.window(user, "Start a run")
    ack = await bot.sim.submit(user, view["id"], {GRAPH_BLOCK: {GRAPH_ACTION: graph}})

    assert ack.ok, ack
    return front(bot, user)


@TRANSPORTS
async def test_s4_run_without_arguments_asks_what_and_then_with_what(
    tmp_path: Path, transport: str
):
    """The graphs by title with what they are for; then the form, which says what it will do."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        ack = await bot.run("run")
        picker = await bot.window(ALICE, "Start a run")

        assert ack.body in (None, {}, "")
        assert ("File a report", "report") in options_of(picker)
        assert "Keeps it." in shown(picker)

        form = await chosen(bot, "report")

        assert labels_of(form) == ["Title", "Text", "Link", "Author"]
        assert "Submitting starts a run, in your name." in shown(form)
        assert await bot.engine.list_runs() == []

        await bot.fill(ALICE, form, Title="Leak", Text="It drips.", Author="U0BOB")
        told = await bot.window(ALICE, "Started")
        run = await bot.finished()

        assert f"`{run.ref}`" in shown(told)
        assert (run.requester, run.surface) == (ALICE, "slack")
        assert bot.effects.seen == [{"title": "Leak", "text": "It drips.", "author": "U0BOB"}]


@TRANSPORTS
async def test_s4_what_is_missing_or_wrong_is_asked_for_with_the_rest_filled_in(
    tmp_path: Path, transport: str
):
    """What was typed stands in the form; what is wrong with it is told on top."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        await bot.run('run order name="Ann Archer" count=99 size=L tags=a,b express=yes at=soon')
        form = await bot.window(ALICE, "Start a run")
        size = next(b for b in form["blocks"] if b.get("label", {}).get("text") == "Size")

        assert initial(form, "Full name") == "Ann Archer"
        assert initial(form, "Count") == "99"
        assert initial(form, "Tags") == "a\nb"
        assert initial(form, "Deliver at") == "soon"
        assert size["element"]["initial_option"]["text"]["text"] == "L"
        assert "Please look at these again" in shown(form)
        assert "*Please look at these again:* Count, Deliver at" in shown(form)
        assert ":warning: This should be less than or equal to 9" in shown(form)
        assert "City" not in shown(form["blocks"][2])

        ack = await bot.fill(ALICE, form, Count="3", Day="2026-12-24", City="Bern")
        [wrong] = (ack.errors or {}).values()

        assert "write one such as 2026-12-24T09:00+01:00" in wrong

        await bot.fill(ALICE, form, Deliver_at="2026-12-24T09:00:00+01:00")
        await bot.finished()
        [order] = bot.effects.seen

        assert (order.name, order.count, order.size, order.tags) == (
            "Ann Archer",
            3,
            "L",
            ["a", "b"],
        )
        assert order.at.isoformat() == "2026-12-24T09:00:00+01:00"


@TRANSPORTS
async def test_s4_a_value_that_a_field_cannot_show_is_not_replaced_by_a_default(
    tmp_path: Path, transport: str
):
    """The fields stay empty, every problem stands at its field, and nothing starts before."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        await bot.run("run order size=huge express=perhaps count=99 name=Annabel owner=bob")
        form = await bot.window(ALICE, "Start a run")
        blocks = form["blocks"]
        labels = [block.get("label", {}).get("text") for block in blocks]

        for label, text in {
            "Size": "'huge' is not one of S, M, L.",
            "Express": "'perhaps' is neither yes nor no; choose one.",
            "Owner": "'bob' is no person that Slack knows; choose again.",
            "Count": "This should be less than or equal to 9.",
        }.items():
            at = labels.index(label)
            assert blocks[at + 1]["elements"][0]["text"] == f":warning: {text}"
        assert "look at these again:* Count, Express, Size, Owner" in shown(form)
        assert "initial_option" not in blocks[labels.index("Size")]["element"]
        assert "initial_option" not in blocks[labels.index("Express")]["element"]

        ack = await bot.fill(ALICE, form, Count="3", Day="2026-12-24", City="Bern")

        empty = {blocks[labels.index(label)]["block_id"] for label in ("Size", "Express")}

        assert set(ack.errors or {}) == empty
        assert await bot.engine.list_runs() == []

        ack = await bot.fill(ALICE, form, Size="2", Express="yes")
        await bot.finished()
        [order] = bot.effects.seen

        assert (order.size, order.express, order.count, order.owner) == ("L", True, 3, None)


async def test_s4_a_secret_in_a_command_is_not_dropped_for_a_form(tmp_path: Path):
    """The window says where it can be given."""
    async with bench(tmp_path, graphs=lambda effects: [taking(effects, Login, "login")]) as bot:
        await bot.run("run login password=hush")
        told = await bot.window(ALICE, "Not for Slack")

        assert "Password is a secret" in shown(told)
        assert "hush" not in shown(told)


async def test_s4_complete_arguments_start_at_once(tmp_path: Path):
    """No window is opened."""
    async with bench(tmp_path, graphs=graphs) as bot:
        ack = await bot.run("run report title=Leak text=Drips")

        assert "Started *report*" in str(ack.body)
        assert bot.sim.views(ALICE) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run title=Leak", "Say which graph"),
        ("run raport", "did you mean `report`"),
        ("run report Leak", "`Leak` is no `key=value`"),
    ],
)
async def test_s4_what_no_form_can_ask_for_is_said_in_words(tmp_path: Path, text: str, words: str):
    """A graph that is not there, or a word that belongs nowhere."""
    async with bench(tmp_path, graphs=graphs) as bot:
        ack = await bot.run(text)

        assert words in str(ack.body)
        assert bot.sim.views(ALICE) == []


async def test_s4_a_problem_of_the_whole_input_stands_at_the_first_field(tmp_path: Path):
    """And one of a field at that field, with what would be right."""
    async with bench(tmp_path, graphs=graphs) as bot:
        await bot.run("run order count=3")
        form = await bot.window(ALICE, "Start a run")
        good = {"Full_name": "Bern", "Day": "2026-12-24", "City": "Bern"}
        both = await bot.fill(ALICE, form, **good)
        low = await bot.fill(ALICE, form, Full_name="Be")

        assert list((both.errors or {}).items()) == [
            (form["blocks"][2]["block_id"], "name and city are the same; check them.")
        ]
        assert "at least 3 characters" in str(low.errors)


@TRANSPORTS
async def test_s4_who_may_start_is_checked_and_said(tmp_path: Path, transport: str):
    """By command before, in the form at the field; who is named may."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        refused = await bot.run("run sweep")
        await bot.run("run")
        view = await bot.window(ALICE, "Start a run")
        picked = await bot.sim.submit(ALICE, view["id"], {GRAPH_BLOCK: {GRAPH_ACTION: "sweep"}})
        guest = await bot.run("run report title=a text=b", user="U0GUEST")

        assert "You may not start" in str(refused.body)
        assert "<!subteam^S0RELEASE>" in str(refused.body)
        assert picked.errors == {
            GRAPH_BLOCK: "You may not start this one. It takes @release or U0CAROL."
        }
        assert "other organisations" in str(guest.body)
        assert await bot.engine.list_runs() == []

        for user in ("U0CAROL", "U0DAVE"):
            await bot.run("run sweep", user=user)

        assert [run.requester for run in await bot.engine.list_runs()] == ["U0DAVE", "U0CAROL"]


async def test_s4_a_form_of_a_graph_that_was_changed_starts_nothing(tmp_path: Path):
    """The window says to open it again."""
    async with bench(tmp_path, graphs=graphs) as bot:
        await bot.run("run report title=a")
        form = await bot.window(ALICE, "Start a run")
        known: Any = bot.engine.graphs
        known["report"] = taking(bot.effects, {"type": "object"}, "report")
        await bot.fill(ALICE, form, Text="b")
        told = await bot.window(ALICE, "Not done")

        assert "changed since the form was opened" in shown(told)
        assert await bot.engine.list_runs() == []


async def test_s4_more_graphs_than_a_list_holds_are_found_by_typing(tmp_path: Path):
    """By id, title or description; all of them."""

    def many(effects: Effects) -> list[Graph]:
        return [
            taking(effects, None, f"g{number}", title=f"Graph {number}", description="Counts.")
            for number in range(150)
        ]

    async with bench(tmp_path, graphs=many) as bot:
        await bot.run("run")
        view = await bot.window(ALICE, "Start a run")
        where = {"type": "view", "view_id": view["id"]}
        everything = await bot.sim.suggest(ALICE, where, GRAPH_ACTION, "")
        found = await bot.sim.suggest(ALICE, where, GRAPH_ACTION, "Graph 149")
        [option] = found["options"]

        assert len(everything["options"]) == 100
        assert (option["value"], option["description"]["text"]) == ("g149", "Counts.")

        ack = await bot.sim.submit(ALICE, view["id"], {GRAPH_BLOCK: {GRAPH_ACTION: option}})

        assert ack.ok
        assert "It takes no input." in shown(front(bot))

        await bot.fill(ALICE, front(bot))

        assert (await bot.last_run()).graph == "g149"


async def test_s6_a_button_opens_the_form_of_its_graph(tmp_path: Path):
    """As the Home tab has them."""
    async with bench(tmp_path, graphs=graphs) as bot:
        value = StartButton(graph="report").pack()
        element = {"type": "button", "action_id": "signoff_start_0", "value": value,
                   "text": {"type": "plain_text", "text": "Start…"}}  # fmt: skip
        view = {"type": "home", "blocks": [{"type": "actions", "elements": [element]}]}
        await bot.workspace.client.views_publish(user_id=ALICE, view=view)
        home: Any = bot.sim.home(ALICE)
        await bot.sim.click_view(ALICE, home["id"], "signoff_start_0")
        form = await bot.window(ALICE, "Start a run")

        assert labels_of(form) == ["Title", "Text", "Link", "Author"]


async def test_s4_a_form_that_starts_can_be_sent_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing was stored, so Slack shows its own error; pressed again, it starts one run."""
    async with bench(tmp_path, graphs=graphs) as bot:
        await bot.run("run report title=a")
        form = await bot.window(ALICE, "Start a run")

        async def fail(*_args: Any, **_options: Any) -> None:
            raise StoreUnavailableError

        with monkeypatch.context() as broken:
            broken.setattr(bot.engine, "start", fail)
            first = await bot.fill(ALICE, form, Text="b")

        assert not first.ok

        await bot.fill(ALICE, form, Text="b")
        await bot.window(ALICE, "Started")
        await bot.finished()

        assert bot.effects.seen == [{"title": "a", "text": "b"}]


async def test_h14_what_needs_a_secret_is_not_started_from_slack(tmp_path: Path):
    """The window has the command that takes it."""

    def make(effects: Effects) -> list[Graph]:
        return [taking(effects, Vault, "vault")]

    async with bench(tmp_path, graphs=make) as bot:
        await bot.run("run vault")
        told = await bot.window(ALICE, "Not for Slack")

        assert "Master key is a secret" in shown(told)
        assert "signoff run vault" in shown(told)
