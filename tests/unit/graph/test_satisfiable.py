"""Policies that nobody could fulfil are refused, as far as lists name single people (row G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import Policy, Slot, Stage, any_of, everyone, in_order, quorum
from orchestrator.graph import ApprovalKind, parse_approvers
from orchestrator.graph.satisfiable import find_policy_problems
from tests.unit.graph.small import around, body, problems


def found(policy, kind="confirm"):
    """Return what is wrong with a policy."""
    return list(find_policy_problems(ApprovalKind(kind), policy))


def together(*slots, **options):
    """Return a policy of one stage with slots of (count, names)."""
    made = tuple(Slot(approvers=parse_approvers(names), count=count) for count, names in slots)
    return Policy(stages=(Stage(slots=made),), **options)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (any_of([]), "has no approvers, so nobody could answer; name at least one"),
        (
            quorum(3, "U1 U2"),
            "asks for 3 approvals of U1, U2, who are only 2; name more people, or ask for fewer",
        ),
        (quorum(0, "U1"), "stage 1 asks for 0 approvals; make it at least 1"),
        (quorum("2", "U1 U2"), "stage 1 asks for '2' approvals; make it at least 1"),
        (
            in_order("U1", []),
            "stage 2 has a list without approvers; name at least one",
        ),
        (
            Policy(stages=(Stage(slots=()), *any_of("U1").stages)),
            "stage 1 has no slots; give it one, or take the stage out",
        ),
        (
            replace(any_of("U1"), deny_threshold=0),
            "deny_threshold is 0; make it at least 1",
        ),
        (
            replace(quorum(2, "U1 U2"), deny_threshold=3),
            ("deny_threshold is 3, but only 2 could reject (U1, U2); make it smaller, or name more "
            "people"),
        ),
        (
            in_order("U1", "U1"),
            ("asks for 2 approvals by different people, but U1 cannot give them, as each fills one "
            "slot only; name more people, or set distinct=False"),
        ),
        (
            together((1, "U1 U2"), (1, "U2"), (1, "U1")),
            ("asks for 3 approvals by different people, but U1, U2 cannot give them, as each fills "
            "one slot only; name more people, or set distinct=False"),
        ),
        (
            in_order(everyone("U1 @sre"), "U1"),
            ("asks for 2 approvals by different people, but U1 cannot give them, as each fills one "
            "slot only; name more people, or set distinct=False"),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_g6_what_nobody_could_fulfil_is_refused(policy, expected):
    """Too few people, for a slot, for all slots together, or for a rejection."""
    assert found(policy) == [expected]


@pytest.mark.parametrize(
    "policy",
    [
        quorum(2, "U1 U2"),
        quorum(5, "@sre"),
        quorum(3, "U1 @sre"),
        everyone("U1 U2"),
        in_order("U1 U2", "U2"),
        together((1, "U1 U2"), (1, "U2 U3"), (1, "U1")),
        Policy(stages=(Stage(slots=(Slot(
            approvers=parse_approvers("U1"), count=2, deputies=parse_approvers("U2"),
        ),)),)),
        replace(in_order("U1", "U1"), distinct=False),
        replace(quorum(2, "#leads"), deny_threshold=2, veto=parse_approvers("U1")),
    ],
    ids=str,
)  # fmt: skip
def test_g6_what_people_could_fulfil_passes(policy):
    """Groups and channels may have any number of members."""
    assert found(policy) == []


@pytest.mark.parametrize("kind", list(ApprovalKind))
@pytest.mark.parametrize(
    "policy", [quorum(2, "U1 U2"), everyone("U1"), in_order("U1", "U2")], ids=str
)
def test_g6_several_answers_are_for_yes_or_no(kind, policy):
    """Of other kinds the first valid answer counts, so a policy that wants more is refused."""
    is_fine = kind in ("confirm", "review", "iterate")
    text = (
        f"asks for several answers, but of {kind} the first valid one counts; "
        "name one list, and ask the others by a confirm or a review"
    )

    assert found(policy, kind) == ([] if is_fine else [text])


def test_g6_a_veto_needs_something_to_reject():
    """Results and errors cannot be rejected."""
    policy = replace(any_of("U1"), veto=parse_approvers("U2"))

    assert found(policy, "error") == ["has a veto, but error cannot be rejected; take it out"]
    assert found(policy, "input") == []


def test_g6_a_stage_that_times_out_needs_an_action():
    """The time of a stage is a timeout like another."""
    stage = replace(any_of("U1").stages[0], timeout=timedelta(hours=1))
    graph = around().steps("it", body(), confirm=Policy(stages=(stage,)))

    assert problems(graph) == [
        (
            "node 'it': confirm: has a timeout but no on_timeout; say what happens: "
            "expire, reject, approve, skip, route"
        )
    ]


people = st.lists(st.sampled_from(["U1", "U2", "U3", "U4"]), min_size=1, max_size=4, unique=True)


@given(st.lists(st.tuples(st.integers(1, 2), people), min_size=1, max_size=3))
def test_g6_satisfiable_means_that_an_assignment_exists(slots):
    """The check agrees with trying everything."""
    seats = [names for count, names in slots for _ in range(count)]
    exists = any(len(set(choice)) == len(choice) for choice in product(*seats))

    assert exists == (found(together(*slots)) == [])
