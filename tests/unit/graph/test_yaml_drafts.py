"""Mistakes of shape do not hide the others, and bring none that are not there (row G6)."""

from __future__ import annotations

import pytest

from orchestrator import GraphValidationError, load_yaml
from tests.unit.graph import yaml_flows as flows

TEXT = """\
id: drafts
start: write
nodes:
  write: {kind: task, run: ~draft, writes: [draft]}
  ask:
    kind: approval
    approvers: U1
    timeout: 1d
    on_timeout: skip
    rejection: stop
  both:
    kind: parallel
    branches:
      one: {nodes: {a: {kind: task, run: ~check}, b: {kind: task, run: ~check}}}
    merge: {}
  pay: {kind: task, run: ~check, idempotent: false}
  done: {kind: end}
  stop: {kind: end}
edges:
  - {from: write, to: ask}
  - {from: ask, to: both}
  - {from: both, to: pay}
  - {from: pay, to: done}
"""


def lines(*changes: tuple[str, str]) -> list[int]:
    """Return the lines of the problems that replacing parts of the text makes."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(GraphValidationError) as caught:
        load_yaml(text.replace("~", f"{flows.MODULE}:"), allow=[flows.MODULE])
    return [int(each.split(":")[1]) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("start: write", "start: write\ntitel: x", 3),
        ("start: write", "start: [write]", 2),
        ("start: write", "begin: write", 2),
        ("writes: [draft]", "wirtes: [draft]", 4),
        ("writes: [draft]", "writes: 5", 4),
        ("kind: task, run: ~draft", "kind: chore, run: ~draft", 4),
        ("timeout: 1d", "timeuot: 1d", 8),
        ("on_timeout: skip", "on_timeout: shrug", 9),
        ("rejection: stop", "rejction: stop", 10),
        ("rejection: stop", "rejection: 5", 10),
        ("branches:", "branch:", 13),
        ("b: {kind: task, run: ~check}", "b: {kind: task, rnu: ~check}", 14),
        ("b: {kind: task, run: ~check}", "b: [task]", 14),
        ("merge: {}", "limit: two", 15),
        ("idempotent: false", "idempotent: maybe", 16),
        ("done: {kind: end}", "done: end", 17),
        ("{from: ask, to: both}", "{from: ask, onto: both}", 21),
        ("{from: ask, to: both}", "{from: ask, to: both, when: 5}", 21),
        ("{from: ask, to: both}", "ask -> both", 21),
    ],
)
def test_g6_a_mistake_of_shape_brings_no_others(old: str, new: str, line: int) -> None:
    """What was left out may be what something else needs; nothing is said about that."""
    found = set(lines((old, new)))

    assert {line} <= found <= {line, line - 1, line - 2}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("writes: [draft]", "wirtes: [draft]"), ("both, to: pay", "both, to: pya")], [4, 16, 22]),
        ([("timeout: 1d", "timeuot: 1d"), ("run: ~draft", "run: ~drft")], [4, 8]),
        ([("merge: {}", "limt: 1"), ("timeout: 1d", "timeout: 1x")], [8, 15]),
        ([("start: write", "start: write\ntitel: x"), ("ask, to: both", "ask, to: b")], [3, 22]),
        ([("done: {kind: end}", "done: {kind: ned}"), ("run: ~draft", "run: ~drft")], [4, 17]),
        ([("approvers: U1", "aprovers: U1"), ("a: {kind", "A: {kind")], [7, 14]),
    ],
)
def test_g6_mistakes_of_shape_do_not_hide_the_others(
    changes: list[tuple[str, str]], expected: list[int]
) -> None:
    """Unknown keys, names that cannot be imported, and edges to nowhere come together."""
    assert set(expected) <= set(lines(*changes))


def test_g6_a_document_without_nodes_is_not_looked_at_further() -> None:
    """Where hardly anything can be read there is nothing to add."""
    assert lines(("nodes:", "knots:")) == [1, 3]
