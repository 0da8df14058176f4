"""Declaring a graph in Python (row G1), and what its version counts."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from orchestrator import Approver, Backoff, GraphBuilder, GraphValidationError, OnTimeout, Retry
from orchestrator.graph import ApproverKind, CelCondition, Edge, EndNode, RouterNode, Template
from orchestrator.graph.callables import qualified_name
from tests.unit.graph.flows import Invoice, due, pay, pick, write

ROOT = Path(__file__).parents[3]


class AsyncCallable:
    """An object that is called like an async function."""

    async def __call__(self, view):
        """Answer, but later."""
        return view


def payment(**changes):
    """Declare a graph with one of everything; changes replace options by name."""
    graph = {
        "title": "Pay an invoice",
        "input": Invoice,
        "version": "1",
        **changes.get("graph", {}),
    }
    review = {
        "approvers": ["@finance", "boss@example.com"],
        "title": "Pay {{ input.amount }}?",
        "timeout": "2d",
        "on_timeout": "route",
        "timeout_route": "refused",
        "remind_before": "4h",
        "rejection": "refused",
        **changes.get("review", {}),
    }
    task = {"reads": ["topic"], "writes": "draft", "retry": 3, **changes.get("write", {})}
    return (
        GraphBuilder("payment", **graph)
        .task("write", write, **task)
        .approval("review", **review)
        .router("large")
        .task("pay", changes.get("pay", pay), timeout=timedelta(minutes=1))
        .end("paid", output=changes.get("output", ["draft", "receipt"]))
        .end("refused")
        .edge("write", "review")
        .edge("review", "large")
        .edge("large", "refused")
        .edge("large", "pay", changes.get("when", "input.amount < 1000.0"))
        .edge("pay", "paid")
        .start("write")
    )


def test_g1_builds_what_was_declared():
    """Nodes, edges, start and ends are what the calls said, texts are parsed."""
    graph = payment().build()
    review = graph.nodes["review"].gate

    assert (graph.id, graph.title, graph.start) == ("payment", "Pay an invoice", "write")
    assert frozenset({"paid", "refused"}) == graph.ends
    assert list(graph.nodes) == ["write", "review", "large", "pay", "paid", "refused"]
    assert (
        graph.nodes["write"].reads,
        graph.nodes["write"].writes,
        graph.nodes["write"].retry.attempts,
    ) == (("topic",), ("draft",), 3)
    assert (Template("Pay {{ input.amount }}?"), timedelta(days=2), timedelta(hours=4)) == (
        review.title,
        review.timeout,
        review.reminders.before,
    )
    assert OnTimeout.ROUTE is review.on_timeout
    assert RouterNode(id="large") == graph.nodes["large"]
    assert EndNode(id="paid", output=("draft", "receipt")) == graph.nodes["paid"]


def test_g3_the_default_edge_is_last():
    """Edges keep their order, but the default is tried after all conditions."""
    expected = (
        Edge(source="large", target="pay", when=CelCondition("input.amount < 1000.0")),
        Edge(source="large", target="refused"),
    )

    assert expected == payment().build().edges["large"]


def test_g1_task_is_a_decorator_too():
    """Without a function `task` decorates one, and leaves it as it is."""
    graph = GraphBuilder("g")

    @graph.task("work", retry=Retry(attempts=2, backoff=Backoff.FIXED))
    async def work(context):
        return context

    built = graph.start("work").ends("work").build()

    assert work is built.nodes["work"].function
    assert Retry(attempts=2, backoff=Backoff.FIXED) == built.nodes["work"].retry


def test_g1_texts_and_times_may_be_functions():
    """Title, prompt, timeout and reminder are computed from the view where a function is given."""

    def ask(view):
        return str(view)

    graph = payment(
        review={"title": ask, "prompt": ask, "timeout": due, "remind_before": due}
    ).build()
    gate = graph.nodes["review"].gate

    assert (ask, ask, due, due) == (gate.title, gate.prompt, gate.timeout, gate.reminders.before)


def test_operators_default_to_all_approvers():
    """Somebody is always there to decide about an unknown fate."""
    finance = Approver(ApproverKind.GROUP, "finance")
    boss = Approver(ApproverKind.EMAIL, "boss@example.com")
    sre = Approver(ApproverKind.GROUP, "sre")

    assert (finance, boss) == payment().build().operators
    assert (sre,) == payment(graph={"operators": "@sre"}).build().operators
    assert (finance, boss, sre) == payment(graph={"operators": [sre]}).build().approvers


def test_a_task_behind_a_gate_is_not_repeated_unasked():
    """Directly behind an approval, also through a router, a task is not idempotent by default."""
    graph = payment().build()

    assert graph.is_idempotent(graph.nodes["write"], "write")
    assert not graph.is_idempotent(graph.nodes["pay"], "pay")


def test_a_rejection_route_does_not_make_a_task_repeatable():
    """What one gate sends rejected runs to may stand behind another gate."""
    graph = (
        GraphBuilder("g")
        .approval("first", approvers="U1")
        .task("work", pay)
        .approval("second", approvers="U1", rejection="work")
        .ends("second")
        .edge("first", "work")
        .edge("work", "second")
        .start("first")
        .build()
    )

    assert not graph.is_idempotent(graph.nodes["work"], "work")


@pytest.mark.parametrize(
    "change",
    [
        {"review": {"title": "Pay {{ input.amount }} now?"}},
        {"review": {"approvers": ["@finance"]}},
        {"review": {"timeout": "3d"}},
        {"review": {"on_timeout": "reject", "timeout_route": None}},
        {"review": {"rejection": "write"}},
        {"review": {"prompt": "Look well."}},
        {"write": {"retry": 4}},
        {"write": {"reads": ["topic", "tone"]}},
        {"write": {"idempotent": False}},
        {"output": ["draft"]},
        {"when": "input.amount < 2000.0"},
        {"when": pick},
        {"pay": write},
        {"graph": {"version": "2"}},
        {"graph": {"input": None}},
        {"graph": {"operators": "@sre"}},
        {"graph": {"max_visits": 10}},
    ],
)
def test_the_version_changes_with_what_counts(change):
    """Structure, gates, policies, schemas, texts and names of functions make a version."""
    assert payment().build().version != payment(**change).build().version


@pytest.mark.parametrize(
    "change",
    [
        {"review": {"approvers": "boss@example.com, @finance"}},
        {"review": {"timeout": timedelta(hours=48)}},
        {"review": {"title": "  Pay {{ input.amount }}?\n"}},
        {"write": {"retry": Retry(attempts=3)}},
        {"output": ["receipt", "draft"]},
        {"graph": {"title": "Another title", "description": "What it is for"}},
        {"graph": {"operators": ["boss@example.com", "@finance"]}},
    ],
)
def test_the_version_stays_with_what_does_not_count(change):
    """Order of approvers, spelling of durations, and wording about the graph are free."""
    assert payment().build().version == payment(**change).build().version


def test_the_version_counts_the_order_of_edges_only_where_it_matters():
    """The order of nodes is free; the order of a node's conditions is not."""

    def fork(*targets):
        graph = GraphBuilder("g").router("fork").start("fork")
        for target in sorted(targets, reverse=targets == ("a", "b")):
            graph.end(target)
        for target in targets:
            graph.edge("fork", target, f"state.{target}")
        return graph.build()

    assert fork("a", "b").version != fork("b", "a").version
    assert fork("a", "b").nodes == fork("b", "a").nodes


@pytest.mark.slow  # another process imports CEL and pydantic
def test_the_version_is_the_same_in_every_process():
    """Nothing of a process, such as an address or a seed of hashes, gets into the version."""
    code = "from tests.unit.graph.test_builder import payment; print(payment().build().version)"
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )

    assert payment().build().version == done.stdout.strip()
    assert len(done.stdout.strip()) == 12


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (write, "tests.unit.graph.flows.write"),
        (partial(write, 1), "functools.partial(tests.unit.graph.flows.write)"),
        (CelCondition, "orchestrator.graph.conditions.CelCondition"),
        (CelCondition("state.a"), "orchestrator.graph.conditions.CelCondition"),
        (len, "builtins.len"),
    ],
)
def test_functions_have_names_without_addresses(thing, expected):
    """Functions, partials, classes and callable objects are named by where they are defined."""
    assert expected == qualified_name(thing)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"review": {"timeout": "soon"}}, "node 'review': 'soon' is no duration; write one"),
        ({"review": {"timeout": 300}}, "node 'review': 300 is no duration; write a timedelta"),
        ({"review": {"approvers": "a@b"}}, "node 'review': 'a@b' names no approver; write"),
        ({"review": {"on_timeout": "wait"}}, "on_timeout 'wait' is unknown; write one of expire"),
        ({"review": {"title": "{{ amount }}"}}, "node 'review': template .* uses unknown name"),
        ({"review": {"quorum": 2}}, "node 'review': has no option 'quorum'; known are title"),
        ({"write": {"retries": 2}}, "node 'write': has no option 'retries'; known are reads"),
        ({"write": {"retry": "3"}}, "node 'write': retry is '3'; give a Retry, or how often"),
        ({"when": "amount > 1"}, "edge 'large' -> 'pay': condition 'amount > 1' uses unknown"),
        ({"when": lambda: True}, r"edge 'large' -> 'pay': when takes \(\); it must take one"),
        ({"when": write}, "edge 'large' -> 'pay': when is async; compute it in a task"),
        ({"when": AsyncCallable()}, "edge 'large' -> 'pay': when is async; compute it in a task"),
        ({"when": 1}, "edge 'large' -> 'pay': when is 1; give a function of one argument"),
        ({"review": {"title": write}}, "node 'review': title is async; compute it"),
        ({"review": {"timeout": write}}, "node 'review': timeout is async; compute it"),
        ({"pay": lambda _a, _b: None}, r"node 'pay': function takes \(_a, _b\); it must take one"),
        ({"pay": 3}, "node 'pay': function is 3; give a function of one argument"),
        ({"graph": {"input": 3}}, "input: input 3 is no schema; give a pydantic model class"),
        ({"graph": {"operators": "a@b"}}, "operators: 'a@b' names no approver"),
    ],
)
def test_g6_mistakes_in_options_are_problems(change, said):
    """A value that cannot be read is listed once, at its place, with what to write."""
    with pytest.raises(GraphValidationError, match=said) as caught:
        payment(**change).build()

    assert len(caught.value.problems) == 1


def test_import_is_light():
    """Importing the package loads none of the libraries that are slow to import."""
    slow = ["pydantic", "jinja2", "yaml", "cel", "jsonschema", "sqlalchemy"]
    code = f"import orchestrator, sys; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )

    assert done.stdout.strip() == "[]"
