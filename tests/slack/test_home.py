"""The Home tab: what waits for the reader, what they asked for, started and decided."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Ack
from bot.simulator.blockkit import view_faults
from bot.slack.windows.batches import batch_view
from orchestrator.graph import Block, Graph, GraphBuilder, gate, quorum
from orchestrator.runtime import Engine, SystemClock
from orchestrator.store import open_store
from tests.slack.bench import Bench, Effects, bench, eventually, publish_graph
from tests.slack.samples import NOW, approval


def many_graph(effects: Effects, count: int = 3, **options: Any) -> Graph:
    """Return a graph that asks several questions at once."""

    def work(context: Any) -> None:
        effects.published.append(context.node)

    builder = GraphBuilder("many")
    branches = {}
    for number in range(count):
        question = gate(approvers="U0BOB", title=f"Question {number}?", **options)
        branches[f"b{number}"] = Block().task(f"t{number}", work, confirm=question)
    return builder.parallel("all", branches).start("all").ends("all").build()


def voted_graph(effects: Effects) -> Graph:
    """Return a graph that takes two of three."""

    def work(context: Any) -> None:
        effects.published.append(context.node)

    policy = quorum(2, ["U0BOB", "U0CAROL", "U0DAVE"])
    return (
        GraphBuilder("voted")
        .task("work", work, confirm=gate(policy=policy, title="Spend it?"))
        .start("work")
        .ends("work")
        .build()
    )


async def opened(bot: Bench, person: str, text: str = "Your runs") -> dict[str, Any]:
    """Open somebody's Home tab, and wait until it says something."""
    await bot.sim.open_home(person)
    return await shows(bot, person, text)


async def shows(bot: Bench, person: str, text: str, *, without: str = "\0") -> dict[str, Any]:
    """Wait until somebody's Home tab says something, and something else no more."""

    def find() -> dict[str, Any] | None:
        home = bot.sim.home(person)
        said = json.dumps(home, ensure_ascii=False)
        return home if home and text in said and without not in said else None

    return await bot.sim.until(find, timeout=6)


async def press(bot: Bench, person: str, label: str, *, block: int = 0) -> Ack:
    """Press a button of somebody's Home tab: of those with the label, the one of a number."""
    home = bot.sim.home(person)
    assert home is not None
    found = [
        (each["block_id"], element["action_id"])
        for each in home["blocks"]
        for element in [*each.get("elements", ()), each.get("accessory") or {}]
        if element.get("type") == "button" and element["text"]["text"] == label
    ]
    block_id, action_id = found[block]
    return await bot.sim.click_view(person, home["id"], action_id, block_id=block_id)


@pytest.fixture
async def voted(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a bot whose question takes two approvals."""
    async with bench(tmp_path, graphs=lambda effects: [voted_graph(effects)]) as running:
        yield running


async def test_s6_an_empty_home_says_how_to_begin(bot: Bench):
    """Nothing waits, nothing was started, and there is one primary button."""
    home = await opened(bot, "U0ALICE")
    text = json.dumps(home, ensure_ascii=False)
    primary = [
        element["text"]["text"]
        for block in home["blocks"]
        for element in block.get("elements", ())
        if element.get("style") == "primary"
    ]

    assert "Nothing waits for you." in text
    assert "You have started nothing yet." in text
    assert "What you decide is listed here." in text
    assert primary == ["Start a run"]
    assert "Waiting for others" not in text


async def test_s6_start_a_run_opens_the_form(socket_bot: Bench):
    """The button is that of the command without a graph."""
    await opened(socket_bot, "U0ALICE")
    await press(socket_bot, "U0ALICE", "Start a run")
    view = await socket_bot.sim.until(lambda: socket_bot.sim.views("U0ALICE"), timeout=4)

    assert "publish" in json.dumps(view)


async def test_s6_home_is_the_readers_own(bot: Bench):
    """Who may decide is asked, who asked sees for whom it waits, and others see neither."""
    await bot.ask()
    approver = json.dumps(await opened(bot, "U0BOB"), ensure_ascii=False)
    asker = json.dumps(await opened(bot, "U0ALICE"), ensure_ascii=False)
    other = json.dumps(await opened(bot, "U0DAVE"), ensure_ascii=False)

    assert "Waiting for you · 1" in approver
    assert "*Publish “Bees in winter”?*" in approver
    assert "decide by <!date^" in approver
    assert "Waiting for others" in asker
    assert "waits for <!subteam^S0EDITORS>" in asker
    assert "waits at *review*" in asker
    assert "Bees in winter" not in other


async def test_s6_a_question_is_approved_on_the_home_tab(bot: Bench):
    """It leaves the list by itself, and is among the decisions; the requester's tab follows."""
    await bot.ask()
    await opened(bot, "U0ALICE", "Waiting for others")
    await opened(bot, "U0BOB", "Waiting for you · 1")
    ack = await press(bot, "U0BOB", "Approve")
    after = json.dumps(await shows(bot, "U0BOB", "you approved <!date^"), ensure_ascii=False)
    await shows(bot, "U0ALICE", "is completed", without="Waiting for others")

    assert ack.ok
    assert bot.effects.published == ["Bees in winter"]
    assert "Nothing waits for you." in after


async def test_s6_a_rejection_on_the_home_tab_asks_why(socket_bot: Bench):
    """The form is that of the message."""
    await socket_bot.ask()
    await opened(socket_bot, "U0BOB", "Waiting for you · 1")
    await press(socket_bot, "U0BOB", "Reject…")
    form = await socket_bot.window("U0BOB", "Reject")
    await socket_bot.fill("U0BOB", form, Why_not_="Too long")
    run = await socket_bot.finished()
    await shows(socket_bot, "U0BOB", "you rejected <!date^")

    assert run.status == "cancelled"
    assert socket_bot.effects.published == []


async def test_s6_a_question_is_opened_and_decided_in_its_window(socket_bot: Bench):
    """The window shows the whole card, and then what became of it."""
    await socket_bot.ask()
    await opened(socket_bot, "U0BOB", "Waiting for you · 1")
    await press(socket_bot, "U0BOB", "Open")
    view = await socket_bot.window("U0BOB", "Question")
    await socket_bot.sim.click_view("U0BOB", view["id"], label="Approve")
    decided = await socket_bot.window("U0BOB", "What became of it")

    assert "Honey bees do not sleep" in json.dumps(view)
    assert "Approved by <@U0BOB>" in json.dumps(decided)


async def test_s9_a_refusal_on_the_home_tab_opens_a_window(socket_bot: Bench):
    """A tab that is behind the times says what happened; the tab itself stays."""
    await socket_bot.ask()
    home = await opened(socket_bot, "U0BOB", "Waiting for you · 1")
    approve = next(
        (block["block_id"], element["action_id"])
        for block in home["blocks"]
        for element in block.get("elements", ())
        if element.get("type") == "button" and element["text"]["text"] == "Approve"
    )
    approval = await socket_bot.approval()
    click = socket_bot.sim.click_view("U0BOB", home["id"], approve[1], block_id=approve[0])
    await socket_bot.engine.decide(approval.id, "approve", by="U0CAROL", surface="test")
    await click
    view = await socket_bot.window("U0BOB", "Not done")

    assert "Already approved by <@U0CAROL>" in json.dumps(view)


async def test_s6_who_has_voted_is_not_asked_again(voted: Bench):
    """The question waits for the others, and says how far it is."""
    await voted.run("run voted")
    await voted.question()
    await opened(voted, "U0BOB", "Waiting for you · 1")
    await opened(voted, "U0CAROL", "Waiting for you · 1")
    await press(voted, "U0BOB", "Approve")
    await shows(voted, "U0BOB", "Nothing waits for you.")
    await shows(voted, "U0BOB", "still open")
    second = json.dumps(await shows(voted, "U0CAROL", "1 of 2"), ensure_ascii=False)

    assert voted.effects.published == []
    assert "Spend it?" in second

    await press(voted, "U0CAROL", "Approve")
    await eventually(lambda: voted.effects.published == ["work"])


async def test_s6_a_new_question_appears_on_an_open_home_tab(socket_bot: Bench):
    """Whoever may decide it need not open the tab again."""
    await opened(socket_bot, "U0BOB", "Nothing waits for you.")
    await socket_bot.ask()

    await shows(socket_bot, "U0BOB", "Waiting for you · 1")


async def test_s6_what_another_process_did_is_seen_on_an_open_home_tab(
    voted: Bench, tmp_path: Path
):
    """As when somebody votes on the command line beside the server."""
    await voted.run("run voted")
    await voted.question()
    await eventually(lambda: _is_delivered(voted))
    await opened(voted, "U0BOB", "Waiting for you · 1")
    approval = await voted.approval()
    clock = SystemClock()
    people = voted.workspace.directory
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}", now=clock.now) as store:
        beside = Engine(store, voted.engine.graphs, directory=people, has_chat=True)
        await beside.decide(approval.id, "approve", by="U0CAROL", surface="cli")

    await shows(voted, "U0BOB", "1 of 2")


async def _is_delivered(bot: Bench) -> bool:
    return (await bot.approval()).delivered_at is not None


async def test_s6_sections_have_pages(tmp_path: Path):
    """Five a page; which page each section is at stands in the buttons."""
    async with bench(tmp_path, graphs=lambda effects: [many_graph(effects, 12)]) as bot:
        await bot.engine.start("many", {}, requester="U0BOB", surface="test")
        first = await opened(bot, "U0BOB", "Waiting for you · 12")
        await press(bot, "U0BOB", "More")
        second = await shows(bot, "U0BOB", "Back")
        await press(bot, "U0BOB", "More")
        third = await shows(bot, "U0BOB", "Back", without='"More"')

        titles = [_titles(home) for home in (first, second, third)]
        assert [len(each) for each in titles] == [5, 5, 2]
        assert len(set().union(*titles)) == 12
        assert all(len(home["blocks"]) <= 100 for home in (first, second, third))


def _titles(home: dict[str, Any]) -> set[str]:
    texts = [(block.get("text") or {}).get("text", "") for block in home["blocks"]]
    return {text.split("\n")[0] for text in texts if text.startswith("*Question")}


async def test_s6_a_run_is_shown_and_cancelled_from_the_home_tab(socket_bot: Bench):
    """Cancelling asks back, with what it brings about, and for a reason."""
    await socket_bot.ask()
    home = await opened(socket_bot, "U0ALICE", "waits at *review*")
    menu = next(
        (block["block_id"], block["accessory"])
        for block in home["blocks"]
        if (block.get("accessory") or {}).get("type") == "overflow"
    )
    show, cancel = menu[1]["options"]
    for option in (show, cancel):
        await socket_bot.sim.click_view(
            "U0ALICE", home["id"], "signoff_runmenu", block_id=menu[0], element=option["value"]
        )
        await socket_bot.sim.until(lambda: len(socket_bot.sim.views("U0ALICE")) == 1, timeout=4)
        view = socket_bot.sim.views("U0ALICE")[-1]
        if option is show:
            assert "◆ review  ✋approval" in json.dumps(view, ensure_ascii=False)
            await socket_bot.sim.close_view("U0ALICE", view["id"])
    assert "The open question is withdrawn" in json.dumps(view)

    await socket_bot.fill("U0ALICE", view, Why_="not now")
    run = await socket_bot.finished()
    await shows(socket_bot, "U0ALICE", "was cancelled by")

    assert (run.status, run.cancel_reason) == ("cancelled", "not now")


async def test_h24_several_questions_are_decided_in_one_form(tmp_path: Path):
    """What is refused for one keeps no other from being decided; each has its line."""
    async with bench(tmp_path, graphs=lambda effects: [many_graph(effects, 12)]) as bot:
        await bot.engine.start("many", {}, requester="U0ALICE", surface="test")
        await opened(bot, "U0BOB", "Waiting for you · 12")
        await press(bot, "U0BOB", "Decide several…")
        form = await bot.window("U0BOB", "Decide several")
        boxes = [b for b in form["blocks"] if b["block_id"].startswith("signoff_picked_")]
        options = [box["element"]["options"] for box in boxes]

        assert [len(each) for each in options] == [10, 2]
        assert bot.effects.published == []

        nothing = await _submit(bot, form, [], "approve")
        assert "Check at least one" in json.dumps(nothing.body)
        unfounded = await _submit(bot, form, options[0][:1], "reject")
        assert "Write why" in json.dumps(unfounded.body)

        late = json.loads(options[0][0]["value"].partition(":")[2])["approval"]
        await bot.engine.decide(late, "approve", by="U0BOB", surface="test")
        await _submit(bot, form, options[0][:4], "approve")
        done = await bot.window("U0BOB", "Decided")
        text = json.dumps(done, ensure_ascii=False)

        assert text.count("✓ ") == 3
        assert "Already approved by you" in text
        await eventually(lambda: len(bot.effects.published) == 4)
        await shows(bot, "U0BOB", "Waiting for you · 8")


def test_h24_each_line_says_what_is_decided_and_the_nearest_deadline_comes_first():
    """Graph, title, kind, main values and deadline, within what Slack takes."""
    later = approval(title="Later?", due_at=NOW + timedelta(hours=3), payload={"amount": 7})
    never = approval(title="Never?", due_at=None, payload={})
    first = approval(title="First?", due_at=NOW, payload={"why": "x" * 60, "target": "shop"})
    view = batch_view([never, later, first])
    (box,) = (each for each in view["blocks"] if each.get("block_id") == "signoff_picked_0")
    texts = [each["text"]["text"] for each in box["element"]["options"]]
    told = [each["description"]["text"] for each in box["element"]["options"]]

    assert texts == ["publish · First?", "publish · Later?", "publish · Never?"]
    assert told[0].startswith("approval · Target: shop, Why: xx")
    assert told[0].endswith(f"… · by {NOW:%d %b %H:%M} UTC")
    assert told[1] == f"approval · Amount: 7 · by {later.due_at:%d %b %H:%M} UTC"
    assert told[2] == "approval · no deadline"
    assert view_faults(view, kind="modal") == []


async def test_h24_what_is_dangerous_is_decided_by_itself(tmp_path: Path):
    """Questions of high risk are offered in no form for several."""

    def make(effects: Effects) -> list[Graph]:
        return [many_graph(effects, 3, risk="high")]

    async with bench(tmp_path, graphs=make) as bot:
        await bot.engine.start("many", {}, requester="U0ALICE", surface="test")
        home = await opened(bot, "U0BOB", "Waiting for you · 3")

        assert "Decide several" not in json.dumps(home, ensure_ascii=False)
        assert "high risk" in json.dumps(home)


async def _submit(bot: Bench, form: dict[str, Any], picked: list[Any], decision: str) -> Ack:
    values = {
        "signoff_picked_0": {"input": {"type": "checkboxes", "selected_options": picked}},
        "signoff_batch_decision": {"input": decision},
    }
    return await bot.sim.submit("U0BOB", form["id"], values)


async def test_s6_home_is_bounded_however_much_is_open(tmp_path: Path):
    """Never more than a hundred blocks, whatever is on it."""

    def make(effects: Effects) -> list[Graph]:
        return [many_graph(effects, 40), publish_graph(effects)]

    async with bench(tmp_path, graphs=make) as bot:
        for _ in range(3):
            await bot.engine.start("many", {}, requester="U0BOB", surface="test")
        home = await opened(bot, "U0BOB", "Waiting for you · 120")

        assert len(home["blocks"]) <= 100
