"""What composites, waits, agents and ceilings are refused for (rows G2, G4, G6, G11)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator import Block, GraphBuilder, gate, tool
from orchestrator.graph.problems import Problem
from tests.unit.graph.flows import pay, pick
from tests.unit.graph.small import INNER, around, body, one, problems


def writing(*keys, **options):
    """Return a body whose task names the keys that it writes."""
    return Block().task("work", pay, writes=keys, **options)


CASES = {
    "clash": (
        lambda: around().parallel("it", {"a": writing("k", "x"), "b": writing("k")}),
        (
            "branches 'a' and 'b' both write 'k'; say how to merge it, such as "
            'merge={"k": "list"}, or let them write different keys'
        ),
    ),
    "clash of an answer": (
        lambda: around().parallel(
            "it",
            {
                "a": Block().approval("ask", approvers="U1", writes="k"),
                "b": Block().steps("deep", writing("k")),
            },
        ),
        (
            "branches 'a' and 'b' both write 'k'; say how to merge it, such as "
            'merge={"k": "list"}, or let them write different keys'
        ),
    ),
    "items": (
        lambda: around().map("it", "state.items", writing("k")),
        (
            "its items all write 'k'; add it to merge, such as "
            'merge={"k": "list"}, or take it out of writes'
        ),
    ),
    "merge of nothing": (
        lambda: around().map("it", "state.items", writing("k"), merge={"k": "sum", "l": "sum"}),
        "merges 'l', which no node inside writes; add it to writes, or take it out",
    ),
    "unknown reducer": (
        lambda: around().map("it", "state.items", body(), merge={"k": "add"}),
        (
            "merge of 'k' 'add' is unknown; write one of list, concat, sum, merge, first, last"
        ),
    ),
    "branch error": (
        lambda: around().map("it", "state.items", body(), on_branch_error="stop"),
        "on_branch_error 'stop' is unknown; write one of wait, fail-fast, best-effort",
    ),
    "limit": (
        lambda: around().map("it", "state.items", body(), limit=0),
        "limit is 0; make it at least 1, or take it out",
    ),
    "no branches": (
        lambda: around().parallel("it", {}),
        "has no branches; give at least one",
    ),
    "branch name": (
        lambda: around().parallel("it", {"A b": body()}),
        (
            "the name of branch 'A b' cannot be used; an id is a lower-case letter, then letters, "
            "digits, - or _, at most 60 in all"
        ),
    ),
    "no block": (
        lambda: around().parallel("it", {"a": pay}),
        f"branches 'a' is {pay!r}; give a Block",
    ),
    "graph as block": (
        lambda: around().steps("it", GraphBuilder("x")),
        None,
    ),
    "list of nothing": (
        lambda: around().map("it", "items", body()),
        (
            "condition 'items' uses unknown name(s) items; known are state, input, outputs, run, "
            "item, number, so write state.items for a key of the state"
        ),
    ),
    "endless": (
        lambda: around().loop("it", body()),
        "says nowhere when it is left; give until, a gate `iterate`, or max_rounds",
    ),
    "rounds": (
        lambda: around().loop("it", body(), max_rounds=0),
        "max_rounds is 0; make it at least 1",
    ),
    "nobody chooses": (
        lambda: around().router("it", routes={"a": body()}),
        "has routes but nobody who chooses; add `select` or a gate `choose`",
    ),
    "two choose": (
        lambda: around().router("it", pick, {"a": body()}, choose="U1"),
        "has `select` and a gate `choose`; people choose, or select does, so keep one",
    ),
    "no routes": (
        lambda: around().router("it", pick, {}),
        "has nothing to choose from; give it routes, or lead edges out of it",
    ),
    "no ways": (
        lambda: around().router("it"),
        "has nothing to choose from; give it routes, or lead edges out of it",
    ),
    "choose with conditions": (
        lambda: (
            GraphBuilder("g", operators="U9")
            .router("it", choose="U1")
            .end("a")
            .end("b")
            .edge("it", "a", "state.x")
            .edge("it", "b")
            .start("it")
        ),
        "has `choose` and edges with conditions; keep one of the two ways",
    ),
    "condition without": (
        lambda: around().condition("it", None, body()),
        "when is None; give CEL text or a function of the view",
    ),
    "outside without result": (
        lambda: around().task("it", None),
        "has no function and no gate `result`; give it one of the two",
    ),
    "outside with retry": (
        lambda: around().task("it", None, result="U1", retry=3),
        "has retry, but no function to use it; take it out",
    ),
    "outside with timeout": (
        lambda: around().task("it", None, result="U1", timeout="1h"),
        "has timeout, but no function to use it; put it in the gate",
    ),
    "idempotent": (
        lambda: around().task("it", pay, idempotent="yes"),
        "idempotent is 'yes'; give True or False",
    ),
    "undo": (
        lambda: around().task("it", pay, undo=lambda: None),
        "undo takes (); it must take one positional argument",
    ),
    "wait for nothing": (
        lambda: around().wait("it"),
        "has nothing to wait for; give exactly one of duration, until and signal",
    ),
    "wait for two": (
        lambda: around().wait("it", duration="1h", signal="x"),
        "has duration and signal; give exactly one of duration, until and signal",
    ),
    "wait for nothing at all": (
        lambda: around().wait("it", duration=timedelta(0)),
        "duration is 0 seconds; make it longer than nothing",
    ),
    "naive": (
        lambda: around().wait("it", until=datetime(2030, 1, 1)),  # noqa: DTZ001 - the point
        "2030-01-01 00:00:00 has no zone; add an offset, as in 2030-01-31T09:00:00+01:00",
    ),
    "no instant": (
        lambda: around().wait("it", until="tomorrow"),
        "'tomorrow' is no instant; write 2030-01-31T09:00:00+01:00",
    ),
    "schema of no signal": (
        lambda: around().wait("it", duration="1h", schema={"properties": {}}),
        "has schema, which only a wait for a signal uses; take it out",
    ),
    "timeout of no signal": (
        lambda: around().wait("it", duration="1h", timeout="2h"),
        "has timeout, which only a wait for a signal uses; take it out",
    ),
    "turns": (
        lambda: around().agent("it", pay, max_turns=0),
        "max_turns is 0; make it at least 1",
    ),
    "tool called turn": (
        lambda: around().agent("it", pay, tools={"turn": pay}),
        "has a tool called 'turn', which is the agent's own name; choose another",
    ),
    "agent's undo": (
        lambda: around().agent("it", pay, undo=pay),
        "has undo, which an agent does not use; give its tools an undo",
    ),
    "agent without function": (
        lambda: around().agent("it", None),
        "has no function; give the one that calls the model",
    ),
    "no graph": (
        lambda: around().subgraph("it", GraphBuilder("x")),
        None,
    ),
    "subgraph's decision": (
        lambda: around().subgraph("it", INNER, writes="human_response"),
        "writes 'human_response', which only an answer may set; choose another key",
    ),
    "async input": (
        lambda: around().subgraph("it", INNER, with_input=later),
        "with_input is async; compute it in a task and look at the state",
    ),
}  # fmt: skip


async def later(view):
    """Answer, but later."""
    return view


@pytest.mark.parametrize("name", CASES)
def test_g6_nodes_that_make_no_sense_are_refused(name):
    """The node, what is wrong with it, and what to write; and nothing else is found."""
    build, expected = CASES[name]
    found = problems(build())

    if expected is None:
        assert any("give a Block" in each or "call build()" in each for each in found)
    else:
        assert found == [f"node 'it': {expected}"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_active": timedelta(0)}, "max_active is 0 seconds; make it longer than nothing"),
        ({"max_active": 5}, "5 is no duration; write a timedelta, or text such as 5m"),
        ({"budget": {"cost": 0}}, "budget of 'cost' is 0; make it more than nothing"),
        ({"budget": {"cost": "much"}}, "budget of 'cost' is 'much'; give a number"),
        ({"budget": 5}, "budget is 5; give a mapping of names to amounts"),
        ({"max_visits": "5"}, "max_visits is '5'; give a whole number"),
    ],
    ids=str,
)
def test_g11_ceilings_that_stop_everything_are_refused(options, expected):
    """A ceiling is more than nothing."""
    assert problems(around(**options).task("it", pay)) == [f"graph: {expected}"]


@pytest.mark.parametrize(
    "build",
    [
        lambda: around().parallel("it", {"a": writing("k"), "b": writing("k")}, merge={"k": "sum"}),
        lambda: around().parallel("it", {"a": body(), "b": body()}, merge={"k": "sum"}),
        lambda: around().parallel("it", {"a": writing("k"), "b": writing("l")}),
        lambda: around().map("it", "state.items", writing("k"), merge={"k": max}),
        lambda: around().loop("it", body(), max_rounds=3),
        lambda: around().loop("it", body(), iterate="U1"),
        lambda: around().router(
            "it", routes={"a": body()}, choose=gate(approvers="U1", multiple=True)
        ),
        lambda: around().router("it", pick, {"a": body()}, confirm="U1"),
        lambda: around().task("it", None, result="U1", undo=pay, reads="x"),
        lambda: around().agent("it", pay, tools={"t": tool(None, result="U1", tool="U2")}),
        lambda: one("edges", choose="U1", confirm="U2"),
    ],
    ids=["merged", "open", "apart", "reduced", "rounds", "iterate", "choose", "select", "outside",
         "tools", "edges"],
)  # fmt: skip
def test_g2_composites_that_make_sense_are_built(build):
    """What the checks are not about passes them."""
    assert build().build().id == "g"


def test_a_problem_reads_as_a_line():
    """Place, colon, text."""
    assert str(Problem("node 'a'", "is gone")) == "node 'a': is gone"


def test_g6_one_signal_has_one_schema():
    """A second one would never be looked at."""
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    declared = (
        GraphBuilder("g")
        .wait("one", signal="go", schema=schema)
        .steps("it", Block().wait("two", signal="go"))
        .wait("three", signal="go", schema=dict(schema))
        .sequence("one", "it", "three")
        .start("one")
        .ends("three")
    )

    (problem,) = map(str, declared.problems())

    assert problem.startswith("node 'it/two': waits for the signal 'go' with another schema")
