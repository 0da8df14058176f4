"""What an answer brings: values, routes, results and edits."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core import approval_events as a
from orchestrator.core import refusals as r
from orchestrator.core.approval_events import Outcome
from orchestrator.core.effects import Purpose
from orchestrator.core.values import Pointer
from orchestrator.graph.gates import NO_GATES
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import (
    Policy,
    Stage,
    in_order,
    quorum,
)
from tests.unit.core.asked import DRAFT, FORM, Asked, graph_of, of


def test_h14_an_answer_is_checked_before_anything_is_stored() -> None:
    """Every problem is listed by field, and the question stays open."""
    asked = Asked("input", schema=FORM, save_as="form")
    result = asked.decide("answer", values={"age": -1})

    assert isinstance(result, r.InvalidValues)
    assert {"name", "age"} == {field for field, _ in result.problems}
    assert "name: is required" in result.message
    assert asked.keys == {}


def test_h14_an_answer_is_kept_where_the_place_and_the_state_find_it() -> None:
    """Its values are stored in the decision, and under the key that the gate names."""
    asked = Asked("input", schema=FORM, save_as="form")
    result = asked.decide("answer", values={"name": "Tom"})

    assert (result.outcome, result.decision) == (Outcome.ANSWERED, Decision.ANSWER)
    assert asked.value(asked.place.answer) == {"name": "Tom"}
    assert asked.keys["form"] == {"name": "Tom"}
    assert asked.keys["human_response"]["values"] == {"name": "Tom"}


@pytest.mark.parametrize(
    ("multiple", "values", "chosen"),
    [
        (False, "left", ("left",)),
        (False, ["left"], ("left",)),
        (True, ["right", "left"], ("right", "left")),
    ],
)
def test_h12_known_routes_are_chosen(multiple: bool, values: Any, chosen: tuple[str, ...]) -> None:  # noqa: FBT001 - a column of the table
    """Several where that is allowed, in the order of the choice."""
    asked = Asked("choose", choices=("left", "right"), multiple=multiple)
    result = asked.decide("choose", values=values)

    assert chosen == result.chosen == asked.place.chosen
    assert list(chosen) == asked.keys["human_response"]["chosen"]


@pytest.mark.parametrize("values", [None, [], "up", ["left", "up"], ["left", "left"], 3, [[]]])
def test_h12_unknown_and_repeated_routes_are_refused(values: Any) -> None:
    """The refusal lists the routes there are."""
    asked = Asked("choose", choices=("left", "right"), multiple=True)

    assert isinstance(asked.decide("choose", values=values), r.InvalidValues)


def test_h12_one_route_where_one_is_asked_for() -> None:
    """Several are refused where only one may be chosen."""
    asked = Asked("choose", choices=("left", "right"))
    result = asked.decide("choose", values=["left", "right"])

    assert isinstance(result, r.InvalidValues)
    assert "choose one of left, right" in result.message


def test_a_result_may_be_anything_that_json_holds() -> None:
    """Null included, where no schema says otherwise."""
    for value in (None, 3, [1, {"a": None}], "x"):
        asked = Asked("result")
        result = asked.decide("result", values=value)

        assert value == asked.value(result.answer) == asked.value(asked.place.result)


def deep() -> Any:
    """Return a list that is nested deeper than any Python reaches."""
    value: Any = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [{1, 2}, float("nan"), {1: 2}, b"x", "\ud800", {"\ud800": 1}, [object()], deep()],
    ids=["set", "nan", "key", "bytes", "surrogate", "surrogate key", "object", "deep"],
)
def test_a_result_that_is_no_json_is_refused(value: Any) -> None:
    """Nothing is stored that could not be read again."""
    assert isinstance(Asked("result").decide("result", values=value), r.InvalidValues)


@pytest.mark.parametrize(("kind", "decision"), [("confirm", "approve"), ("review", "reject")])
def test_values_that_nobody_asked_for_are_refused(kind: str, decision: str) -> None:
    """A decision that takes none brings none."""
    asked = Asked(kind, output=DRAFT if kind == "review" else None)

    assert isinstance(asked.decide(decision, values={"a": 1}), r.BadResponse)


def test_without_its_graph_only_decisions_without_values_are_taken() -> None:
    """What could not be checked is refused; approving needs no gate."""
    asked = Asked("review", output=DRAFT)
    asked.graph = graph_of(NO_GATES)

    assert isinstance(asked.decide("edit", values=DRAFT), r.BadResponse)
    assert asked.decide("approve").outcome is Outcome.APPROVED


def test_h15_an_edit_by_the_only_one_who_is_asked_is_the_outcome() -> None:
    """The new value is stored once, and becomes what the node brought."""
    asked = Asked("review", output=DRAFT, save_as="text")
    new = {**DRAFT, "title": "Dogs", "tags": ["pets", "dogs"]}
    result = asked.decide("edit", values=new)

    assert (result.outcome, result.action) == (Outcome.EDITED, "edit")
    assert new == asked.value(asked.place.result) == asked.keys["text"]
    assert asked.events(a.ApprovalRevised) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": 3}, "title"),
        ({"title": None}, "title"),
        ({"words": 1.5}, "words"),
        ({"words": True}, "words"),
        ({"tags": "pets"}, "tags"),
        ({"tags": ["pets", 3]}, "tags.1"),
        ({"score": "high"}, "score"),
        ({"more": 1}, "more"),
    ],
)
def test_h15_an_edit_keeps_the_types(change: dict[str, Any], field: str) -> None:
    """The same keys, and under each the same type; problems are named by field."""
    asked = Asked("review", output=DRAFT)
    result = asked.decide("edit", values={**DRAFT, **change})

    assert isinstance(result, r.InvalidValues)
    assert [field] == [name for name, _ in result.problems]


def test_h15_an_edit_keeps_all_keys() -> None:
    """One that is left out is a problem, not a removal."""
    result = Asked("review", output=DRAFT).decide("edit", values={"title": "x"})

    assert [name for name, _ in result.problems] == ["words", "tags", "score"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a", "b"),
        (1.5, 2),
        ([], [1, "x"]),
        ([1, "x"], ["y", 2]),
        ([{"a": 1}], [{"a": 2}, {"a": 3}]),
        ({"a": None}, {"a": {"b": 1}}),
    ],
)
def test_h15_what_an_edit_may_do(old: Any, new: Any) -> None:
    """A whole number may stand for a number, lists may grow, null may become anything."""
    asked = Asked("review", output=old)

    assert new == asked.value(asked.decide("edit", values=new).answer)


def test_h15_an_edit_is_checked_by_the_gates_schema() -> None:
    """Where the gate declares one, it and not the old value says what fits."""
    asked = Asked("review", output={"name": "Tom", "age": 3}, schema=FORM)

    assert isinstance(asked.decide("edit", values={"age": 3}), r.InvalidValues)
    assert asked.decide("edit", values={"name": "Eve"}).outcome is Outcome.EDITED


def test_h22_an_edit_makes_a_revision_and_voids_earlier_votes() -> None:
    """The edit counts as the editor's approval, and the digest is a new one."""
    asked = Asked("review", quorum(2, "A B C"), output=DRAFT)
    before = asked.open.digest
    asked.decide("approve", "A")
    asked.purposes()

    assert asked.decide("edit", "B", {**DRAFT, "title": "Dogs"}) is None
    assert [vote.by for vote in asked.open.votes] == ["B"]
    assert (asked.open.revision, asked.open.editor) == (1, "B")
    assert asked.value(asked.open.shows["title"]) == "Dogs"
    assert before != asked.open.digest
    assert asked.purposes() == [Purpose.PROGRESS, Purpose.NOTICE, Purpose.PROGRESS]
    assert isinstance(asked.decide("approve", "A", digest=before), r.PayloadChanged)
    result = asked.decide("approve", "A", digest=asked.open.digest)

    assert (result.outcome, result.action, result.by) == (Outcome.EDITED, "approve", "A")
    assert asked.value(asked.place.result) == {**DRAFT, "title": "Dogs"}


def test_h22_the_last_editor_may_be_kept_from_approving() -> None:
    """Then the edit is no approval, and somebody else must approve it."""
    policy = Policy(stages=(Stage(slots=(of("A B"),)),), last_editor_may_approve=False)
    asked = Asked("review", policy, output=DRAFT)

    assert asked.decide("edit", "A", {**DRAFT, "title": "Dogs"}) is None
    assert asked.open.votes == ()
    assert r.OwnEdit(by="A", approvers=("A", "B")) == asked.decide("approve", "A")
    assert asked.decide("approve", "B").outcome is Outcome.EDITED


def test_h22_an_edit_after_which_nobody_could_approve_is_refused() -> None:
    """Rather than leaving a question that has no way out."""
    policy = Policy(stages=(Stage(slots=(of("A"),)),), last_editor_may_approve=False)
    result = Asked("review", policy, output=DRAFT).decide("edit", "A", DRAFT)

    assert isinstance(result, r.NotPossible)
    assert "nobody could approve" in result.message


def test_h22_an_edit_in_a_later_stage_begins_with_the_first_again() -> None:
    """Everybody sees the new revision; the editor's approval waits in its stage."""
    asked = Asked("review", in_order("A", "B C"), output=DRAFT)
    asked.decide("approve", "A")
    new = {**DRAFT, "title": "Dogs"}

    assert asked.decide("edit", "B", new) is None
    assert asked.open.stage == 0
    result = asked.decide("approve", "A")

    assert (result.outcome, result.by) == (Outcome.EDITED, "A")
    assert len(asked.events(a.StageReached)) == 2


def test_h22_chosen_keys_follow_an_edit_too() -> None:
    """The whole output, a part of it, and the input, which the edit does not touch."""
    show = {
        "all": Pointer(4),
        "headline": Pointer(4, ("title",)),
        "topic": Pointer(1, ("topic",)),
    }
    asked = Asked("review", in_order("A", "B"), output=DRAFT, show=show)
    new = {**DRAFT, "title": "Dogs"}
    asked.decide("edit", "A", new)
    shown = {label: asked.value(ref) for label, ref in asked.open.shows.items()}

    assert shown == {"all": new, "headline": "Dogs", "topic": "cats"}


def test_h22_keys_that_show_the_edited_value_show_the_new_one() -> None:
    """A part by part view of the output follows the edit; what else is shown stays."""
    asked = Asked("tool", in_order("A", "B"), output={"query": "cats", "limit": 3})
    asked.decide("edit", "A", {"query": "dogs", "limit": 3})

    assert asked.value(asked.open.shows["query"]) == "dogs"
    assert asked.open.edits == Pointer(asked.open.shows["limit"].seq)
