"""Edits of long lists: checked in one look at each element, not in one for every pair."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.answers import find_differences


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Return rows that look alike."""
    return [{"id": number, "name": "x", "tags": ["a"], **changes} for number in range(count)]


def test_h4_a_long_list_is_compared_by_what_its_elements_look_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of one shape stand as one example, so the work grows with the list, not its square."""
    looked_at: list[str] = []
    real = find_differences

    def counted(old: Any, new: Any, field: str = "") -> Any:
        looked_at.append(field)
        return real(old, new, field)

    monkeypatch.setattr("orchestrator.core.answers.find_differences", counted)
    wrong = [*rows(499), {"id": 499, "name": 5, "tags": ["a"]}]

    assert list(counted(rows(500), wrong)) == [
        ("499.name", "is a whole number and was a text; an edit keeps the type")
    ]
    assert len(looked_at) < 10


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([1, "a"], ["b", "c", 2]),
        ([{"a": 1}, {"b": None}], [{"b": [1]}, {"a": 2}]),
        ([1.5, None], [1, 2.0, {"any": "thing"}]),
        ([[1], ["a"], []], [["b", "c"], [], [2], [{}]]),
        ([], ["anything"]),
    ],
)
def test_h4_each_element_looks_like_some_element_of_the_old_list(
    old: list[Any], new: list[Any]
) -> None:
    """Whole numbers may stand for numbers, null and empty lists for anything."""
    assert list(find_differences(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ([1], [1.5], ["0"]),
        ([{"a": 1}], [{"a": 1, "b": 2}, {}], ["0.b", "1.a"]),
        ([[1], ["a"]], [[1, "a"]], ["0.1"]),
        ([{}], [[]], ["0"]),
        ([True], [1], ["0"]),
    ],
)
def test_h4_an_element_that_looks_like_none_is_refused(
    old: list[Any], new: list[Any], fields: list[str]
) -> None:
    """What is told are the differences from the example that is most like it."""
    assert [field for field, _ in find_differences(old, new)] == fields
