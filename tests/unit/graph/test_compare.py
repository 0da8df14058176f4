"""What a run under way makes of another definition of its graph (row G9)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator import Block, GraphBuilder, Policy, Slot, Stage, everyone, gate, in_order, quorum
from orchestrator.graph import parse_approvers
from orchestrator.graph.compare import changes
from tests.unit.graph.flows import Invoice, pay, pick, write

HALF = {"timeout": "2d", "on_timeout": "expire"}


def release(**options):
    """Declare a graph with bodies in bodies; options replace parts of it by name."""
    part = {
        "build": {},
        "review": {**HALF, "approvers": "U1"},
        "deploy": {},
        "lint": pay,
        "test": pay,
        "ship": {"function": pay},
        "both": {},
        "steps": {"confirm": "U1"},
        "edge": "state.ok",
        "graph": {},
        **options,
    }
    checks = {"lint": Block().task("first", part["lint"]).task("last", pay)}
    if part["test"] is not None:
        checks["test"] = Block().task("run", part["test"])
    ship = dict(part["ship"])
    return (
        GraphBuilder("release", operators="U9", **part["graph"])
        .task("build", pay, **part["build"])
        .approval("review", **part["review"])
        .parallel("both", checks, **part["both"])
        .steps(
            "rollout",
            Block().task("prepare", pay).task("ship", ship.pop("function"), **ship),
            **part["steps"],
        )
        .task("deploy", pay, **part["deploy"])
        .end("done")
        .end("refused")
        .edge("build", "review")
        .edge("review", "both", part["edge"])
        .edge("review", "refused")
        .sequence("both", "rollout", "deploy", "done")
        .start("build")
        .build()
    )


def differences(paths, **options):
    """Compare as stored definitions are, which come out of JSON."""
    old, new = (json.loads(json.dumps(each.definition)) for each in (release(), release(**options)))
    return changes(old, new, paths.split())


@pytest.mark.parametrize(
    ("paths", "options", "expected"),
    [
        ("review", {}, []),
        ("review", {"build": {"retry": 3}}, []),
        ("build", {"build": {"retry": 3}}, ["node 'build': retry attempts was 1, is 3"]),
        (
            "build",
            {"review": {"timeout": "1d", "on_timeout": "expire", "approvers": "U1"}},
            ["node 'review': timeout was 2 days, is 1 day"],
        ),
        ("deploy", {"review": {"approvers": "U2"}}, []),
        (
            "review#2",
            {"review": {**HALF, "approvers": "U1, @sre"}},
            ["node 'review': policy was 1 of U1, is 1 of @sre, U1"],
        ),
        (
            "review",
            {"review": {**HALF, "policy": quorum(2, "U1 U2", four_eyes=True)}},
            ["node 'review': policy was 1 of U1, is 2 of U1, U2 but the requester"],
        ),
        (
            "review",
            {"review": {**HALF, "policy": Policy(stages=(Stage(name="first", slots=(
                Slot(approvers=parse_approvers("U1")),
            )),))}},
            ["node 'review': policy is another than it was"],
        ),
        (
            "review",
            {"review": {**HALF, "policy": replace(in_order(everyone("@sre"), "U2"), veto=(
                *parse_approvers("U3"),
            ))}},
            ["node 'review': policy was 1 of U1, is all of @sre then 1 of U2 with veto U3"],
        ),
        (
            "review",
            {"edge": "state.good"},
            ["edge 'review' -> 'both': when was 'state.ok', is 'state.good'"],
        ),
        (
            "review",
            {"steps": {}},
            ["node 'rollout': the gate `confirm` is gone"],
        ),
        (
            "review",
            {"steps": {"confirm": "U1", "review": "U2"}},
            ["node 'rollout': the gate `review` is new"],
        ),
        (
            "review",
            {"steps": {"confirm": gate(approvers="U1", on_reject="fail")}},
            ["node 'rollout': confirm on_reject was 'cancel', is 'fail'"],
        ),
        (
            "review",
            {"deploy": {"writes": ["url"]}},
            ["node 'deploy': writes was '*', is 'url'"],
        ),
        # A function of another name somewhere in a body that is still to come.
        (
            "review",
            {"lint": write},
            [
                ("node 'both[lint]/first': function was 'tests.unit.graph.flows.pay', "
                "is 'tests.unit.graph.flows.write'"),
            ],
        ),
        # It is behind already: the branch is past it, or the branch is done.
        ("both both[lint]/last both[test]/run", {"lint": write}, []),
        ("both both[test]/run", {"lint": write}, []),
        # But with the whole node to be repeated it is ahead again.
        (
            "both both[lint]/last",
            {"lint": write, "both": {"on_error": "pause"}},
            ["node 'both': on_error was 'fail', is 'pause'"],
        ),
        ("both both[lint] both[lint]/last", {"test": None}, [
            "node 'both': the body 'test' is gone",
        ]),
        ("rollout rollout/ship", {"ship": {"function": pay, "timeout": "5m"}}, [
            "node 'rollout/ship': timeout was none, is 5 minutes",
        ]),
        ("deploy", {"ship": {"function": write}}, []),
        ("review", {"graph": {"input": Invoice}}, ["graph: takes another input"]),
        ("review", {"graph": {"version": "2"}}, ["graph: version was none, is '2'"]),
        ("review", {"graph": {"max_visits": 5, "max_active": timedelta(1)}}, []),
        ("gone", {}, ["node 'gone' is gone"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_g9_only_what_a_run_can_still_get_to_is_compared(paths, options, expected):
    """What is behind a run may change; each difference ahead is a line."""
    assert differences(paths, **options) == expected


def line(*nodes, ends=(), **kinds):
    """Declare nodes one after the other."""
    graph = GraphBuilder("g", operators="U9")
    for node in nodes:
        if node in kinds:
            kinds[node](graph, node)
        else:
            graph.task(node, pay)
    return graph.sequence(*nodes).start(nodes[0]).ends(nodes[-1], *ends).build()


def compared(old, new, *paths):
    """Compare two graphs."""
    return changes(old.definition, new.definition, paths)


def test_g9_nodes_and_edges_that_come_and_go_are_named():
    """A node in between is a new edge to it, and an old one gone."""
    old, new = line("a", "b"), line("a", "x", "b")

    assert compared(old, new, "a") == ["edge 'a' -> 'b' is gone", "edge 'a' -> 'x' is new"]
    assert compared(old, new, "b") == []
    assert compared(new, old, "x") == ["node 'x' is gone"]
    assert compared(old, line("a"), "a") == [
        "node 'a' is now an end",
        "edge 'a' -> 'b' is gone",
        "node 'b' is gone",
    ]


def test_g9_a_node_of_another_kind_is_another_node():
    """Its options are not compared one by one."""

    def nap(graph, node):
        graph.wait(node, duration="1h")

    assert compared(line("a", "b"), line("a", "b", b=nap), "a") == [
        "node 'b' was a task, is a wait"
    ]


def test_g9_the_order_of_conditions_counts():
    """The first that holds is taken, so another order is another way."""

    def fork(first, second):
        return (
            GraphBuilder("g")
            .router("it")
            .end("a")
            .end("b")
            .edge("it", first, "state.x")
            .edge("it", second, "state.x")
            .start("it")
            .build()
        )

    assert compared(fork("a", "b"), fork("b", "a"), "it") == [
        "node 'it': its edges come in another order"
    ]


def test_g9_a_loop_comes_round_again():
    """Earlier nodes of the body are ahead, too; after the loop they are behind."""

    def loop(function):
        return line("it", "b", it=lambda graph, node: graph.loop(
            node, Block().task("draft", function).task("check", pay), max_rounds=3
        ))  # fmt: skip

    expected = (
        "node 'it/draft': function was 'tests.unit.graph.flows.pay', "
        "is 'tests.unit.graph.flows.write'"
    )
    assert compared(loop(pay), loop(write), "it", "it[2]", "it[2]/check") == [expected]
    assert compared(loop(pay), loop(write), "b") == []


def test_g9_a_way_back_makes_the_past_the_future():
    """Where a rejection leads back, everything from there on is ahead."""

    def back(function):
        def ask(graph, node):
            graph.approval(node, approvers="U1", rejection="a")

        def work(graph, node):
            graph.task(node, function)

        return line("a", "ask", a=work, ask=ask)

    assert len(compared(back(pay), back(write), "ask")) == 1


def test_g9_only_the_chosen_branch_of_a_condition_counts():
    """The other one is never run, unless somebody may send the node round again."""

    def check(function, **options):
        return line("it", it=lambda graph, node: graph.condition(
            node, "state.x", Block().task("yes", pay), Block().task("no", function), **options
        ))  # fmt: skip

    there = ("it", "it[then]", "it[then]/yes")
    assert compared(check(pay), check(write), *there) == []
    assert len(compared(check(pay), check(write), "it")) == 1
    assert len(compared(check(pay, review="U1"), check(write, review="U1"), *there)) == 1


def test_g9_routes_and_branches_that_may_still_come_count():
    """Several routes may have been chosen; a limit holds branches back."""

    def route(function):
        return line("it", it=lambda graph, node: graph.router(
            node, pick, {"a": Block().task("x", pay), "b": Block().task("y", function)}
        ))  # fmt: skip

    def branch(function, limit):
        return line("it", it=lambda graph, node: graph.parallel(
            node, {"a": Block().task("x", pay), "b": Block().task("y", function)}, limit=limit
        ))  # fmt: skip

    there = ("it", "it[a]", "it[a]/x")
    assert len(compared(route(pay), route(write), *there)) == 1
    assert len(compared(branch(pay, 1), branch(write, 1), *there)) == 1
    assert compared(branch(pay, None), branch(write, None), *there) == []


def test_g9_inner_graphs_and_agents_are_looked_into():
    """A subgraph has an input and a version of its own; all of an agent may be called again."""

    def sub(version, function=pay):
        inner = GraphBuilder("inner", version=version).task("a", function).task("b", pay)
        built = inner.edge("a", "b").start("a").ends("b").build()
        return line("it", it=lambda graph, node: graph.subgraph(node, built))

    def agent(function):
        return line("it", it=lambda graph, node: graph.agent(node, pay, tools={"t": function}))

    assert compared(sub("1"), sub("2"), "it", "it/b") == ["body 'it': version was '1', is '2'"]
    assert compared(sub("1"), sub("1", write), "it", "it/b") == []
    assert len(compared(sub("1"), sub("1", write), "it")) == 1
    assert len(compared(agent(pay), agent(write), "it", "it/turn#2")) == 1
