"""Conditions in CEL, and templates: compiled and name-checked when they are made (row G3)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import ClassVar

import pytest

from orchestrator.errors import ConditionError
from orchestrator.graph.conditions import CelCondition, read_list
from tests.unit.graph.flows import Invoice, Seen

INVOICE = Invoice(payee="baker", amount=12, notes=["a"])


class Colour(Enum):
    """An author's own enumeration."""

    RED = "red"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("state.amount > 10", True),
        ("state.amount >= 11.5", True),
        ("input.amount > 12.0", False),
        ("input.payee == 'baker' && size(input.notes) == 1", True),
        ("input.wait <= duration('5m')", True),
        ("input.wait < duration('5m')", False),
        ("run.started_at > timestamp('2026-01-01T00:00:00Z')", True),
        ("outputs.check.ok", True),
        ("state.tags.exists(tag, tag == 'b')", True),
        ("state.tags.all(tag, tag != 'b')", False),
        ("state.colour == 'red'", True),
        ("state.price == 1.5", True),
        ("state.day == '2026-02-03'", True),
        ("'x' in state.set", True),
        ("has(state.missing)", False),
        ("!has(state.missing) || state.missing > 1", True),
        ("state.name.startsWith('a.exists(q, ')", False),
    ],
)
def test_g3_evaluates_over_the_view(source, expected):
    """State, input (a model, too), outputs and run can be read, with CEL's own types."""
    view = Seen(
        state={
            "amount": 11.5,
            "tags": ("a", "b"),
            "colour": Colour.RED,
            "price": Decimal("1.5"),
            "day": date(2026, 2, 3),
            "set": {"x"},
            "name": "b",
        },
        input=INVOICE,
        outputs={"check": {"ok": True}},
        run={"started_at": datetime(2026, 5, 1, tzinfo=UTC)},
    )

    assert expected is CelCondition(source)(view)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("amount > 10", r"uses unknown name\(s\) amount; .* write state.amount"),
        ("state.tags.exists(t, t == tagg)", r"unknown name\(s\) tagg"),
        ("state.a >", "is no valid CEL .*mismatched input"),
        ("", "is no valid CEL"),
        ("lenght(state.a) > 1", r"calls unknown function\(s\) lenght; known are .*size"),
        ("state.a.upper() == 'A'", r"calls unknown function\(s\) upper"),
    ],
)
def test_g3_refuses_mistakes_when_made(source, said):
    """A typing error is found when the graph is built, not when a run gets there."""
    with pytest.raises(ConditionError, match=said) as caught:
        CelCondition(source)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("state.missing > 1", r"asks for 'missing', which is not there; guard it with has"),
        ("state.name > 1", "cannot be evaluated"),
        ("1 / state.zero == 1", "cannot be evaluated: division by zero"),
        ("state.name", "gives 'x', neither true nor false"),
        ("state.zero", "gives 0, neither true nor false"),
        ("state.nothing", "gives None, neither true nor false"),
    ],
)
def test_g3_evaluation_errors_name_the_condition(source, said):
    """Whatever goes wrong is a ConditionError with the text in it; only true and false count."""
    view = Seen(state={"name": "x", "zero": 0, "nothing": None})
    condition = CelCondition(source)

    with pytest.raises(ConditionError, match=said) as caught:
        condition(view)

    assert repr(source) in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        "bytes('a') == b'a'", "'abc'.contains('b')", "double('1') == 1.0",
        "duration('1s') == duration('1000ms')", "dyn(1) == 1", "'abc'.endsWith('c')",
        "timestamp('2026-01-02T03:04:05Z').getDate() == 2",
        "timestamp('2026-01-02T03:04:05Z').getDayOfMonth() == 1",
        "timestamp('2026-01-02T03:04:05Z').getDayOfWeek() == 5",
        "timestamp('2026-01-02T03:04:05Z').getDayOfYear() == 1",
        "timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026",
        "timestamp('2026-01-02T03:04:05Z').getHours() == 3",
        "timestamp('2026-01-02T03:04:05Z').getMilliseconds() == 0",
        "timestamp('2026-01-02T03:04:05Z').getMinutes() == 4",
        "timestamp('2026-01-02T03:04:05Z').getMonth() == 0",
        "timestamp('2026-01-02T03:04:05Z').getSeconds() == 5",
        "int('1') == 1", "'abc'.matches('a.c')", "size('abc') == 3", "'abc'.startsWith('a')",
        "string(1) == '1'", "type(1) == type(2)", "uint(1) == 1u",
        "[1, 2].map(x, x + 1) == [2, 3]", "[1, 2].filter(x, x > 1) == [2]",
        "[1, 2].exists_one(x, x > 1)", "-1 < 1 ? !false : true", "{'a': 1}['a'] == 1",
    ],
)  # fmt: skip
def test_g3_knows_the_functions_that_work(call):
    """Every function that the check lets through can be evaluated."""
    assert CelCondition(call)(Seen()) is True


def test_g3_says_how_to_get_cel(monkeypatch):
    """Without the library the message names the extra to install."""
    monkeypatch.setitem(sys.modules, "cel", None)

    with pytest.raises(ConditionError, match=r"install signoff\[cel\]"):
        CelCondition("state.a")


def test_conditions_with_one_text_are_equal():
    """White space around the text does not make another condition."""
    assert CelCondition("state.a\n") == CelCondition("state.a")
    assert CelCondition("state.a") != CelCondition("state.b")
    assert len({CelCondition("state.a"), CelCondition(" state.a")}) == 1


def test_a_condition_reads_only_what_it_names():
    """Parts of the view that the text does not name are not converted."""

    class Sealed:
        """A view of which only the state may be read."""

        state: ClassVar = {"wait": timedelta(seconds=1)}

    assert CelCondition("state.wait == duration('1s')")(Sealed()) is True


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("state.items", [1, 2, 3]),
        ("state.deep.list", ["a"]),
        ("input.notes", []),
        ("item", [7]),
        ("state.items.filter(i, i > 1)", [2, 3]),
        ("[item[0], number]", [7, 2]),
    ],
)
def test_g2_a_list_is_found_or_computed(source, expected):
    """A plain path is followed, anything else is CEL; items and numbers can be looked at."""
    view = Seen(
        state={"items": [1, 2, 3], "deep": {"list": ("a",)}},
        input=Invoice(payee="acme", amount=1),
        item=[7],
        number=2,
    )

    assert expected == list(read_list(source)(view))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("state.nothing", "'state.nothing' asks for 'nothing', which is not there; set it before"),
        ("input.nothing", "'input.nothing' asks for 'nothing', which is not there"),
        ("state.text", "'state.text' is 'abc', which is no list; map over a list"),
        ("item", "'item' is None, which is no list"),
        ("size(state.text)", "expression 'size.*' gives 3, which is no list; map over a list"),
    ],
)
def test_g2_what_is_no_list_is_named(source, said):
    """A text is no list of letters, and nothing is no empty list."""
    with pytest.raises(ConditionError, match=said):
        read_list(source)(Seen(state={"text": "abc"}, input=Invoice(payee="acme", amount=1)))


def test_lists_with_one_text_are_equal():
    """A condition and a list of the same text are not."""
    made = [read_list("state.a"), read_list("state.a.map(x, x)"), CelCondition("state.a")]

    assert made == [read_list(" state.a"), read_list("state.a.map(x, x) "), CelCondition("state.a")]
    assert len(set(made)) == 3
    assert CelCondition("state.a.map(x, x)") != made[1]
    assert repr(made[0]) == "KeyPath('state.a')"
    assert made[0] != "state.a"
