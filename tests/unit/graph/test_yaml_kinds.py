"""Every kind of node in YAML is the same graph as in Python (row G1)."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from orchestrator import GraphBuilder, Retry, load_yaml
from orchestrator.graph import Backoff, Block, quorum, tool
from orchestrator.graph.composites import Reducer
from tests.unit.graph import yaml_flows as flows
from tests.unit.graph.yaml_twins import ALLOW, BODY, Declare, from_yaml, in_python, one

KINDS: dict[str, tuple[str, Declare]] = {
    "task": (
        """
        deploy:
          kind: task
          run: ~draft
          reads: [topic, who]
          writes: draft
          retry: {attempts: 4, backoff: linear, delay: 2s, factor: 1.5, cap: 1m, jitter: 0,
                  give_up_on: [ValueError, ~Refused]}
          timeout: 90
          idempotent: true
          undo: ~undo
        again: {kind: task, run: ~check, retry: 3, undo: {run: ~undo}, writes: "*"}
        """,
        lambda graph: graph.task(
            "deploy",
            flows.draft,
            reads=["topic", "who"],
            writes=["draft"],
            retry=Retry(
                attempts=4,
                backoff=Backoff.LINEAR,
                delay=timedelta(seconds=2),
                factor=1.5,
                cap=timedelta(minutes=1),
                jitter=0,
                give_up_on=(ValueError, flows.Refused),
            ),
            timeout="90s",
            idempotent=True,
            undo=flows.undo,
        ).task("again", flows.check, retry=3, undo=flows.undo, writes="*"),
    ),
    "task done outside": (
        """
        pay: {kind: task, result: {approvers: '@finance', schema: {model: ~Form}}}
        """,
        lambda graph: graph.task(
            "pay", None, result={"approvers": "@finance", "schema": flows.Form}
        ),
    ),
    "task with gates of its function": (
        """
        a: {kind: task, run: ~guarded}
        b: {kind: task, run: ~guarded, confirm: '@sre'}
        """,
        lambda graph: graph.task("a", flows.guarded).task("b", flows.guarded, confirm="@sre"),
    ),
    "approval": (
        """
        ask: {kind: approval, policy: {quorum: 2, of: '@sre'}, error: '@ops', on_error: pause}
        done: {kind: end, output: [human_decision]}
        """,
        lambda graph: graph.approval(
            "ask", policy=quorum(2, "@sre"), error="@ops", on_error="pause"
        ).end("done", output="human_decision"),
    ),
    "router with select": (
        f"""
        ways: {{kind: router, select: ~pick, routes: {{one: {BODY}, two: {BODY}}}}}
        """,
        lambda graph: graph.router("ways", flows.pick, {"one": one(), "two": one()}),
    ),
    "router with people": (
        f"""
        ways:
          kind: router
          choose: {{approvers: '@sre', multiple: true, timeout: 1d, on_timeout: answer,
                   default: [two, one], save_as: chosen}}
          routes:
            two: {BODY}
            one: {BODY}
        """,
        lambda graph: graph.router(
            "ways",
            routes={"two": one(), "one": one()},
            choose={
                "approvers": "@sre",
                "multiple": True,
                "timeout": "1d",
                "on_timeout": "answer",
                "default": ["two", "one"],
                "save_as": "chosen",
            },
        ),
    ),
    "condition": (
        f"""
        large: {{kind: condition, when: state.amount > 5, then: {BODY}, else: {BODY}}}
        other: {{kind: condition, when: {{run: ~is_large}}, then: {BODY},
                confirm: {{approvers: '@sre', on_reject: else}}}}
        """,
        lambda graph: graph.condition("large", "state.amount > 5", one(), one()).condition(
            "other", flows.is_large, one(), confirm={"approvers": "@sre", "on_reject": "else"}
        ),
    ),
    "steps": (
        """
        both:
          kind: steps
          body:
            nodes:
              a: {kind: task, run: ~check}
              b: {kind: task, run: ~draft}
              c: {kind: end}
              d: {kind: task, run: ~check}
            edges: [{from: a, to: b}, {from: b, to: c, when: state.ok}, {from: b, to: d}]
            start: a
            ends: d
          confirm: '@sre'
        """,
        lambda graph: graph.steps(
            "both",
            Block()
            .task("a", flows.check)
            .task("b", flows.draft)
            .end("c")
            .task("d", flows.check)
            .edge("a", "b")
            .edge("b", "c", "state.ok")
            .edge("b", "d")
            .start("a")
            .ends("d"),
            confirm="@sre",
        ),
    ),
    "loop": (
        """
        refine:
          kind: loop
          body: {nodes: {draft: {kind: task, run: ~draft}, a: {kind: task, run: ~check}}}
          until: outputs.draft.score > 0.8
          max_rounds: 5
          iterate: {approvers: '@editors', on_reject: skip, when: number == 1}
        """,
        lambda graph: graph.loop(
            "refine",
            Block().task("draft", flows.draft).task("a", flows.check),
            until="outputs.draft.score > 0.8",
            max_rounds=5,
            iterate={"approvers": "@editors", "on_reject": "skip", "when": "number == 1"},
        ),
    ),
    "parallel": (
        """
        checks:
          kind: parallel
          branches:
            lint: {nodes: {a: {kind: task, run: ~draft, writes: [findings, notes]}}}
            test: {nodes: {a: {kind: task, run: ~draft, writes: [findings, notes]}}}
          merge: {findings: concat, notes: {run: ~best}}
          limit: 2
          on_branch_error: fail-fast
        """,
        lambda graph: graph.parallel(
            "checks",
            {
                name: Block().task("a", flows.draft, writes=["findings", "notes"])
                for name in ("lint", "test")
            },
            merge={"findings": Reducer.CONCAT, "notes": flows.best},
            limit=2,
            on_branch_error="fail-fast",
        ),
    ),
    "map": (
        f"""
        each: {{kind: map, over: state.items, body: {BODY}, on_branch_error: best-effort}}
        more: {{kind: map, over: {{run: ~items}}, body: {BODY}, limit: 3}}
        """,
        lambda graph: graph.map("each", "state.items", one(), on_branch_error="best-effort").map(
            "more", flows.items, one(), limit=3
        ),
    ),
    "subgraph": (
        """
        inner: {kind: subgraph, graph: {run: ~INNER}, with_input: ~values, writes: [draft],
                review: '@sre'}
        """,
        lambda graph: graph.subgraph(
            "inner", flows.INNER, with_input=flows.values, writes="draft", review="@sre"
        ),
    ),
    "agent": (
        """
        assistant:
          kind: agent
          run: ~draft
          tools:
            search: ~check
            send: {run: ~draft, tool: '@sre', retry: 2, writes: sent}
            sign: {result: '@legal'}
          max_turns: 7
          timeout: 1h
          review: '@editors'
        """,
        lambda graph: graph.agent(
            "assistant",
            flows.draft,
            tools={
                "search": flows.check,
                "send": tool(flows.draft, tool="@sre", retry=2, writes="sent"),
                "sign": tool(result="@legal"),
            },
            max_turns=7,
            timeout="1h",
            review="@editors",
        ),
    ),
    "wait": (
        """
        a: {kind: wait, duration: 2h}
        b: {kind: wait, duration: {run: ~soon}}
        c: {kind: wait, until: 2030-01-31T09:00:00+01:00}
        d: {kind: wait, until: {run: ~morning}}
        e: {kind: wait, signal: paid, schema: {model: ~Form}, timeout: 1d, writes: [reason]}
        """,
        lambda graph: (
            graph.wait("a", duration="2h")
            .wait("b", duration=flows.soon)
            .wait("c", until="2030-01-31T09:00:00+01:00")
            .wait("d", until=flows.morning)
            .wait("e", signal="paid", schema=flows.Form, timeout="1d", writes="reason")
        ),
    ),
    "error": (
        """
        a: {kind: task, run: ~check, on_error: skip}
        b: {kind: task, run: ~check, error: {approvers: '@ops', timeout: 1d, on_timeout: fail}}
        """,
        lambda graph: graph.task("a", flows.check, on_error="skip").task(
            "b",
            flows.check,
            error={"approvers": "@ops", "timeout": "1d", "on_timeout": "fail"},
        ),
    ),
}


@pytest.mark.parametrize("case", KINDS)
def test_g1_every_kind_of_node_is_the_same_in_yaml_and_python(case: str) -> None:
    """The graphs are equal, and so are their definitions and versions."""
    text, declare = KINDS[case]
    graph, twin = from_yaml(text), in_python(declare)

    assert twin.definition == graph.definition
    assert (twin, twin.version) == (graph, graph.version)


def test_g1_every_part_of_a_graph_is_the_same_in_yaml_and_python() -> None:
    """Title, ceilings, operators, input and the rest."""
    text = f"""
        id: g
        title: A title
        description: What it is for.
        version: 2
        operators: ["@ops"]
        max_visits: 50
        max_active: 2h
        budget: {{tokens: 1000, cost: 2.5}}
        input: {{model: "{flows.MODULE}:Form"}}
        x-shared: &asked {{confirm: "@sre"}}
        nodes:
          a: {{kind: task, run: "{flows.MODULE}:check", <<: *asked}}
        """
    (graph,) = load_yaml(dedent(text), allow=ALLOW)
    twin = (
        GraphBuilder(
            "g",
            title="A title",
            description="What it is for.",
            version="2",
            operators="@ops",
            max_visits=50,
            max_active="2h",
            budget={"tokens": 1000, "cost": 2.5},
            input=flows.Form,
        )
        .task("a", flows.check, confirm="@sre")
        .start("a")
        .ends("a")
        .build()
    )

    assert twin.definition == graph.definition
    assert (twin, twin.version) == (graph, graph.version)


def test_g1_branches_keep_their_order() -> None:
    """What comes first in the document comes first in the output."""
    branches = ", ".join(f"{name}: {BODY}" for name in ("zoo", "ape", "mid"))
    graph = from_yaml(f"p: {{kind: parallel, branches: {{{branches}}}}}")

    assert [*graph.nodes["p"].branches] == ["zoo", "ape", "mid"]  # type: ignore[union-attr] # a parallel
