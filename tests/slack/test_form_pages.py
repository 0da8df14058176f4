"""Forms of several pages: turned on and back, checked as a whole, and kept over a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulator import Simulator
from bot.simulator.blockkit import view_faults
from bot.slack.kit import limits
from bot.slack.kit.inputs import FIELD_ACTION
from bot.slack.kit.payloads import StartForm
from bot.slack.windows.drafts import SCOPE
from bot.slack.windows.pages import BACK
from bot.slack.windows.quoting import address_of, message_text
from bot.slack.windows.starting import start_book
from orchestrator.graph import Graph
from tests.slack import kinds
from tests.slack.bench import MANIFEST, Bench, Effects, bench, eventually, shown
from tests.slack.start_graphs import long_schema, taking
from tests.slack.test_kinds import only, opened

ALICE = "U0ALICE"


def many(effects: Effects) -> list[Graph]:
    """Return a graph whose input has 45 numbers."""
    return [taking(effects, long_schema())]


def wordy(effects: Effects) -> list[Graph]:
    """Return a graph whose input has 45 large texts."""
    return [taking(effects, long_schema(texts=True))]


def labels_of(view: Mapping[str, Any]) -> list[str]:
    """Return the labels of a page's fields."""
    return [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]


def front(bot: Bench, user: str = ALICE) -> dict[str, Any]:
    """Return the window in front."""
    return bot.sim.views(user)[-1]


def initial(view: Mapping[str, Any], label: str) -> Any:
    """Return what stands in a field of a page when it opens."""
    block = next(b for b in view["blocks"] if b["type"] == "input" and b["label"]["text"] == label)
    return block["element"].get("initial_value")


async def started(bot: Bench, text: str = "run order") -> dict[str, Any]:
    """Open the form of the graph by a command; return its first page."""
    ack = await bot.run(text)

    assert ack.ok, ack
    return await bot.window(ALICE, "Start a run")


async def turned_back(bot: Bench, view: Mapping[str, Any], **typed: str) -> dict[str, Any]:
    """Type into a page, go back from it, and return the page before."""
    values = {
        block["block_id"]: {FIELD_ACTION: typed[block["label"]["text"]]}
        for block in view["blocks"]
        if block["type"] == "input" and block["label"]["text"] in typed
    }
    ack = await bot.sim.click_view(ALICE, view["id"], BACK, values=values)

    assert ack.ok, ack
    first = labels_of(view)
    await eventually(lambda: labels_of(front(bot)) != first)
    return front(bot)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h14_more_fields_than_a_page_holds_are_asked_for_on_several(
    tmp_path: Path, transport: str
):
    """Twenty on a page; what was typed on the others is kept on the way on, and on the way back."""
    async with bench(tmp_path, transport=transport, graphs=many) as bot:
        first = await started(bot)

        assert labels_of(first) == [f"F{number}" for number in range(1, 21)]
        assert "Page 1 of 3. Nothing is sent before the last one." in shown(first)
        assert first["submit"]["text"] == "Next"

        await bot.fill(ALICE, first, F1="11", F5="5", F15="15")
        second = front(bot)

        assert labels_of(second)[0] == "F21"
        assert "Page 2 of 3" in shown(second)

        again = await turned_back(bot, second, F22="22")

        assert (initial(again, "F1"), initial(again, "F15")) == ("11", "15")

        await bot.fill(ALICE, again, F1="12")
        second = front(bot)

        assert initial(second, "F22") == "22"

        await bot.fill(ALICE, second, F25="25", F35="35")
        third = front(bot)

        assert third["submit"]["text"] == "Start"
        assert await bot.engine.list_runs() == []

        await bot.fill(ALICE, third, F45="45")
        await bot.window(ALICE, "Started")
        await bot.finished()

        assert bot.effects.seen == [
            {"f1": 12, "f5": 5, "f15": 15, "f22": 22, "f25": 25, "f35": 35, "f45": 45}
        ]


async def test_h14_a_page_with_something_wrong_is_not_turned(tmp_path: Path):
    """The problem stands at its field; what other pages need is no problem of this one."""
    async with bench(tmp_path, graphs=many) as bot:
        first = await started(bot)
        missing = await bot.fill(ALICE, first, F1="1")
        low = await bot.fill(ALICE, first, F1="0", F5="5", F15="15")

        assert len(missing.errors or {}) == 2
        assert "at least 1" in str(low.errors)
        assert labels_of(front(bot))[0] == "F1"


async def test_h14_a_problem_of_another_page_opens_that_page(tmp_path: Path):
    """It is named on top and told at its field, and nothing that was typed is lost."""

    def make(effects: Effects) -> list[Graph]:
        schema = long_schema(30)
        schema["properties"]["f30"] = {"type": "integer"}
        schema["if"] = {"properties": {"f30": {"const": 7}}, "required": ["f30"]}
        schema["then"] = {"properties": {"f2": {"maximum": 5}}}
        return [taking(effects, schema)]

    async with bench(tmp_path, graphs=make) as bot:
        first = await started(bot)
        await bot.fill(ALICE, first, F2="9", F5="5", F15="15")
        second = front(bot)
        ack = await bot.fill(ALICE, second, F25="25", F30="7")
        again = front(bot)

        assert ack.ok
        assert "*Please look at these again:* F2" in shown(again)
        assert ":warning: 9 is greater than the maximum of 5" in shown(again)
        assert initial(again, "F15") == "15"

        await bot.fill(ALICE, again, F2="3")

        assert initial(front(bot), "F30") == "7"

        await bot.fill(ALICE, front(bot))
        await bot.finished()

        assert bot.effects.seen == [{"f2": 3, "f5": 5, "f15": 15, "f25": 25, "f30": 7}]


@pytest.mark.parametrize("length", [10, 2000])
async def test_h14_what_was_typed_outlives_the_bot(tmp_path: Path, length: int):
    """Stopped between two pages and started again, it goes on where the person is."""
    text = "ü" * length
    async with Simulator(MANIFEST) as slack:
        async with bench(tmp_path, slack=slack, graphs=wordy) as bot:
            first = await started(bot, 'run order f1="" zero=1')
            await bot.fill(ALICE, first, F1=text, F2=text, F20=text)

            assert labels_of(front(bot))[0] == "F21"

        async with bench(tmp_path, slack=slack, graphs=wordy) as bot:
            await slack.until(lambda: slack.connections, timeout=5)
            kept = await bot.engine.values.list(SCOPE)
            await bot.fill(ALICE, front(bot), F21=text)
            await bot.fill(ALICE, front(bot), F45="end")
            await bot.window(ALICE, "Started")
            await bot.finished()
            await eventually(lambda: _is_gone(bot))

            assert len(kept) == (length > 1000)
            assert bot.effects.seen == [
                {"f1": text, "f2": text, "f20": text, "f21": text, "f45": "end"}
            ]


async def _is_gone(bot: Bench) -> bool:
    return await bot.engine.values.list(SCOPE) == {}


async def test_h14_what_was_typed_is_forgotten_after_a_day(tmp_path: Path):
    """The next form takes it away, and the old one says so and changes nothing."""
    async with bench(tmp_path, graphs=wordy) as bot:
        await bot.run('run order f1="" zero=1')
        first = await bot.window(ALICE, "Start a run")
        await bot.fill(ALICE, first, F1="x" * 3000)
        [(name, body)] = (await bot.engine.values.list(SCOPE)).items()
        old = json.loads(body) | {"at": 0}
        await bot.engine.values.put(SCOPE, name, json.dumps(old))
        await bot.run('run order f1="" zero=1', user="U0BOB")
        other = await bot.window("U0BOB", "Start a run")
        await bot.fill("U0BOB", other, F1="y" * 3000)
        await bot.fill(ALICE, front(bot), F21="x")
        told = await bot.window(ALICE, "Not done")

        assert "kept for a day" in shown(told)
        assert name not in await bot.engine.values.list(SCOPE)
        assert await bot.engine.list_runs() == []


async def test_h14_an_answer_of_several_pages_is_recorded_once(tmp_path: Path):
    """Delivered twice, the last page is one answer; the comment is kept on the way back."""
    make = only(lambda effects: kinds.asked_for(effects, long_schema(30)))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run order")
        first = await opened(bot, "U0BOB", question, "Answer…")

        assert "Comment" not in labels_of(first)

        await bot.fill("U0BOB", first, F5="5", F15="15")
        second = front(bot, "U0BOB")
        bot.sim.faults.duplicate_next = 1
        ack = await bot.fill("U0BOB", second, F25="25", Comment="Fine.")
        await bot.finished()
        outcome = await bot.outcome("Answered by <@U0BOB>")

        assert ack.ok
        assert "Fine." in shown(outcome)
        assert bot.effects.seen == [{"f5": 5, "f15": 15, "f25": 25}]
        assert len((await bot.approval()).answers) == 1


SORTS = st.sampled_from(
    [
        {"type": "integer"},
        {"type": "string", "default": "ü" * 2900},
        {"enum": [f"{'ü' * 70}{number}" for number in range(100)]},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("street", "city", "country")},
        },
        {"type": "string", "format": "password"},
    ]
)


@settings(deadline=None, max_examples=60)
@given(sorts=st.lists(SORTS, max_size=60))
def test_h14_pages_hold_every_field_once_and_slack_takes_each(sorts: list[dict[str, Any]]):
    """Objects are not torn apart, and the way back leads to the page that was left."""
    schema = {"type": "object", "properties": {f"f{n}": sort for n, sort in enumerate(sorts)}}
    graph = taking(Effects(), schema)
    form = StartForm(graph=graph.id, version=graph.version)
    book = start_book(graph, form)
    sheet = book.sheet()
    pages = [sheet.page]
    while not sheet.is_last:
        assert view_faults(book.show(sheet, form), kind="modal") == []
        assert len(json.dumps(book.show(sheet, form))) <= limits.VIEW_BYTES
        assert sheet.after().before().page == sheet.page

        sheet = sheet.after()
        pages.append(sheet.page)

    assert view_faults(book.show(sheet, form), kind="modal") == []
    assert tuple(number for page in pages for number in page) == sheet.numbers
    assert sheet.count == len(pages)
    for page in pages:
        for number in page:
            group = book.fields[number].group
            whole = {n for n, each in enumerate(book.fields) if group and each.group == group}

            assert whole <= set(page)


def test_s5_messages_of_apps_say_what_their_attachments_do():
    """Links are written as addresses, and nothing stays escaped."""
    fallback = "Disk &lt;full&gt; <https://example.com|here> <mailto:a@example.com|a>"
    message = {"text": "", "attachments": [{"fallback": fallback}, {"text": "Now."}]}

    assert message_text(message) == "Disk <full> https://example.com a@example.com\nNow."
    assert address_of({}, "1.2", "") == ""
