"""Mistakes inside bodies, gates and policies name their own line (row G6)."""

from __future__ import annotations

from textwrap import dedent

import pytest

from orchestrator import GraphValidationError, load_yaml
from tests.unit.graph import yaml_flows as flows

NESTED = """\
id: nested
operators: "@ops"
nodes:
  checks:
    kind: parallel
    branches:
      lint:
        nodes:
          test:
            kind: task
            run: ~check
          more:
            kind: loop
            max_rounds: 2
            body:
              nodes:
                one: {kind: task, run: ~check}
                two:
                  kind: task
                  run: ~check
              edges:
                - {from: one, to: two}
              start: one
              ends: two
      deep: {nodes: {a: {kind: task, run: ~check}}}
  helper:
    kind: agent
    run: ~draft
    tools:
      search: ~check
      send:
        run: ~draft
        tool: U1
  ask:
    kind: task
    run: ~check
    confirm:
      policy:
        stages:
          - slots:
              - {count: 2, approvers: "@sre"}
              - "@finance"
            timeout: 1d
        veto: "@security"
      timeout: 2d
      on_timeout: reject
      reminders:
        after: 1h
      escalation:
        after: 1d
        to: "@leads"
      calendar:
        zone: Europe/Berlin
        start: 09:00
        holidays: [2026-12-25]
"""


def problems(old: str, new: str, text: str = NESTED) -> list[str]:
    """Return what is wrong with the text when one part of it is replaced."""
    assert old in text
    changed = text.replace(old, new, 1).replace("~", f"{flows.MODULE}:")
    with pytest.raises(GraphValidationError) as caught:
        load_yaml(changed, allow=[flows.MODULE])
    return list(caught.value.problems)


def test_g6_the_nested_graph_itself_is_right() -> None:
    """What the other tests change has no mistake before."""
    (graph,) = load_yaml(NESTED.replace("~", f"{flows.MODULE}:"), allow=[flows.MODULE])

    assert graph.find_node("checks[lint]/more[1]/two") is not None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "            run: ~check\n          more",
            "            runs: ~check\n          more",
            "<text>:11: nodes.checks.branches.lint.nodes.test.runs is unknown, perhaps run; known",
        ),
        (
            "            run: ~check\n          more",
            "            run: ~chek\n          more",
            f"<text>:11: module '{flows.MODULE}' has no 'chek'; correct the name",
        ),
        (
            "          test:\n",
            "          Test:\n",
            "<text>:9: node 'checks[lint]/Test': the id cannot",
        ),
        (
            "{from: one, to: two}",
            "{from: one, to: tow}",
            "<text>:22: edge 'checks[lint]/more/one' -> 'checks[lint]/more/tow': ",
        ),
        (
            "{from: one, to: two}",
            "{from: one, to: two, when: amount > 1}",
            "<text>:22: edge 'checks[lint]/more/one' -> 'checks[lint]/more/two'",
        ),
        ("start: one", "start: won", "<text>:15: body 'checks[lint]/more': starts at"),
        (
            "run: ~check\n              edges",
            "run: ~check\n                  confirm: {approvers: []}\n              edges",
            "<text>:21: node 'checks[lint]/more/two': confirm: ",
        ),
        ("search: ~check", "search: ~chek", f"<text>:30: module '{flows.MODULE}' has no 'chek'"),
        (
            "tool: U1",
            "tool: {approvers: U1, when: amount > 1}",
            "<text>:33: node 'helper/send': tool",
        ),
        ("        run: ~draft\n        tool", "        tool", "<text>:31: node 'helper/send': "),
        ("count: 2", "count: two", "<text>:41: nodes.ask.confirm.policy.stages.0.slots.0.count"),
        ('approvers: "@sre"', 'aprovers: "@sre"', "slots.0.approvers is required; add it"),
        (
            '- "@finance"',
            '- {approvers: ["@"]}',
            "<text>:42: '@' names no approver; write a user id",
        ),
        ("            timeout: 1d", "            timeout: 1x", "<text>:43: '1x' is no duration"),
        (
            'veto: "@security"',
            'vetoes: "@security"',
            "<text>:44: nodes.ask.confirm.policy.vetoes is",
        ),
        ('veto: "@security"', 'veto: ["#"]', "<text>:44: '#' names no approver"),
        ("stages:", "stage:", "<text>:38: nodes.ask.confirm.policy does not say who decides"),
        ("timeout: 2d", "timeout: 2x", "<text>:45: '2x' is no duration"),
        ("on_timeout: reject", "on_timeout: shrug", "is 'shrug'; write one of expire, reject"),
        ("on_timeout: reject", "on_timeout: fail", "<text>:46: node 'ask': confirm: on_timeout"),
        ("on_timeout: reject", "on_timeout: route", "<text>:37: node 'ask': confirm: "),
        ("after: 1h", "after: soon", "<text>:48: 'soon' is no duration"),
        ("after: 1h", "often: 1h", "<text>:48: nodes.ask.confirm.reminders.often is unknown"),
        ("after: 1d", "after: 3d", "<text>:37: node 'ask': confirm: would escalate after"),
        ("after: 1d", "after: 1x", "<text>:50: '1x' is no duration"),
        ('to: "@leads"', "", "<text>:49: nodes.ask.confirm.escalation.to is required; add it"),
        ("zone: Europe/Berlin", "zone: Mars/Base", "<text>:52: there is no time zone 'Mars/Base'"),
        ("start: 09:00", "start: nine", "<text>:54: 'nine' is no time of day; write 09:00"),
        ("[2026-12-25]", "[2026-12-25, Xmas]", "<text>:55: 'Xmas' is no day; write 2030-12-25"),
        (
            "[2026-12-25]",
            "[2026-12-25]\n        hours: 8",
            "calendar.hours is unknown; known are zone",
        ),
    ],
)
def test_g6_nested_mistakes_name_their_line(old: str, new: str, expected: str) -> None:
    """However deep a mistake is, its line and its place are told."""
    found = problems(old, new)

    assert [each for each in found if expected in each], found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("run: ~draft\n        tool", "run: ~drft\n        tool"),
        ("            run: ~check\n          more", "            run: ~chek\n          more"),
        ("timeout: 2d", "timeout: 2x"),
        ("            timeout: 1d", "            timeout: 1x"),
        ("after: 1d", "after: 1x"),
        ("after: 1h", "after: 1x"),
        ("zone: Europe/Berlin", "zone: Mars/Base"),
        ('approvers: "@sre"', 'approvers: "@"'),
        ('veto: "@security"', 'veto: "@"'),
        (
            "    kind: task\n    run: ~check\n    confirm",
            "    kind: subgraph\n    graph: gone\n    confirm",
        ),
    ],
)
def test_g6_one_mistake_is_one_problem(old: str, new: str) -> None:
    """What could not be read does not make the checks find more in it."""
    assert len(problems(old, new)) == 1


def test_g6_all_problems_come_at_once_in_the_order_of_lines() -> None:
    """Names, times, gates and edges, at every depth."""
    text = NESTED.replace("search: ~check", "search: ~chek").replace("start: one", "start: two")
    found = problems("on_timeout: reject", "on_timeout: fail", text.replace("1h", "1x"))

    assert [int(each.split(":")[1]) for each in found] == [17, 30, 46, 48]


def test_g6_nodes_in_their_order_name_the_node_that_is_out_of_it() -> None:
    """Where there are no edges a problem of one is shown at the node that it leads to."""
    text = """\
        id: order
        nodes:
          a: {kind: end}
          b: {kind: task, run: ~check}
        """
    assert problems("kind: end", "kind: end", dedent(text)) == [
        "<text>:4: edge 'a' -> 'b': leaves 'a', after which runs end; drop the edge or the end"
    ]
