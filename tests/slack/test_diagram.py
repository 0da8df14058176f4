"""The picture of a graph in text, with the places of a run marked."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.cards.diagram import MOST_LINES, WIDTH, diagram
from orchestrator.graph import Block, Graph, GraphBuilder, gate
from tests.slack.bench import Effects, bench, eventually


def work(_context: Any) -> dict[str, Any]:
    """Do nothing."""
    return {}


def items(_view: Any) -> list[int]:
    """Return what to do something for."""
    return [1, 2]


def release_graph(_effects: Effects | None = None) -> Graph:
    """Return a graph with a fork, a way back, a parallel, a map and a loop."""
    loop = Block().task("draft", work).task("polish", work)
    loop = loop.edge("draft", "polish").start("draft").ends("polish")
    graph = (
        GraphBuilder("release")
        .task("build", work)
        .router("size")
        .task("small", work)
        .task("large", work, confirm=gate(approvers="U0BOB"))
        .approval("ask", approvers="U0BOB", rejection="build")
        .loop("refine", loop, until="1 < 2")
        .parallel("both", {"eu": Block().task("roll", work), "us": Block().task("roll", work)})
        .map("each", items, Block().task("one", work, confirm=gate(approvers="U0BOB")))
        .task("finish", work)
        .edge("build", "size")
        .edge("size", "small", when="1 > 10")
        .edge("size", "large")
        .edge("small", "ask")
        .edge("large", "ask")
    )
    for source, target in (("ask", "refine"), ("refine", "both"), ("both", "each")):
        graph = graph.edge(source, target)
    return graph.edge("each", "finish").start("build").ends("finish").build()


RELEASE = """\
· build
· size
    if 1 > 10 → small
    else → large
· small
    → ask
· large  ✋confirm
· ask  ✋approval
    rejected ↺ back to build
· refine  loop, 10 rounds at most
·   draft
·   polish
    ↺ again until 1 < 2
· both  parallel
    [eu]
·     roll
    [us]
·     roll
· each  for each of items
·   one  ✋confirm
· finish"""


def test_g10_a_graph_is_drawn_from_its_start_along_its_edges():
    """Forks, ways back, gates and what is inside of composites have their lines."""
    assert diagram(release_graph()) == RELEASE


async def test_g10_the_places_of_a_run_are_marked(tmp_path: Path):
    """What is done, what waits, with its reference, and what is to come."""
    async with bench(tmp_path, graphs=lambda effects: [release_graph(effects)]) as bot:
        graph = bot.engine.graphs["release"]
        run = await bot.engine.start("release", {}, requester="U0ALICE", surface="test")
        run = await bot.engine.wait_until(run.id, lambda r: r.status == "waiting", timeout=5)
        (asked,) = await bot.engine.list_pending(run=run.id)
        first = diagram(graph, run, await bot.engine.get_events(run.id))
        for _ in range(2):
            (question,) = await bot.engine.list_pending(run=run.id)
            await bot.engine.decide(question.id, "approve", by="U0BOB", surface="test")
            await eventually(lambda: _waits(bot, run.id))
        run = await bot.engine.get_run(run.id)
        second = diagram(graph, run, await bot.engine.get_events(run.id))
        waiting = [each.ref for each in await bot.engine.list_pending(run=run.id)]

        assert first.splitlines()[:8] == [
            "✓ build",
            "✓ size",
            "    if 1 > 10 → small",
            "    else → large",
            "· small",
            "    → ask",
            f"◆ large  ✋confirm  {asked.ref}",
            "· ask  ✋approval",
        ]
        assert "✓ refine  round 1  loop, 10 rounds at most" in second.splitlines()
        assert "○ each  0 of 2 done  for each of items" in second.splitlines()
        one = next(line for line in second.splitlines() if line.startswith("◆   one"))
        assert set(one.split()[3:]) == set(waiting)
        assert second.splitlines()[-1] == "✓ done   ◆ waits   ○ here"


async def _waits(bot: Any, run_id: str) -> bool:
    return bool(await bot.engine.list_pending(run=run_id))


def test_a_run_without_its_log_is_marked_where_it_is():
    """Places alone are enough for a picture."""

    class _Run:
        places = ("each[1]/one",)

    run: Any = _Run()
    drawn = diagram(release_graph(), run)

    assert "○   one  ✋confirm" in drawn.splitlines()


@pytest.mark.parametrize("count", [3, 60, 400])
def test_a_long_graph_is_folded_and_no_line_is_too_wide(count: int):
    """Where the run is stays in sight, whatever is left out."""
    graph = GraphBuilder("long")
    names = [f"node_{number}_with_quite_a_long_name_for_a_node" for number in range(count)]
    for name in names:
        graph = graph.task(name, work, confirm=gate(approvers="U0BOB"))
    for source, target in pairwise(names):
        graph = graph.edge(source, target, when="'a very long condition' == 'that never ends'")
        graph = graph.edge(source, names[-1])
    built = graph.start(names[0]).ends(names[-1]).build()

    class _Run:
        places = (names[count // 2],)

    run: Any = _Run()
    lines = diagram(built, run).splitlines()

    assert len(lines) <= MOST_LINES + 2
    assert all(len(line) <= WIDTH for line in lines)
    assert any(line.startswith(f"○ {names[count // 2]}"[:30]) for line in lines)


def test_a_long_graph_of_composites_folds_what_is_inside():
    """Those in which nothing goes on are a line each."""
    graph = GraphBuilder("wide")
    names = [f"part{number}" for number in range(12)]
    for name in names:
        body = Block()
        for inner in "abcde":
            body = body.task(inner, work)
        for source, target in pairwise("abcde"):
            body = body.edge(source, target)
        graph = graph.steps(name, body.start("a").ends("e"))
    for source, target in pairwise(names):
        graph = graph.edge(source, target)
    built = graph.start("part0").ends("part11").build()

    class _Run:
        places = ("part3/b",)

    run: Any = _Run()
    lines = diagram(built, run).splitlines()

    assert "○   b" in lines
    assert lines[:2] == ["· part0  steps", "    … 5 inside"]
    assert len(lines) <= MOST_LINES + 2
