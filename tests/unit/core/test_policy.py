"""What votes amount to under a policy, and whether people suffice for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core import refusals as r
from orchestrator.core.policy import (
    Click,
    refuse_person,
    standing,
    users_of,
    why_unsatisfiable,
)
from orchestrator.core.state import Vote
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import (
    Policy,
    Slot,
    Stage,
    any_of,
    everyone,
    four_eyes,
    in_order,
    parse_approvers,
    quorum,
)
from tests.unit.core.asked import MINUTE, NINE, of

PEOPLE = "ABCDE"
GROUPS = {"@x": "AB", "@y": "BCD", "@z": "E"}


def vote(seat: str, decision: str = "approve", *via: str, **options: Any) -> Vote:
    """Return a person's vote, through their own name if no other entry is given."""
    given = {"stage": 0, "at": NINE, "by": seat} | options
    return Vote(seat=seat, decision=Decision(decision), via=via or (seat,), **given)


def one_stage(*slots: Slot, **options: Any) -> Policy:
    """Return a policy of one stage."""
    return Policy(stages=(Stage(slots=slots),), **options)


def test_h21_the_first_of_a_list_decides() -> None:
    """One approval fills the only slot."""
    before = standing(any_of("A B"), (), 0)
    after = standing(any_of("A B"), (vote("B"),), 0)

    assert not before.is_stage_filled
    assert before.waiting == ("A", "B")
    assert after.is_approved
    assert [fill.by for fill in after.fills] == [("B",)]
    assert after.waiting == ()


def test_h21_progress_says_how_many_and_who() -> None:
    """One of two, waiting for finance."""
    policy = one_stage(of("@sre", 2), of("@finance"))
    now = standing(policy, (vote("A", "approve", "@sre"),), 0)

    assert [(fill.needed, fill.by, fill.missing) for fill in now.fills] == [
        (2, ("A",), 1),
        (1, (), 1),
    ]
    assert now.waiting == ("@sre", "@finance")


def test_h21_only_approvals_of_the_present_stage_fill_its_slots() -> None:
    """Rejections, requests for changes and votes of other stages do not."""
    policy = in_order("A B", "A B")
    votes = (vote("A", "reject"), vote("B", "request-changes"), vote("B", stage=1))

    assert standing(policy, votes, 0).fills[0].by == ()


def test_h21_a_stage_that_is_not_the_last_approves_nothing() -> None:
    """It only lets the next one begin."""
    now = standing(in_order("A", "B"), (vote("A"),), 0)

    assert (now.is_stage_filled, now.is_approved) == (True, False)


def test_h21_a_person_may_fill_several_slots_where_the_policy_says_so() -> None:
    """Otherwise one person is one approval."""
    slots = (of("A B"), of("A C"))

    assert not standing(one_stage(*slots), (vote("A"),), 0).is_approved
    assert standing(one_stage(*slots, distinct=False), (vote("A"),), 0).is_approved


def test_h21_the_order_of_clicks_does_not_matter() -> None:
    """Somebody who fits two slots makes room for somebody who fits only one."""
    policy = one_stage(of("A B"), of("A"))
    both = (vote("A", at=NINE), vote("B", at=NINE + MINUTE))

    assert standing(policy, both, 0).is_approved
    assert standing(policy, (vote("A", at=NINE + 2 * MINUTE), both[1]), 0).is_approved


def test_h21_four_eyes_leave_the_requester_out() -> None:
    """Whether they vote themselves or somebody votes in their place."""
    policy = four_eyes("A B")
    for each in (vote("A"), vote("A", by="X"), vote("B", by="A")):
        assert not standing(policy, (each,), 0, requester="A").is_approved
    assert standing(policy, (vote("A"),), 0, requester="B").is_approved
    assert standing(any_of("A"), (vote("A"),), 0, requester="A").is_approved


def test_h22_the_last_editors_approval_does_not_count_where_the_policy_says_so() -> None:
    """Elsewhere an edit is an approval."""
    strict = one_stage(of("A B"), last_editor_may_approve=False)

    assert not standing(strict, (vote("A", "edit"),), 0, editor="A").is_approved
    assert standing(strict, (vote("B"),), 0, editor="A").is_approved
    assert standing(any_of("A B"), (vote("A", "edit"),), 0, editor="A").is_approved


@pytest.mark.parametrize(
    ("voters", "roster", "is_filled", "waiting"),
    [
        ("", None, False, ("@x", "Z")),
        ("AZ", None, False, ("@x", "Z")),
        ("AZ", "A", True, ()),
        ("AZ", "AB", False, ("B",)),
        ("ABZ", "AB", True, ()),
        ("AB", "AB", False, ("Z",)),
        ("Z", "", True, ()),
        ("ABZ", "BC", False, ("C",)),
    ],
)
def test_h21_everybody_means_the_members_as_last_seen(
    voters: str,
    roster: str | None,
    is_filled: bool,  # noqa: FBT001 - a column of the table
    waiting: tuple[str, ...],
) -> None:
    """Of a group that nobody has looked up, nobody can say that all have approved."""
    policy = everyone("@x Z")
    votes = [
        vote(name, "approve", "Z" if name == "Z" else "@x", at=NINE + number * MINUTE)
        for number, name in enumerate(voters)
    ]
    rosters = {} if roster is None else {"@x": tuple(roster)}
    now = standing(policy, votes, 0, rosters=rosters)

    assert (now.is_stage_filled, now.waiting) == (is_filled, waiting)


def test_h21_the_newest_vote_knows_the_members_best() -> None:
    """Its roster replaces those that were recorded before."""
    votes = (
        vote("A", "approve", "@x", roster={"@x": ("A", "B")}),
        vote("C", "approve", "@x", at=NINE + MINUTE, roster={"@x": ("A", "C")}),
    )

    assert standing(everyone("@x"), votes, 0).is_approved


def test_h21_everybody_but_the_requester_under_four_eyes() -> None:
    """They are not waited for; but alone they leave nobody."""
    policy = everyone("A B", four_eyes=True)

    assert standing(policy, (vote("B"),), 0, requester="A").is_approved
    assert not standing(everyone("A", four_eyes=True), (), 0, requester="A").is_approved


def test_t4_a_deputy_fills_the_slot_of_everybody() -> None:
    """One who was called in is enough; one member is not."""
    slot = Slot(
        approvers=parse_approvers("A B"), count=None, deputies=parse_approvers("CEO @board")
    )

    assert standing(one_stage(slot), (vote("A"),), 0).waiting == ("B", "CEO", "@board")
    assert standing(one_stage(slot), (vote("X", "approve", "@board"),), 0).is_approved


@pytest.mark.parametrize(
    ("policy", "votes", "is_rejected"),
    [
        (any_of("A B"), [vote("A", "reject")], True),
        (any_of("A B"), [vote("X", "reject")], False),
        (one_stage(of("A B"), deny_threshold=2), [vote("A", "reject")], False),
        (
            one_stage(of("A B"), deny_threshold=2),
            [vote("A", "reject"), vote("B", "reject")],
            True,
        ),
        (one_stage(of("A"), veto=parse_approvers("V")), [vote("V", "reject")], True),
        (one_stage(of("A"), veto=parse_approvers("V")), [vote("V")], False),
        (
            Policy(stages=in_order("A B", "B C").stages, deny_threshold=2),
            [vote("A", "reject"), vote("B", "reject", stage=1)],
            False,
        ),
    ],
)
def test_h21_when_rejections_reject(
    policy: Policy,
    votes: list[Vote],
    is_rejected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """By a veto, or by enough different people of the present stage."""
    assert standing(policy, votes, max(vote.stage for vote in votes)).is_rejected == is_rejected


def test_h25_a_vote_that_breaks_the_glass_approves_alone() -> None:
    """In any stage, without a slot."""
    votes = (vote("CEO", breaks_glass=True),)

    assert standing(in_order("A", "B"), votes, 0).is_approved


def click(by: str, *via: str, decision: str = "approve", **options: Any) -> Click:
    """Return a person about to decide."""
    return Click(by=by, decision=Decision(decision), via=via or (by,), **({"seat": by} | options))


STRICT = one_stage(of("A B"), last_editor_may_approve=False)
STAGES = in_order("A B", "B C")


@pytest.mark.parametrize(
    ("policy", "stage", "votes", "who", "refusal"),
    [
        (any_of("A"), 0, (), click("X", "none"), r.NotAllowed(by="X", approvers=("A",))),
        (any_of("A"), 0, (), click("A", is_outsider=True), r.Outsider(by="A")),
        (four_eyes("A R"), 0, (), click("R"), r.OwnRequest(by="R", approvers=("A", "R"))),
        (
            four_eyes("A R"),
            0,
            (),
            click("D", "R", seat="R"),
            r.OwnRequest(by="D", approvers=("A", "R")),
        ),
        (four_eyes("A R"), 0, (), click("R", decision="reject"), None),
        (STRICT, 0, (), click("E", "A"), r.OwnEdit(by="E", approvers=("A", "B"))),
        (STRICT, 0, (), click("E", "A", decision="edit"), None),
        (STRICT, 0, (), click("E", "A", decision="request-changes"), None),
        (STAGES, 0, (), click("C"), r.NotYet(by="C", waiting_for=("A", "B"))),
        (STAGES, 1, (vote("B"),), click("B"), r.AlreadyCounted(by="B", waiting_for=("B", "C"))),
        (STAGES, 1, (vote("B"),), click("B", decision="reject"), None),
        (STAGES, 1, (vote("A"),), click("A"), r.AlreadyCounted(by="A", waiting_for=("B", "C"))),
        (STAGES, 1, (vote("B"),), click("A"), r.NotAllowed(by="A", approvers=("B", "C"))),
        (STAGES, 1, (vote("A"),), click("B"), None),
        (
            Policy(stages=STAGES.stages, distinct=False),
            1,
            (vote("B"),),
            click("B"),
            None,
        ),
        (
            one_stage(of("A"), veto=parse_approvers("V")),
            0,
            (),
            click("X", "none", decision="reject"),
            r.NotAllowed(by="X", approvers=("A", "V")),
        ),
        (
            one_stage(of("A"), veto=parse_approvers("V")),
            0,
            (),
            click("V", decision="reject"),
            None,
        ),
    ],
)
def test_h21_who_may_click(
    policy: Policy, stage: int, votes: tuple[Vote, ...], who: Click, refusal: object
) -> None:
    """R started the run, E edited last."""
    assert refuse_person(policy, votes, stage, who, requester="R", editor="E") == refusal


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (any_of(""), "names nobody"),
        (Policy(stages=()), "asks nobody"),
        (quorum(2, "A"), "takes 2 people of A"),
        (four_eyes("R"), "without R"),
        (one_stage(of("A"), of("A")), "2 different people"),
        (in_order("A", "A"), "2 different people"),
        (one_stage(of("A B", 2), of("A B")), "3 different people"),
        (one_stage(of("@empty")), "nobody stands behind @empty"),
        (one_stage(of("@x B", 3)), "takes 3 people"),
        (everyone("R", four_eyes=True), "without R"),
        (in_order(everyone("A B"), "B"), "3 different people"),
    ],
)
def test_h21_policies_that_nobody_can_satisfy(policy: Policy, named: str) -> None:
    """The sentence says why, and what to do."""
    members = {**users_of(policy), "@empty": frozenset(), "@x": frozenset("AB")}
    reason = why_unsatisfiable(policy, members, requester="R")

    assert reason is not None
    assert named in reason
    assert "name" in reason


@pytest.mark.parametrize(
    "policy",
    [
        any_of("R"),
        four_eyes("A R"),
        quorum(9, "@unknown"),
        one_stage(of("A @unknown", 2), of("A")),
        one_stage(of("A"), of("A"), distinct=False),
        one_stage(of("A B"), of("A")),
        everyone("A B"),
        in_order("A", everyone("A B")),
    ],
)
def test_h21_policies_that_people_can_satisfy(policy: Policy) -> None:
    """Groups whose members are not known are taken to be large enough."""
    assert why_unsatisfiable(policy, users_of(policy), requester="R") is None


def test_h22_an_editor_who_may_not_approve_is_one_less() -> None:
    """So an edit by the only approver leaves nobody."""
    policy = one_stage(of("A"), last_editor_may_approve=False)

    assert why_unsatisfiable(policy, users_of(policy)) is None
    assert "without A" in (why_unsatisfiable(policy, users_of(policy), editor="A") or "")


SLOTS = st.builds(
    Slot,
    approvers=st.lists(
        st.sampled_from([*PEOPLE, *GROUPS]), min_size=1, max_size=3, unique=True
    ).map(parse_approvers),
    count=st.integers(min_value=1, max_value=3),
)
VOTERS = st.lists(st.sampled_from(PEOPLE), unique=True)


def entries(name: str) -> tuple[str, ...]:
    """Return what somebody belongs to."""
    return (name, *(group for group, members in GROUPS.items() if name in members))


def is_filled(slots: Sequence[Slot], fitting: Mapping[str, Sequence[int]]) -> bool:
    """Try out everything: every voter in every slot, or in none."""
    for given_to in product(*([*slots_of, None] for slots_of in fitting.values())):
        if all(given_to.count(number) >= (slot.count or 0) for number, slot in enumerate(slots)):
            return True
    return False


@given(slots=st.lists(SLOTS, min_size=1, max_size=3), voters=VOTERS)
def test_h21_slots_are_filled_exactly_if_there_is_any_way(
    slots: list[Slot], voters: list[str]
) -> None:
    """Different people for all slots, found as by trying out everything."""
    votes = [
        vote(name, "approve", *entries(name), at=NINE + number * MINUTE)
        for number, name in enumerate(voters)
    ]
    fitting = {
        name: [
            number
            for number, slot in enumerate(slots)
            if set(map(str, slot.approvers)) & set(entries(name))
        ]
        for name in voters
    }
    now = standing(one_stage(*slots), votes, 0)
    people = [name for fill in now.fills for name in fill.by]

    assert now.is_approved == is_filled(slots, fitting)
    assert len(people) == len(set(people))
    assert all(len(fill.by) + fill.missing == fill.needed for fill in now.fills)


@given(
    slots=st.lists(SLOTS, min_size=1, max_size=3),
    voters=VOTERS,
    order=st.randoms(use_true_random=False),
    distinct=st.booleans(),
)
def test_h21_the_order_in_which_votes_are_stored_does_not_matter(
    slots: list[Slot],
    voters: list[str],
    order: Any,
    distinct: bool,  # noqa: FBT001 - drawn
) -> None:
    """The same votes amount to the same standing; other instants change only who is counted."""
    policy = one_stage(*slots, distinct=distinct)
    votes = [
        vote(name, "approve", *entries(name), at=NINE + number * MINUTE)
        for number, name in enumerate(voters)
    ]
    shuffled = list(votes)
    order.shuffle(shuffled)
    later = [
        vote(each.seat, "approve", *each.via, at=NINE + timedelta(hours=number))
        for number, each in enumerate(shuffled)
    ]
    now = standing(policy, votes, 0)
    then = standing(policy, later, 0)

    assert standing(policy, shuffled, 0) == now
    assert then.is_approved == now.is_approved
    assert sum(fill.missing for fill in then.fills) == sum(fill.missing for fill in now.fills)


@given(slots=st.lists(SLOTS, min_size=1, max_size=3))
def test_h21_a_policy_is_satisfiable_exactly_if_all_people_together_satisfy_it(
    slots: list[Slot],
) -> None:
    """What is promised before the run is what the votes come to."""
    policy = one_stage(*slots)
    members = {**users_of(policy), **{name: frozenset(who) for name, who in GROUPS.items()}}
    votes = [vote(name, "approve", *entries(name)) for name in PEOPLE]

    assert (why_unsatisfiable(policy, members) is None) == standing(policy, votes, 0).is_approved


@given(members=st.sets(st.sampled_from(PEOPLE), min_size=1), voters=VOTERS)
def test_h21_everybody_has_approved_exactly_if_no_member_is_missing(
    members: set[str], voters: list[str]
) -> None:
    """Votes of people who are no members do not help."""
    votes = [vote(name, "approve", "@x") for name in voters]
    now = standing(everyone("@x"), votes, 0, rosters={"@x": tuple(members)})

    assert now.is_approved == (members <= set(voters))
    assert set(now.waiting) == members - set(voters)


@given(
    slots=st.lists(SLOTS, min_size=1, max_size=2),
    voters=VOTERS,
    vetoes=st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1),
)
def test_h21_a_veto_always_rejects(slots: list[Slot], voters: list[str], vetoes: list[str]) -> None:
    """However many have approved."""
    policy = one_stage(*slots, veto=parse_approvers(vetoes), deny_threshold=99)
    votes = [vote(name, "approve", *entries(name)) for name in voters]
    rejection = vote(vetoes[0], "reject", at=NINE + MINUTE)

    assert standing(policy, [*votes, rejection], 0).is_rejected
    assert not standing(policy, votes, 0).is_rejected
