"""What cards and notices say: progress, votes, outcomes, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.cards import notice_of, outcome_card, people_to_remind, question_card, rule_line
from bot.cards.changes import change_passages
from bot.cards.progress import notes, progress_words
from bot.cards.shapes import passages_of
from bot.cards.words import plain
from bot.slack.errors import sentence
from bot.slack.kit.messages import render, render_notice
from orchestrator import errors as e
from orchestrator.core import approval_events as a
from orchestrator.core.state import Delegation, Vote
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.graph.policy import (
    Policy,
    any_of,
    everyone,
    four_eyes,
    in_order,
    parse_approvers,
    quorum,
)
from orchestrator.store.records import Approval, Rule
from tests.slack.bench import mrkdwn_texts, shown
from tests.slack.samples import APPROVAL_ID, HOSTILE, NOW, RUN_ID, answer, approval, resolved, run
from tests.slack.test_rendering import GROUPS, check


def vote(by: str, decision: Decision = Decision.APPROVE, **changes: Any) -> Vote:
    """Return a vote of an editor."""
    facts: dict[str, Any] = {
        "seat": by,
        "by": by,
        "decision": decision,
        "via": ("@editors",),
        "stage": 0,
        "at": NOW,
    }
    return Vote(**(facts | changes))


def named(policy: Policy, **changes: Any) -> Policy:
    """Return a policy with other rules."""
    return replace(policy, **changes)


STAGED = in_order(quorum(2, "@editors"), four_eyes("@finance"))


@pytest.mark.parametrize(
    ("policy", "changes", "words"),
    [
        (any_of("@editors"), {}, "0 of 1 · waiting for @editors"),
        (quorum(2, "@editors"), {"votes": (vote("U0BOB"),)}, "1 of 2 · waiting for @editors"),
        (STAGED, {}, "0 of 2 · waiting for @editors · stage 1 of 2"),
        (
            STAGED,
            {"votes": (vote("U0BOB"), vote("U0CAROL")), "stage": 1},
            "0 of 1 · waiting for @finance · stage 2 of 2",
        ),
        (everyone("@editors"), {}, "0 so far, everybody is asked · waiting for @editors"),
        (
            everyone("@editors"),
            {"votes": (vote("U0BOB", roster={"@editors": ("U0BOB", "U0CAROL")}),)},
            "1 of 2 · waiting for @U0CAROL",
        ),
        (
            named(quorum(2, "@editors"), deny_threshold=2),
            {"votes": (vote("U0BOB", Decision.REJECT),)},
            "0 of 2 · waiting for @editors · 1 of 2 rejections",
        ),
        (any_of("@editors"), {"kind": ApprovalKind.INPUT}, "waiting for @editors"),
    ],
)
def test_h21_progress_is_in_words(policy: Policy, changes: dict[str, Any], words: str):
    """How many, who is missing, which stage, and how near a rejection is."""
    assert words == plain(progress_words(approval(policy=policy, **changes)))


def test_h21_the_name_of_a_stage_is_said():
    """Authors name stages for people."""
    stage = replace(any_of("@editors").stages[0], name="Money")

    assert plain(progress_words(approval(policy=Policy(stages=(stage,))))).endswith("· Money")


def test_h21_votes_and_rules_stand_on_the_question():
    """Who voted, with what they wrote; who may stop it; who is asked later; who stands in."""
    policy = named(STAGED, veto=parse_approvers("@release"))
    asked = approval(
        policy=policy,
        votes=(vote("U0BOB", comment="fine by me"), vote("U0DAVE", seat="U0CAROL")),
        delegations={"U0DAVE": Delegation(seat="U0CAROL", via=("@editors",))},
        escalated=1,
    )

    assert [plain(note) for note in notes(asked)] == [
        "✓ approved by @U0BOB: “fine by me”",
        "✓ approved by @U0DAVE for @U0CAROL",
        "@U0DAVE may answer in the place of @U0CAROL.",
        "Nobody had answered for a while, so more people may decide now.",
        "Then stage 2 of 2: @finance.",
        "A rejection by @release is enough to stop it.",
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("@finance #money a@b.example", "@finance or #money or a@b.example"),
        ("U0BOB", "1 person"),
        ("U0BOB U0CAROL S0FINANCE", "2 people or a group"),
        ("S0FINANCE S0EDITORS C0APPROVALS", "3 groups"),
    ],
)
def test_h21_who_is_asked_later_is_not_called_yet(names: str, words: str):
    """A mention in a first post would ping them."""
    asked = approval(policy=in_order(any_of("@editors"), any_of(names)))
    message = render(question_card(asked, due_at=None), GROUPS)

    assert [plain(note) for note in notes(asked)] == [f"Then stage 2 of 2: {words}."]
    assert "U0BOB" not in shown({"text": message.text, "blocks": message.blocks})


def test_h21_a_hostile_comment_of_a_vote_is_only_text():
    """It stands in mark-up, where it could ping."""
    asked = approval(policy=quorum(2, "@editors"), votes=(vote("U0BOB", comment=HOSTILE * 50),))
    message = render(question_card(asked, due_at=None), GROUPS)

    check(message.blocks)
    assert not any("<!channel" in text for text in mrkdwn_texts(message.blocks))


def edited(**changes: Any) -> Approval:
    """Return a review that somebody edited and that needed nobody else."""
    old = {"title": "Bees", "meta": {"words": 3, "lang": "en"}, "text": "a " * 100, "gone": 1}
    new = {"title": "Wasps", "meta": {"words": 4, "lang": "en"}, "text": "b " * 100, "more": None}
    edit = replace(answer(Decision.EDIT), values=new)
    facts: dict[str, Any] = {"edits": old, "answers": (edit,), "kind": ApprovalKind.REVIEW}
    return resolved("edited", **(facts | changes))


def test_h22_an_edit_shows_old_and_new_part_by_part():
    """Short values on a line, long ones before and after; what did not change is left out."""
    found = [(passage.label, passage.text[:12]) for passage in change_passages(edited())]

    assert found == [
        ("Title", "Bees → Wasps"),
        ("Meta words", "3 → 4"),
        ("Text, before", "a a a a a a "),
        ("Text, now", "b b b b b b "),
        ("Gone", "1 → (not the"),
        ("More", "(not there) "),
    ]


def test_h22_many_changes_are_counted():
    """The message stays readable."""
    old, new = {f"k{n}": n for n in range(30)}, {f"k{n}": -n - 1 for n in range(30)}
    edit = replace(answer(Decision.EDIT), values=new)
    passages = change_passages(edited(edits=old, answers=(edit,)))

    assert passages[-1].text == "22 more changes"


def test_h22_nothing_is_shown_where_nothing_was_edited():
    """An answer brings values, too."""
    assert change_passages(resolved("approved")) == ()
    assert change_passages(approval(edits={"a": 1})) == ()


RULED = replace(answer(Decision.APPROVE), rule="0" * 32)
GLASS = replace(answer(Decision.APPROVE, comment="fire"), breaks_glass=True)
DEPUTY = replace(answer(Decision.APPROVE, by="U0DAVE"), instead_of="U0BOB")
CHOSEN = replace(answer(Decision.CHOOSE), values=["north", "west"])


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        ("approved", {}, "Approved by @U0BOB"),
        ("approved", {"answers": (RULED,)}, "Approved by the standing rule s-0000000 of @U0BOB"),
        ("approved", {"answers": (GLASS,)}, "Approved alone, against the policy, by @U0BOB"),
        ("approved", {"answers": (DEPUTY,)}, "Approved by @U0DAVE (for @U0BOB)"),
        ("rejected", {}, "Rejected by @U0BOB"),
        (
            "changes-requested",
            {"answers": (answer(Decision.REQUEST_CHANGES),)},
            "Changes requested by @U0BOB",
        ),
        (
            "changes-requested",
            {"answers": (answer(Decision.REQUEST_CHANGES),), "kind": ApprovalKind.ITERATE},
            "Another round requested by @U0BOB",
        ),
        ("answered", {"answers": (CHOSEN,)}, "north, west chosen by @U0BOB"),
        ("answered", {"answers": (answer(Decision.ANSWER),)}, "Answered by @U0BOB"),
        ("answered", {"answers": (answer(Decision.RESULT),)}, "Result entered by @U0BOB"),
        ("answered", {"answers": (answer(Decision.SKIP),)}, "Skipped by @U0BOB"),
        ("answered", {}, "Answered by somebody"),
        ("expired", {"action": "answer"}, "The answer that the graph has for this counts."),
        ("expired", {"action": "fail"}, "The node failed."),
        ("expired", {"votes": (vote("U0BOB"),)}, "not enough answers came within 5 minutes"),
        ("withdrawn", {"resolved_by": "U0BOB"}, "Withdrawn by @U0BOB."),
        (
            "withdrawn",
            {"resolved_by": "U0BOB", "reason": "not needed"},
            "Withdrawn by @U0BOB: not needed",
        ),
        ("withdrawn", {"reason": "nobody is left"}, "Withdrawn: nobody is left"),
        ("withdrawn", {}, "the run does not need an answer any more"),
        (
            "withdrawn",
            {"run": run(cancelled_by="U0BOB"), "resolved_by": "U0ALICE"},
            "Withdrawn by @U0ALICE.",
        ),
    ],
)
def test_s2_every_outcome_has_its_sentence(status: str, changes: dict[str, Any], words: str):
    """Who, what, and for whom."""
    card = outcome_card(resolved(status, **changes))

    check(render(card, GROUPS).blocks)
    assert words in plain(card.story[0])
    assert words in plain(card.summary)
    assert card.asides == ()


def test_s2_an_edit_that_others_approved_names_both():
    """Votes before the edit are not named."""
    asked = edited(
        answers=(
            answer(Decision.APPROVE, by="U0OLD1"),
            replace(answer(Decision.EDIT, by="U0BOB"), values={}),
            answer(Decision.APPROVE, by="U0CAROL"),
        ),
        votes=(vote("U0BOB", Decision.EDIT), vote("U0CAROL")),
    )

    assert "Edited and approved by @U0BOB, approved by @U0CAROL ·" in plain(
        outcome_card(asked).story[0]
    )


NOTICES = [
    (a.CommentAdded(approval_id=APPROVAL_ID, by="U0BOB", text="hm", surface="cli"), "@U0BOB wrote"),
    (
        a.CommentAdded(
            approval_id=APPROVAL_ID, by="U0BOB", text="why?", surface="cli", wants_answer=True
        ),
        "@U0ALICE: @U0BOB needs to know from you",
    ),
    (a.StageReached(approval_id=APPROVAL_ID, stage=0), "@editors: now it is your turn"),
    (
        a.ApprovalEscalated(approval_id=APPROVAL_ID, to=parse_approvers("@finance U0DAVE")),
        "@finance and @U0DAVE: nobody has answered yet",
    ),
    (
        a.ApprovalReassigned(approval_id=APPROVAL_ID, by="U0BOB", policy=any_of("@finance")),
        "@finance: @U0BOB asks you to decide this",
    ),
    (
        a.ApprovalDelegated(approval_id=APPROVAL_ID, by="U0BOB", to="U0DAVE", via=("@editors",)),
        "@U0DAVE: you may answer this in the place of @U0BOB",
    ),
    (
        a.ApprovalExtended(
            approval_id=APPROVAL_ID, by="U0BOB", times=a.Times(due_at=NOW), reason="ill"
        ),
        "@U0BOB extended the deadline to 2026-11-21 09:00 UTC",
    ),
]


@pytest.mark.parametrize(("event", "words"), NOTICES)
def test_h23_every_event_that_concerns_people_is_told(event: Any, words: str):
    """And who has to know is called by name."""
    notice = notice_of(approval(), event)

    assert notice is not None
    assert words in plain(notice.words)

    message = render_notice(notice, approval_id=APPROVAL_ID, delivery=1, groups=GROUPS)

    check(message.blocks)


@pytest.mark.parametrize(("event", "_words"), NOTICES[2:])
def test_t4_nobody_is_called_after_the_outcome(event: Any, _words: str):
    """Only what people wrote is still posted."""
    assert notice_of(resolved("approved"), event) is None


def test_h23_what_tells_nobody_anything_is_not_posted():
    """Votes are on the message itself; a stage that is over calls nobody."""
    decided = a.DecisionRecorded(
        approval_id=APPROVAL_ID, decision=Decision.APPROVE, by="U0BOB", via=(), surface="cli"
    )

    assert notice_of(approval(), decided) is None
    assert notice_of(approval(), a.StageReached(approval_id=APPROVAL_ID, stage=1)) is None
    assert notice_of(approval(), object()) is None


def test_h23_a_hostile_comment_pings_nobody():
    """It is quoted as it is."""
    event = a.CommentAdded(approval_id=APPROVAL_ID, by="U0BOB", text=HOSTILE * 99, surface="cli")
    notice = notice_of(approval(), event)

    assert notice is not None

    message = render_notice(notice, approval_id=APPROVAL_ID, delivery=1, groups=GROUPS)

    check(message.blocks)
    assert "<!channel" not in shown({"text": message.text, "blocks": message.blocks})


def test_h23_who_snoozed_is_not_among_those_to_remind():
    """Until the time is over."""
    asked = approval(policy=any_of("U0BOB U0CAROL"), snoozed={"U0BOB": NOW + timedelta(hours=1)})

    assert people_to_remind(asked, NOW) == ("U0CAROL",)
    assert people_to_remind(asked, NOW + timedelta(hours=2)) == ("U0BOB", "U0CAROL")


def test_h24_a_rule_is_one_line():
    """Whose, for what, where, until when."""
    rule = Rule(
        id="0" * 32,
        graph="publish",
        node="review",
        kind=ApprovalKind.CONFIRM,
        run_id=RUN_ID,
        by="U0BOB",
        surface="slack",
        granted_at=NOW,
        revoked_at=NOW,
        approval_id=APPROVAL_ID,
        granted_in=RUN_ID,
    )

    assert plain(rule_line(rule)) == (
        "s-0000000 @U0BOB approves every confirm question of publish at review in run "
        f"{run().ref} · revoked 2026-11-21 09:00 UTC"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (e.NotYourTurnError("U0ME", ["@editors"], "x"), "not your turn yet: waiting for @editors"),
        (e.AlreadyCountedError("U0ME", ["@finance"], "x"), "counted in an earlier stage"),
        (e.OutsiderError("U0ME", (), "x"), "Bots, guests and people of other organisations"),
        (
            e.SelfApprovalError("U0ME1", ["@x"], "U0ME1 started this run and may not approve it"),
            "You started this run and may not approve it.",
        ),
        (
            e.NotPermittedError("U0ME1", "U0ME1 may not withdraw it; that takes U0BOB1 or @ops"),
            "You may not withdraw it; that takes @U0BOB1 or @ops.",
        ),
        (e.NotPossibleError("this has no deadline"), "This has no deadline."),
        (e.ConfirmationError("a-1"), "takes a second confirmation"),
        (e.RecentlyRemindedError("a-1", 30), "try again in 30 s"),
        (e.RuleNotFoundError("s-1"), "There is no standing rule s-1"),
        (e.UnknownSignalError("x", ("paid",)), "waits for the signal x; known: paid."),
        (e.InvalidValuesError([("a", "is odd")]), "A: is odd."),
    ],
)
def test_s9_every_new_refusal_has_a_sentence(error: Exception, words: str):
    """In the second person where it is about the reader."""
    found = sentence(error, reader="U0ME1")

    assert found is not None
    assert words in plain(found)


def test_s1_a_value_of_the_input_is_named_as_its_form_names_it():
    """Unless another value is called the same; then both are told apart."""
    payload = {"input.amount": 5, "input.vendor": "Honey", "vendor": "Wax", "input": {"due": "May"}}

    assert [(each.label, each.text) for each in passages_of(payload, {})] == [
        ("Amount", "5"),
        ("Input vendor", "Honey"),
        ("Vendor", "Wax"),
        ("Due", "May"),
    ]
