"""Declaring nodes with nodes inside, and the options that gates have (rows G1, G2, H8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from orchestrator import (
    Block,
    GraphBuilder,
    OnError,
    OnReject,
    OnTimeout,
    any_of,
    gate,
    gated,
    quorum,
    tool,
)
from orchestrator.graph import (
    CelCondition,
    ConditionNode,
    Edge,
    LoopNode,
    MapNode,
    Reducer,
    Reminders,
    RouterNode,
    parse_approvers,
)
from orchestrator.graph.conditions import CelList, KeyPath
from tests.unit.graph.flows import due, pay, pick, write
from tests.unit.graph.small import around, body, problems


def test_g2_a_body_without_edges_runs_in_order():
    """The first node begins it, the last ends it."""
    scope = around().steps("it", body("a", "b", "c")).build().scopes["it"]

    assert (scope.start, scope.ends) == ("a", {"c"})
    assert scope.edges == {
        "a": (Edge(source="a", target="b"),),
        "b": (Edge(source="b", target="c"),),
    }


def test_g2_a_body_may_say_its_own_ways():
    """Edges, start, ends and end nodes work as in a graph."""
    block = body("a", "b").edge("b", "a").start("b").end("done").edge("a", "done")
    scope = around().steps("it", block).build().scopes["it"]

    assert (scope.start, scope.ends, list(scope.edges)) == ("b", {"done"}, ["b", "a"])


def test_g2_a_body_can_be_declared_after_it_is_used():
    """A decorator on a block adds to it wherever it stands already."""
    block = Block()
    graph = around().map("it", "state.items", block)

    @block.task("late")
    def late(context):
        return context

    assert list(graph.build().scopes["it"].nodes) == ["late"]


def test_g2_every_composite_has_its_scopes():
    """Scopes are found by their address, at any depth."""
    inner = GraphBuilder("inner").task("a", pay).start("a").ends("a").build()
    graph = (
        GraphBuilder("g", operators="U9")
        .router("route", pick, {"left": body(), "right": body()})
        .condition("check", "state.big", body(), body())
        .loop("refine", Block().map("each", "item", body()), until="number > 2")
        .parallel("both", {"x": body(), "y": body()})
        .subgraph("sub", inner, with_input=lambda view: view.state, writes="total")
        .agent("bot", pay, tools={"search": pay})
        .sequence("route", "check", "refine", "both", "sub", "bot")
        .start("route")
        .ends("bot")
        .build()
    )

    assert list(graph.scopes) == [
        "",
        "route[left]",
        "route[right]",
        "check[then]",
        "check[else]",
        "refine",
        "refine/each",
        "both[x]",
        "both[y]",
        "sub",
        "bot",
    ]
    assert graph.get_node("refine[2]/each[7]/work#3").id == "work"
    assert graph.get_node("sub/a").function is pay
    assert graph.get_node("bot/search").function is pay
    assert graph.nodes["sub"].writes == ("total",)
    assert isinstance(graph.nodes["check"], ConditionNode)
    assert isinstance(graph.nodes["route"], RouterNode)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ("state.items", KeyPath("state.items")),
        (" input.a.b ", KeyPath("input.a.b")),
        ("state.items.filter(i, i > 1)", CelList("state.items.filter(i, i > 1)")),
        (due, due),
    ],
)
def test_g2_a_map_is_over_a_path_an_expression_or_a_function(over, expected):
    """A plain path needs no CEL."""
    assert around().map("it", over, body()).build().nodes["it"].over == expected


def test_g2_options_of_joins_loops_and_waits_are_read():
    """Words, durations and instants become what the records hold."""
    mapped = around().map(
        "it", "state.items", body(), merge={"k": "list", "l": sum}, limit=3,
        on_branch_error="best-effort",
    ).build().nodes["it"]  # fmt: skip
    assert isinstance(mapped, MapNode)
    assert mapped.merge == {"k": Reducer.LIST, "l": sum}
    assert (mapped.limit, mapped.on_branch_error) == (3, "best-effort")

    loop = around().loop("it", body(), until="state.done", max_rounds=4).build().nodes["it"]
    assert isinstance(loop, LoopNode)
    assert (loop.until, loop.max_rounds) == (CelCondition("state.done"), 4)

    until = around().wait("it", until="2030-01-01T09:00:00+01:00").build().nodes["it"].until
    assert until == datetime(2030, 1, 1, 8, tzinfo=UTC)
    signal = around().wait("it", signal="paid", timeout="2d", writes="receipt").build().nodes["it"]
    assert (signal.signal, signal.timeout, signal.writes) == (
        "paid",
        timedelta(days=2),
        ("receipt",),
    )
    graph = around(max_active="2h", budget={"tokens": 10, "cost": 0.5}).task("it", pay).build()
    assert (graph.max_active, graph.budget) == (timedelta(hours=2), {"tokens": 10, "cost": 0.5})


def test_h8_a_gate_is_its_options_or_just_who_answers():
    """Names, a policy, a function and full options all make a gate."""
    full = gate(
        policy=quorum(2, "U1 U2"), title="Sure?", reminders={"after": "1h", "every": "2h"},
        timeout="1d", on_timeout="reject", escalation={"after": "4h", "to": "@leads"},
    )  # fmt: skip
    node = around().task("it", pay, confirm=full, input=gate(
        approvers=lambda view: view.state["who"], schema={"properties": {"n": {"type": "integer"}}},
        save_as="n",
    ), review="U1, U2", error=any_of("@ops")).build().nodes["it"]  # fmt: skip

    confirm = node.gates.confirm
    assert confirm.policy == quorum(2, "U1 U2")
    assert confirm.reminders == Reminders(after=timedelta(hours=1), every=timedelta(hours=2))
    assert [each.to for each in confirm.escalations] == [parse_approvers("@leads")]
    assert OnTimeout.REJECT is confirm.on_timeout
    assert node.gates.input.is_computed
    assert node.gates.review.policy == any_of("U1 U2")
    assert (node.gates.error.policy, node.on_error) == (any_of("@ops"), OnError.PAUSE)


@pytest.mark.parametrize(
    ("build", "kind", "expected"),
    [
        (lambda: around().task("it", pay, confirm="U1"), "confirm", OnReject.CANCEL),
        (lambda: around().condition("it", "state.x", body(), confirm="U1"), "confirm", "else"),
        (
            lambda: around().condition("it", "state.x", body(), review="U1"),
            "review",
            OnReject.CANCEL,
        ),
        (
            lambda: around().task("it", pay, review=gate(approvers="U1", rejection="it")),
            "review",
            OnReject.ROUTE,
        ),
        (lambda: around().approval("it", approvers="U1"), "confirm", OnReject.CANCEL),
        (
            lambda: around().approval("it", approvers="U1", on_reject="fail"),
            "confirm",
            OnReject.FAIL,
        ),
    ],
    ids=["task", "condition", "condition's review", "rejection", "approval", "said"],
)
def test_h8_what_follows_a_rejection_by_default(build, kind, expected):
    """Cancel; else on a condition's confirm; a rejection by itself means to go there."""
    assert expected == getattr(build().build().nodes["it"].gates, kind).on_reject


def test_h17_a_tool_is_told_of_its_rejection_by_default():
    """Tools have gates of their own."""
    tools = {"buy": tool(pay, tool="U1"), "ask": tool(result="U2"), "look": write}
    graph = around().agent("it", pay, tools=tools, max_turns=3, retry=2, confirm="U3").build()
    node = graph.nodes["it"]

    assert OnReject.NOTE is node.tools["buy"].gates.tool.on_reject
    assert node.tools["ask"].function is None
    assert (node.max_turns, node.turn.id, node.turn.retry.attempts) == (3, "turn", 2)
    assert node.gates.confirm is not None
    assert node.turn.gates.confirm is None


def test_h8_a_retry_goes_to_the_only_node_before():
    """Which one that is, is worked out when the graph is built."""
    graph = (
        GraphBuilder("g")
        .task("a", pay)
        .approval("ask", approvers="U1", on_reject="retry")
        .task("b", pay, confirm=gate(approvers="U1", on_reject="retry", rejection="a"))
        .sequence("a", "ask", "b")
        .start("a")
        .ends("b")
        .build()
    )

    assert graph.nodes["ask"].gate.rejection == "a"
    assert graph.nodes["b"].gates.confirm.rejection == "a"
    inside = around().steps("it", body("a").approval("b", approvers="U1", on_reject="retry"))
    assert inside.build().get_node("it/b").gate.rejection == "a"


def test_h8_gates_come_with_a_function():
    """A function brings gates along, through partials, too; what the task says replaces them."""

    @gated(confirm="U1", on_error="skip")
    @gated(review="U2")
    def work(context):
        return context

    def gates(function, **options):
        node = around().task("it", function, **options).build().nodes["it"]
        return {kind.value: str(gate.named()[0]) for kind, gate in node.gates}, node.on_error

    assert gates(work) == ({"confirm": "U1", "review": "U2"}, "skip")
    assert gates(partial(work)) == ({"confirm": "U1", "review": "U2"}, "skip")
    assert gates(work, confirm="U3") == ({"confirm": "U3", "review": "U2"}, "skip")
    assert gates(work, error="U4") == ({"confirm": "U1", "review": "U2", "error": "U4"}, "pause")
    assert gates(gated(error="U5")(pay_again), on_error="fail") == ({}, "fail")


def pay_again(context):
    """Pay."""
    return context


def test_h8_gates_of_functions_are_not_lost_silently():
    """Where nobody would ask them they are refused."""

    @gated(confirm="U1")
    def work(view):
        return view

    assert problems(around().task("it", pay, undo=work)) == [
        "node 'it': undo is a function with gates, which nobody asks here; use a task"
    ]
    assert problems(around().map("it", work, body())) == [
        "node 'it': over is a function with gates, which nobody asks here; use a task"
    ]
    graph = around().agent("it", work, tools={"t": work})
    assert problems(graph) == [
        (
            "node 'it/t': a tool cannot have a gate `confirm`; "
            "use `tool`, which is asked for every call"
        )
    ]


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        ({"confirm": "U2"}, True),
        ({"confirm": "U1", "review": "U1"}, True),
        ({"confirm": gate(approvers="U1", on_reject="fail")}, True),
        ({"confirm": gate(policy=quorum(2, "U1 U2"))}, True),
        ({"on_error": "skip", "confirm": "U1"}, True),
        ({"confirm": gate(approvers=["U1"])}, False),
    ],
)
def test_gates_count_for_the_version(change, is_other):
    """What a gate asks, whom and what follows makes a version."""
    first = around().task("it", pay, confirm="U1").build()
    second = around().task("it", pay, **change).build()

    assert is_other == (first.version != second.version)


def test_bodies_count_for_the_version():
    """Nodes inside, the order of branches, and the inner graph make a version."""

    def version(**branches):
        return around().parallel("it", branches).build().version

    def nested(count):
        inner = GraphBuilder("inner", max_visits=count).task("a", pay).start("a").ends("a").build()
        return around().subgraph("it", inner).build().version

    assert version(a=body(), b=body()) == version(a=body(), b=body())
    assert version(a=body(), b=body()) != version(b=body(), a=body())
    assert version(a=body(), b=body()) != version(a=body(), b=body("other"))
    assert nested(5) != nested(6)


def test_g6_problems_of_bodies_name_the_path():
    """Nodes, edges and whole bodies inside are named by where they are; all are listed."""
    broken = body("a").task("b", pay, timeout="soon").edge("a", "x").start("a").ends("b")
    graph = around().parallel("it", {"one": broken, "two": Block()})

    assert problems(graph) == [
        "node 'it[one]/b': 'soon' is no duration; write one such as 30s, 5m, 1h30m, 2d or PT30S",
        "edge 'it[one]/a' -> 'it[one]/x': leads to the unknown node 'x'; known are a, b",
        "node 'it[one]/b': cannot be reached from the start 'a'; add an edge to it, or take it out",
        "body 'it[two]': has no nodes; add at least one",
    ]


def test_g6_a_block_cannot_be_inside_itself():
    """An endless body is a problem and no endless search."""
    block = Block()
    block.steps("again", block)

    assert problems(around().steps("it", block)) == [
        "body 'it/again': is a Block inside itself; declare a Block of its own"
    ]


def test_g6_a_graph_cannot_run_inside_itself():
    """Neither directly nor inside another graph."""
    inner = GraphBuilder("g").task("a", pay).start("a").ends("a").build()
    middle = GraphBuilder("m").subgraph("s", inner).start("s").ends("s").build()
    expected = "a graph cannot run inside itself, so take the node out or rename one of the two"

    for graph in (inner, middle):
        assert problems(around().subgraph("it", graph)) == [
            f"node 'it': runs a graph with the id of this one, 'g'; {expected}"
        ]


def test_operators_default_to_everybody_in_gates_at_any_depth():
    """Whoever is named anywhere may decide about failures."""
    graph = (
        GraphBuilder("g")
        .steps("it", Block().task("a", pay, confirm="U1"), review="U2")
        .start("it")
        .ends("it")
        .build()
    )

    assert {str(each) for each in graph.operators} == {"U1", "U2"}
