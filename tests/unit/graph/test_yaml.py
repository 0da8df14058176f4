"""Graphs in YAML: the same object as in Python, and errors with file, line and remedy (row G1)."""

from __future__ import annotations

import sys
from datetime import timedelta
from textwrap import dedent

import pytest

from orchestrator import Backoff, GraphBuilder, GraphError, GraphValidationError, Retry, load_yaml
from tests.unit.graph.flows import Invoice, Unpayable, due, pay, pick, write

ALLOW = ["tests.unit.graph.flows"]
FLOWS = "tests.unit.graph.flows"

EVERYTHING = f"""
id: payment
title: Pay an invoice
description: Drafts a payment and pays it.
version: 2
operators: ["@sre", "boss@example.com"]
max_visits: 50
input:
  model: {FLOWS}:Invoice
start: write
ends: [pay]
nodes:
  write:
    kind: task
    run: {FLOWS}:write
    reads: [topic]
    writes: draft
    timeout: 90
    retry:
      attempts: 4
      backoff: linear
      delay: 2s
      factor: 1.5
      cap: 1m
      jitter: 0
      give_up_on: [ValueError, "{FLOWS}:Unpayable"]
  review:
    kind: approval
    approvers: "@finance, U1"
    title: Pay {{{{ input.amount }}}}?
    prompt: |
      Look at the {{{{ state.draft }}}}.
    review_keys: [draft.text]
    reads: [draft]
    writes: [note]
    timeout: 2d
    on_timeout: route
    timeout_route: refused
    remind_before: 4h
    rejection: write
  computed:
    kind: approval
    approvers: [U1]
    title: {{run: "{FLOWS}:pick"}}
    timeout: {{run: "{FLOWS}:due"}}
    on_timeout: skip
    remind_before: 30
  fork:
    kind: router
  choice:
    kind: router
    select: {FLOWS}:pick
  pay:
    kind: task
    run: {FLOWS}:pay
    retry: 3
    idempotent: true
  paid:
    kind: end
    output: [draft]
  refused:
    kind: end
edges:
  - {{from: write, to: review}}
  - {{from: review, to: computed}}
  - {{from: computed, to: fork}}
  - {{from: fork, to: choice}}
  - {{from: fork, to: pay, when: input.amount < 1000.0}}
  - {{from: fork, to: refused, when: {{run: "{FLOWS}:pick"}}}}
  - {{from: choice, to: paid}}
  - {{from: choice, to: refused}}
"""


def in_python():
    """Declare the same graph as the text above."""
    retry = Retry(
        attempts=4,
        backoff=Backoff.LINEAR,
        delay=timedelta(seconds=2),
        factor=1.5,
        cap=timedelta(minutes=1),
        jitter=0,
        give_up_on=(ValueError, Unpayable),
    )
    return (
        GraphBuilder(
            "payment",
            title="Pay an invoice",
            description="Drafts a payment and pays it.",
            version="2",
            operators=["@sre", "boss@example.com"],
            max_visits=50,
            input=Invoice,
        )
        .task("write", write, reads=["topic"], writes=["draft"], timeout="90s", retry=retry)
        .approval(
            "review",
            approvers=["@finance", "U1"],
            title="Pay {{ input.amount }}?",
            prompt="Look at the {{ state.draft }}.",
            review_keys=["draft.text"],
            reads=["draft"],
            writes=["note"],
            timeout="2d",
            on_timeout="route",
            timeout_route="refused",
            remind_before="4h",
            rejection="write",
        )
        .approval(
            "computed",
            approvers="U1",
            title=pick,
            timeout=due,
            on_timeout="skip",
            remind_before="30s",
        )
        .router("fork")
        .router("choice", pick)
        .task("pay", pay, retry=3, idempotent=True)
        .end("paid", output=["draft"])
        .end("refused")
        .edge("write", "review")
        .edge("review", "computed")
        .edge("computed", "fork")
        .edge("fork", "choice")
        .edge("fork", "pay", "input.amount < 1000.0")
        .edge("fork", "refused", pick)
        .edge("choice", "paid")
        .edge("choice", "refused")
        .start("write")
        .ends("pay")
        .build()
    )


def small(**replaced):
    """Return the text of a small graph, with lines replaced by what they begin with."""
    text = dedent(
        f"""\
        id: small
        start: work
        nodes:
          work:
            kind: task
            run: {FLOWS}:pay
          ask:
            kind: approval
            approvers: U1
          done:
            kind: end
        edges:
          - {{from: work, to: ask}}
          - {{from: ask, to: done}}
        """
    )
    for old, new in replaced.items():
        lines = text.splitlines(keepends=True)
        text = "".join(new + "\n" if line.strip().startswith(old) else line for line in lines)
    return text


def problems(text, allow=ALLOW):
    """Return what is wrong with a text."""
    with pytest.raises(GraphValidationError) as caught:
        load_yaml(text, allow=allow)
    return list(caught.value.problems)


def test_g1_yaml_and_python_give_the_same_graph():
    """Every kind of node and every option, declared both ways: equal, with one version."""
    [graph] = load_yaml(EVERYTHING, allow=ALLOW)
    twin = in_python()

    assert twin == graph
    assert twin.version == graph.version


def test_g1_yaml_takes_a_json_schema():
    """An input that is no model is a JSON schema, as in Python."""
    text = small(
        start="start: work\ninput:\n  properties:\n    wait: {type: string, format: duration}"
    )
    [graph] = load_yaml(text, allow=ALLOW)

    assert {"wait": timedelta(minutes=5)} == graph.input.parse({"wait": "5m"})


def test_g1_a_file_may_hold_several_graphs(tmp_path):
    """Documents are separated by three dashes; empty ones do not count."""
    file = tmp_path / "graphs.yaml"
    file.write_text("---\n" + small() + "---\n---\n" + small(id="id: other"))

    assert [graph.id for graph in load_yaml(file, allow=ALLOW)] == ["small", "other"]


def test_g1_anchors_and_merges_work():
    """YAML's own means of not repeating oneself are understood."""
    text = small(approvers="    approvers: &people [U1, U2]", id="id: small\noperators: *people")
    with pytest.raises(GraphError, match="<text>:2: this is no YAML: found undefined alias"):
        load_yaml(text, allow=ALLOW)
    text = small(
        approvers="    approvers: U1\n    <<: &time {timeout: 1d, on_timeout: skip}",
        done="  later: {<<: *time, kind: approval, approvers: U2, timeout: 2d}\n  done:",
    ).replace("{from: ask, to: done}", "{from: ask, to: later}\n  - {from: later, to: done}")
    [graph] = load_yaml(text, allow=ALLOW)

    assert timedelta(days=1) == graph.nodes["ask"].gate.timeout
    assert timedelta(days=2) == graph.nodes["later"].gate.timeout


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        (
            {"run": "    run: subprocess:run"},
            ("<text>:6: module 'subprocess' is not allowed here; allowed are "
            "tests.unit.graph.flows; add it to SIGNOFF_ALLOW, or to `allow` in Python, "
            "if its code may run"),
        ),
        (
            {"run": f"    run: {FLOWS}:run"},
            ("<text>:6: module 'subprocess' is not allowed here; allowed are "
            "tests.unit.graph.flows; add it to SIGNOFF_ALLOW, or to `allow` in Python, "
            "if its code may run"),
        ),
        (
            {"run": f"    run: {FLOWS}:subprocess.run"},
            ("<text>:6: 'tests.unit.graph.flows:subprocess.run' names no function; "
            "write package.module:function"),
        ),
        (
            {"run": f"    run: {FLOWS}:paay"},
            "<text>:6: module 'tests.unit.graph.flows' has no 'paay'; correct the name",
        ),
        (
            {"run": "    run: pay"},
            "<text>:6: 'pay' names no function; write package.module:function",
        ),
        (
            {"- {from: ask": "  - {from: ask, when: state.a}"},
            "<text>:14: edges.1.to is required; add it",
        ),
        (
            {"run": "    retry: 3"},
            ("<text>:4: node 'work': has no function and no gate `result`; "
            "give it one of the two"),
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    wirtes: a"},
            ("<text>:7: nodes.work.wirtes is unknown, perhaps writes; known are kind, run, reads, "
            "writes, retry, timeout, idempotent, undo, confirm, input, choose, tool, result, "
            "iterate, review, error, on_error"),
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    retry: {{times: 3}}"},
            ("<text>:7: nodes.work.retry.times is unknown; known are "
            "attempts, backoff, delay, factor, cap, jitter, give_up_on"),
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    retry: often"},
            "<text>:7: nodes.work.retry must be a whole number",
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    retry: {{give_up_on: print}}"},
            "<text>:7: 'print' is no exception; write ValueError or package.module:MyError",
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    timeout: soon"},
            "<text>:7: 'soon' is no duration; write one such as 30s, 5m, 1h30m, 2d or PT30S",
        ),
        (
            {"run": f"    run: {FLOWS}:pay\n    idempotent: maybe"},
            "<text>:7: nodes.work.idempotent must be true or false",
        ),
        (
            {"kind: task": "    kind: chore"},
            ("<text>:4: nodes.work says no known kind; write kind: task, approval, router, "
            "condition, steps, loop, parallel, map, subgraph, agent, wait, end"),
        ),
        (
            {"kind: task": "    reads: a"},
            ("<text>:4: nodes.work says no known kind; write kind: task, approval, router, "
            "condition, steps, loop, parallel, map, subgraph, agent, wait, end"),
        ),
        (
            {"approvers": "    approvers: U1\n    timeout: 1d"},
            ("<text>:7: node 'ask': has a timeout but no on_timeout; say what happens: "
            "expire, reject, approve, skip, route"),
        ),
        (
            {"approvers": "    approvers: U1\n    timeout: 1x\n    on_timeout: skip"},
            "<text>:10: '1x' is no duration; write one such as 30s, 5m, 1h30m, 2d or PT30S",
        ),
        (
            {"approvers": "    approvers: U1\n    timeout: .inf\n    on_timeout: skip"},
            "<text>:10: 'inf' is no duration; write one such as 30s, 5m, 1h30m, 2d or PT30S",
        ),
        (
            {"approvers": "    approvers: [1]"},
            ("<text>:9: nodes.ask.approvers must be a text, a list of texts, "
            "or {run: package.module:function}"),
        ),
        (
            {"approvers": "    approvers: U1\n    title: {call: x}"},
            "<text>:10: nodes.ask.title must be a text, or {run: package.module:function}",
        ),
        (
            {"- {from: ask": "  - {from: ask, to: gone}"},
            ("<text>:14: edge 'ask' -> 'gone': leads to the unknown node 'gone'; "
            "known are work, ask, done"),
        ),
        (
            {"- {from: ask": "  - {from: ask, to: done, when: amount > 1}"},
            ("<text>:14: edge 'ask' -> 'done': condition 'amount > 1' uses unknown name(s) amount; "
            "known are state, input, outputs, run, item, number, so write state.amount for a key "
            "of the state"),
        ),
        (
            {"- {from: ask": "  - {from: ask, to: done, when: true}"},
            ("<text>:14: edges.1.when must be a condition in quotes, "
            "or {run: package.module:function}"),
        ),
        ({"start": "start: gone"}, ("<text>:1: graph: starts at the unknown node 'gone'; "
         "known are work, ask, done")),
        ({"start": "begin: work"}, ("<text>:2: begin is unknown; known are id, title, description, "
         "version, input, operators, starters, max_visits, max_active, budget, nodes, edges, "
         "start, ends")),
        ({"start": "start: work\nversion: 1.10"}, "<text>:3: version must be a text in quotes"),
        ({"start": "start: work\ninput: {type: array}"},
         "<text>:3: input: the input's schema is of type 'array'; it must be object"),
        ({"start": "start: work\ninput: {model: 'os:PathLike'}"},
         ("<text>:3: module 'os' is not allowed here; allowed are tests.unit.graph.flows; "
         "add it to SIGNOFF_ALLOW, or to `allow` in Python, if its code may run")),
    ],
)  # fmt: skip
def test_g6_mistakes_name_file_line_and_remedy(replaced, expected):
    """An author finds the line at once, and reads what to write instead."""
    assert expected in problems(small(**replaced))


def test_g6_yaml_lists_all_problems_at_once():
    """Functions that cannot be had and faults of structure come together."""
    text = small(run="    run: os:getcwd", **{"- {from: ask": "  - {from: ask, to: gone}"})
    found = problems(text, allow=[])

    assert found == [
        ("<text>:6: module 'os' is not allowed here; none is allowed; "
        "add it to SIGNOFF_ALLOW, or to `allow` in Python, if its code may run"),
        ("<text>:10: node 'done': cannot be reached from the start 'work'; "
        "add an edge to it, or take it out"),
        ("<text>:14: edge 'ask' -> 'gone': leads to the unknown node 'gone'; "
        "known are work, ask, done"),
    ]  # fmt: skip


def test_g1_nothing_is_imported_that_is_not_allowed():
    """The list is asked before the import, because an import runs code."""
    name = "antigravity"  # of the standard library, and opens a browser when it is imported
    problems(small(run=f"    run: {name}:geohash"))

    assert name not in sys.modules


def test_g1_a_module_that_fails_to_import_is_a_problem(tmp_path, monkeypatch):
    """What the module raised is shown at the line that names it."""
    (tmp_path / "failing_tasks.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    [found] = problems(small(run="    run: failing_tasks:pay"), allow=["failing_tasks"])

    assert found == (
        "<text>:6: module 'failing_tasks' cannot be imported (RuntimeError: no licence); "
        "install it, or put it beside the graph's file"
    )


@pytest.mark.parametrize(
    ("allow", "module", "is_allowed"),
    [
        (["tests.unit.graph.*"], FLOWS, True),
        (["tests.*"], FLOWS, True),
        (["tests.unit.graph"], FLOWS, False),
        (["tests.unit.graph.flow"], FLOWS, False),
        (["tests.unit.gra*"], FLOWS, False),
        (["*"], FLOWS, False),
    ],
)
def test_g1_the_allow_list_names_modules_or_whole_packages(allow, module, is_allowed):
    """A pattern is an exact module, or everything inside a package; parts of names are neither."""
    text = small(run=f"    run: {module}:pay")
    if is_allowed:
        assert pay is load_yaml(text, allow=allow)[0].nodes["work"].function
    else:
        assert f"module {module!r} is not allowed here" in problems(text, allow=allow)[0]


def test_g1_a_file_that_cannot_be_read_is_named(tmp_path):
    """The path and the reason stand in the message."""
    file = tmp_path / "gone.yaml"

    with pytest.raises(GraphError, match=r"gone\.yaml: cannot be read \(.*\); check the file"):
        load_yaml(file, allow=ALLOW)
