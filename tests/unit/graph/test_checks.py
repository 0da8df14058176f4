"""What building a graph refuses: all of it at once, each with place and remedy (row G6)."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from orchestrator import GraphBuilder, GraphValidationError, Retry
from tests.unit.graph.flows import pay, pick


def problems(builder):
    """Return what is wrong with a graph."""
    with pytest.raises(GraphValidationError) as caught:
        builder.build()
    return list(caught.value.problems)


def line(*nodes):
    """Declare tasks one after the other; the last is an end."""
    graph = GraphBuilder("g").start(nodes[0]).ends(nodes[-1])
    for node in nodes:
        graph.task(node, pay)
    for source, target in itertools.pairwise(nodes):
        graph.edge(source, target)
    return graph


def test_g6_lists_all_problems_at_once():
    """One build shows everything that is wrong, in the order of reading."""
    graph = (
        GraphBuilder("Bad Graph", max_visits=0)
        .task("write", pay, timeout=timedelta(0))
        .task("write", pay)
        .task("Review#1", pay)
        .approval("ask", approvers=[], timeout="1d", rejection="nowhere")
        .end("done")
        .edge("write", "ask")
        .edge("ask", "done")
        .edge("ask", "missing", "state.a")
        .edge("done", "write")
        .start("write")
        .ends("gone")
    )
    rule = "an id is a lower-case letter, then letters, digits, - or _, at most 60 in all"
    known = "write, Review#1, ask, done"
    expected = [
        f"graph: the id 'Bad Graph' cannot be used; {rule}",
        "node 'write': is declared 2 times; give each node its own id",
        f"node 'Review#1': the id cannot be used; {rule}",
        f"graph: ends after the unknown node 'gone'; known are {known}",
        "graph: max_visits is 0; make it at least 1",
        "node 'write': timeout is 0 seconds; make it longer than nothing",
        "node 'ask': has no approvers, so nobody could answer; name at least one",
        (
            "node 'ask': has a timeout but no on_timeout; say what happens: "
            "expire, reject, approve, skip, route"
        ),
        f"node 'ask': rejection leads to the unknown node 'nowhere'; known are {known}",
        f"edge 'ask' -> 'missing': leads to the unknown node 'missing'; known are {known}",
        "edge 'done' -> 'write': leaves 'done', after which runs end; drop the edge or the end",
        "node 'Review#1': is a dead end; add an edge to the next node, or make it an end",
        (
            "node 'Review#1': cannot be reached from the start 'write'; add an edge to it, "
            "or take it out"
        ),
    ]

    assert expected == problems(graph)


def test_g6_the_error_reads_as_a_list():
    """The message counts the problems and shows each on a line of its own."""
    with pytest.raises(GraphValidationError) as caught:
        GraphBuilder("g").task("a", pay).build()
    expected = (
        "graph 'g' has 3 problem(s):"
        "\n  - graph: has no start; start at one of a"
        "\n  - graph: has no end; add an end node, or name nodes after which it ends"
        "\n  - node 'a': is a dead end; add an edge to the next node, or make it an end"
    )

    assert expected == str(caught.value)


@pytest.mark.parametrize("node", ["a", "a1", "a-b_c", "a" * 60])
def test_g6_takes_good_ids(node):
    """Short lower-case ids are fine."""
    assert line(node).build().start == node


@pytest.mark.parametrize(
    "node", ["", "A", "1a", "-a", "a/b", "a#2", "a[1]", "a b", "é", "a" * 61, "a\n"]
)
def test_g6_refuses_bad_ids(node):
    """What separates the parts of a path, or is too long for a button, cannot be in an id."""
    assert problems(line(node)) == [
        (
            f"node {node!r}: the id cannot be used; an id is a lower-case letter, "
            "then letters, digits, - or _, at most 60 in all"
        )
    ]


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (GraphBuilder("g"), "graph: has no nodes; add at least one"),
        (
            GraphBuilder("g").task("a", pay).ends("a"),
            "graph: has no start; start at one of a",
        ),
        (
            line("a").start("b"),
            "graph: starts at 'a' and at 'b'; keep one of them",
        ),
        (
            GraphBuilder("g").task("a", pay).ends("a").start("b"),
            "graph: starts at the unknown node 'b'; known are a",
        ),
        (
            line("a", "b").task("c", pay).ends("c"),
            "node 'c': cannot be reached from the start 'a'; add an edge to it, or take it out",
        ),
        (
            line("a", "b").edge("x", "b"),
            "edge 'x' -> 'b': comes from the unknown node 'x'; known are a, b",
        ),
        (
            line("a", "b").edge("a", "b"),
            (
                "node 'a': has 2 edges without a condition, to b, b; only one can be the default, "
                "so give the others a condition"
            ),
        ),
        (
            GraphBuilder("g")
            .router("a", pick)
            .end("b")
            .end("c")
            .edge("a", "b")
            .edge("a", "c", "state.x")
            .start("a"),
            "node 'a': has `select` and edges with conditions; keep one of the two ways",
        ),
        (
            GraphBuilder("g").task("a", pay, idempotent=False).ends("a").start("a"),
            (
                "node 'a': is not idempotent, so after a crash a person must decide about it, "
                "but the graph names nobody; name operators, or make the task safe to repeat"
            ),
        ),
    ],
)
def test_g6_finds_mistakes_of_structure(graph, expected):
    """Each mistake is named with its place and what to do."""
    assert expected in problems(graph)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"approvers": ""}, "has no approvers, so nobody could answer; name at least one"),
        (
            {"timeout": "1d"},
            (
                "has a timeout but no on_timeout; say what happens: "
                "expire, reject, approve, skip, route"
            ),
        ),
        (
            {"on_timeout": "expire"},
            "has on_timeout but no timeout; say how long to wait, such as 2d",
        ),
        (
            {"timeout": "1d", "on_timeout": "route"},
            "has on_timeout route but no timeout_route; name the node to go on at",
        ),
        (
            {"timeout": "1d", "on_timeout": "expire", "timeout_route": "ask"},
            "has timeout_route, which only on_timeout route uses; set it, or drop the route",
        ),
        (
            {"timeout": "1d", "on_timeout": "route", "timeout_route": "x"},
            "timeout_route leads to the unknown node 'x'; known are ask",
        ),
        ({"rejection": "x"}, "rejection leads to the unknown node 'x'; known are ask"),
        (
            {"remind_before": "1h"},
            "has remind_before but no timeout; say how long to wait, such as 2d",
        ),
        (
            {"timeout": "1h", "on_timeout": "skip", "remind_before": "1h"},
            "would remind before it asks; make remind_before shorter than timeout",
        ),
        (
            {"timeout": timedelta(seconds=-1), "on_timeout": "skip"},
            "timeout is -1 seconds; make it longer than nothing",
        ),
        (
            {"timeout": "4000d", "on_timeout": "skip"},
            "timeout is longer than 3650 days; check the unit, such as 5m or 2d",
        ),
        ({"reads": [""]}, "reads has an empty name; write keys of the state, or * for all"),
        ({"writes": [" "]}, "writes has an empty name; write keys of the state, or * for all"),
        (
            {"reads": ["a"], "review_keys": ["a.b", "c.d"]},
            "shows 'c.d', which it does not read; add it to reads",
        ),
        (
            {"writes": ["human_decision"]},
            "writes 'human_decision', which only an answer may set; choose another key",
        ),
    ],
)
def test_g6_finds_gates_that_cannot_work(options, expected):
    """Nobody to ask, deadlines without action, routes to nowhere: found before any run starts."""
    declared = {"approvers": "U1", **options}
    graph = GraphBuilder("g").approval("ask", **declared).ends("ask").start("ask")

    assert problems(graph) == [f"node 'ask': {expected}"]


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (0, "retry has 0 attempts; the first try counts, so make it at least 1"),
        (
            Retry(delay=timedelta(seconds=-1)),
            "retry has a delay below zero; make it zero or longer",
        ),
        (Retry(cap=timedelta(0)), "cap of retry is 0 seconds; make it longer than nothing"),
        (
            Retry(factor=0.5),
            "retry has the factor 0.5; make it at least 1, or waits would shrink",
        ),
        (Retry(jitter=2), "retry has the jitter 2; it is a share, so make it 0 to 1"),
    ],
)
def test_g6_finds_retries_that_cannot_work(retry, expected):
    """Numbers out of their range are problems of the task."""
    graph = GraphBuilder("g").task("a", pay, retry=retry).ends("a").start("a")

    assert problems(graph) == [f"node 'a': {expected}"]


def test_g6_finds_circles_without_a_way_out():
    """A loop must lead to an end somewhere; the nodes of the loop are named."""
    graph = (
        line("a", "end")
        .task("b", pay)
        .task("c", pay)
        .edge("a", "b", "state.x")
        .edge("b", "c")
        .edge("c", "b")
    )

    assert problems(graph) == [
        "node 'b': leads round in a circle with no way to an end ('b', 'c'); add an edge out of it"
    ]


@pytest.mark.parametrize(
    "graph",
    [
        line("a", "b"),
        line("a", "b", "c").edge("b", "a", "state.again"),
        GraphBuilder("g")
        .approval("ask", approvers="U1", rejection="fix")
        .task("fix", pay)
        .edge("fix", "ask")
        .ends("ask")
        .start("ask"),
        GraphBuilder("g")
        .approval(
            "ask", approvers="U1", timeout="1d", on_timeout="route", timeout_route="late"
        )
        .end("late")
        .ends("ask")
        .start("ask"),
        GraphBuilder("g")
        .router("fork", pick)
        .end("paid")
        .end("refused")
        .edge("fork", "paid")
        .edge("fork", "refused")
        .start("fork"),
        GraphBuilder("g", operators="U1").task("a", pay, idempotent=False).ends("a").start("a"),
        GraphBuilder("g").router("fork").end("a").edge("fork", "a", "state.x").start("fork"),
    ],
    ids=["line", "loop", "rejection", "deadline", "select", "operators", "no default"],
)  # fmt: skip
def test_g6_lets_good_graphs_pass(graph):
    """Loops with a way out, routes by rejection or deadline, forks without a default are fine."""
    assert graph.build().id == "g"
