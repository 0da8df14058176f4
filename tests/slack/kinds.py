"""Graphs that ask a question of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.graph import Block, Graph, GraphBuilder, ToolCall, ToolCalls, tool
from orchestrator.graph.policy import Policy, any_of, in_order, quorum
from orchestrator.graph.views import View
from tests.slack.bench import Effects

ORDER = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Full name", "minLength": 3},
        "count": {"type": "integer", "minimum": 1, "default": 2},
        "price": {"type": "number"},
        "express": {"type": "boolean", "default": False},
        "day": {"type": "string", "format": "date"},
        "size": {"enum": ["S", "M", "L"]},
        "colours": {"type": "array", "items": {"enum": ["red", "green", "blue"]}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "address": {
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 2}},
            "required": ["city"],
        },
        "note": {"type": "string"},
    },
    "required": ["name", "count", "day", "size", "address"],
    "additionalProperties": False,
}
DRAFT = {"title": "Bees", "words": 120, "is_final": False, "text": "Honey bees."}


def one(graph_id: str, function: Any, **options: Any) -> Graph:
    """Return a graph of one task."""
    return (
        GraphBuilder(graph_id).task("work", function, **options).start("work").ends("work").build()
    )


def noting(effects: Effects) -> Callable[[Any], Any]:
    """Return a task that notes what it was given, and that it ran."""

    def work(context: Any) -> dict[str, Any]:
        effects.published.append("work")
        effects.seen.append(context.answer)
        return dict(DRAFT)

    return work


def confirmed(effects: Effects, policy: Policy, **gate: Any) -> Graph:
    """Return a task behind a gate with a policy."""
    asked = {"policy": policy, "title": "Do it?", **gate}
    return one("confirmed", noting(effects), confirm=asked)


def asked_for(effects: Effects, schema: Any = ORDER, **gate: Any) -> Graph:
    """Return a task that needs values."""
    options = {"approvers": "@editors", "schema": schema, "title": "What is ordered?", **gate}
    return one("order", noting(effects), input=options)


def chosen(effects: Effects, *, multiple: bool = False, routes: int = 3) -> Graph:
    """Return a router whose ways people choose."""

    def way(name: str) -> Block:
        return Block().task(f"go_{name}", lambda _context: effects.published.append(name))

    names = ["north", "south", "west", *(f"way{number}" for number in range(4, routes + 1))]
    return (
        GraphBuilder("ways")
        .router(
            "where",
            None,
            {name: way(name) for name in names},
            choose={"approvers": "@editors", "title": "Where to?", "multiple": multiple},
        )
        .start("where")
        .ends("where")
        .build()
    )


def reviewed(effects: Effects, policy: Policy | None = None, **gate: Any) -> Graph:
    """Return a task whose output is reviewed, and one that uses it."""

    def write(context: Any) -> dict[str, Any]:
        effects.seen.append(context.feedback)
        return dict(DRAFT)

    def send(context: Any) -> None:
        effects.published.append(str(context.outputs["write"]))

    asked = {"policy": policy or any_of("@editors"), "title": "Is this good?", **gate}
    return (
        GraphBuilder("reviewed")
        .task("write", write, review=asked)
        .task("send", send)
        .edge("write", "send")
        .start("write")
        .ends("send")
        .build()
    )


def iterated(effects: Effects) -> Graph:
    """Return a loop that people end."""

    def draft(context: Any) -> dict[str, Any]:
        effects.seen.append(context.feedback)
        return {"round": context.number}

    gate = {"approvers": "@editors", "title": "Good enough?"}
    return (
        GraphBuilder("rounds")
        .loop("refine", Block().task("draft", draft), max_rounds=5, iterate=gate)
        .start("refine")
        .ends("refine")
        .build()
    )


def tooled(effects: Effects) -> Graph:
    """Return an agent that pays once, if people let it."""

    def pay(context: Any) -> str:
        effects.seen.append(context.answer)
        return "paid"

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            call = ToolCall(tool="pay", arguments={"to": "Ann", "amount": 40}, id="1")
            return ToolCalls(calls=(call,))
        effects.published.append(
            str(context.turn.results[0].output or context.turn.results[0].rejected)
        )
        return "done"

    gate = {"approvers": "@editors", "title": "Pay?"}
    return (
        GraphBuilder("agent")
        .agent("helper", helper, tools={"pay": tool(pay, tool=gate)})
        .start("helper")
        .ends("helper")
        .build()
    )


def outside(_effects: Effects, **gate: Any) -> Graph:
    """Return work that is done outside."""
    options = {"approvers": "@editors", "title": "What came out?", **gate}
    return one("outside", None, result=options)


def failing(effects: Effects) -> Graph:
    """Return a task that fails the first time, and asks what to do."""

    def work(_context: Any) -> dict[str, Any]:
        effects.tries += 1
        if effects.tries == 1:
            raise RuntimeError("out of paper")
        effects.published.append("work")
        return {}

    return one("failing", work, error={"approvers": "U0BOB"})


def mapped(effects: Effects) -> Graph:
    """Return a map whose items are reviewed, all at the same time."""

    def check(context: Any) -> dict[str, Any]:
        return {"region": context.item}

    def done(context: Any) -> None:
        effects.published.extend(each["region"] for each in context.outputs["each"])

    gate = {"approvers": "@editors", "title": _region}
    return (
        GraphBuilder("regions")
        .task("list", lambda _context: {"regions": ["eu", "us", "asia"]})
        .map("each", "state.regions", Block().task("check", check, review=gate))
        .task("done", done)
        .edge("list", "each")
        .edge("each", "done")
        .start("list")
        .ends("done")
        .build()
    )


def _region(view: View) -> str:
    item: Any = view
    return f"Roll out to {item.item}?"


TWO = quorum(2, "@editors")
STAGED = in_order(any_of("@editors"), any_of("@release", four_eyes=True))
