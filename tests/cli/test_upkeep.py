"""What people do about an open approval beside deciding it, from the command line."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.cli.shell import Shell

BOB = ("--as", "U0BOB")


def events(shell: Shell, ref: str) -> list[str]:
    """Return the kinds of events in an approval's history."""
    return [each["type"] for each in shell.approval(ref)["history"]]


def test_h23_comments_and_questions_stand_beside_the_decision(deep: Shell) -> None:
    """Each is shown with who wrote it; the requester may write, too."""
    ref = deep.ask("vault", "--as", "U0ALICE")

    asked = deep("ask", ref, "Which vault?", *BOB)
    said = deep("comment", ref, "The small one.", "--as", "U0ALICE")

    assert (asked.code, asked.out) == (0, f"{ref} has the question; U0ALICE is asked\n")
    assert (said.code, said.out) == (0, f"{ref} has the comment\n")
    assert [(each["by"], each["wants_answer"]) for each in deep.approval(ref)["comments"]] == [
        ("U0BOB", True),
        ("U0ALICE", False),
    ]
    shown = deep("approval", ref).out
    assert "U0BOB asks, " in shown
    assert ": Which vault?" in shown


def test_h23_a_deputy_answers_in_ones_place(deep: Shell) -> None:
    """Both names are on record."""
    ref = deep.ask("outside")

    delegated = deep("delegate", ref, "U0DAVE", *BOB)
    decided = deep("decide", ref, "result", "--as", "U0DAVE", "--data", "1")

    answer = deep.approval(ref)["answers"][0]
    assert delegated.out == f"{ref} may be answered by U0DAVE, too\n"
    assert decided.code == 0
    assert (answer["by"], answer["instead_of"]) == ("U0DAVE", "U0BOB")


def test_h23_other_people_are_asked(deep: Shell) -> None:
    """Whoever was asked before is not asked any more."""
    ref = deep.ask("outside")

    reassigned = deep("reassign", ref, "U0CAROL", "U0DAVE", *BOB, "--reason", "on holiday")
    before = deep("decide", ref, "result", *BOB, "--data", "1")
    after = deep("decide", ref, "result", "--as", "U0DAVE", "--data", "1")

    assert reassigned.out == f"{ref} is open: waits for U0CAROL U0DAVE\n"
    assert (before.code, after.code) == (1, 0)


def test_h23_a_deadline_is_moved(deep: Shell) -> None:
    """By a time, or to an instant; never nearer."""
    ref = deep.ask("vault")
    due = datetime.fromisoformat(deep.approval(ref)["due_at"])
    wanted = (due + timedelta(days=1)).astimezone(timezone(timedelta(hours=1)))

    by = deep("extend", ref, "2h", *BOB, "--reason", "long lunch", "--json")
    to = deep("extend", ref, wanted.isoformat(), *BOB)
    nearer = deep("extend", ref, "2020-01-01T09:00Z", *BOB)

    assert datetime.fromisoformat(by.json["due_at"]) == due + timedelta(hours=2)
    assert (to.code, nearer.code, len(nearer.lines)) == (0, 1, 1)
    assert datetime.fromisoformat(deep.approval(ref)["due_at"]) == wanted


def test_h23_one_person_snoozes(deep: Shell) -> None:
    """The deadline stays."""
    ref = deep.ask("vault")
    due = deep.approval(ref)["due_at"]

    answer = deep("snooze", ref, "2h", *BOB, "--json")

    assert list(answer.json["snoozed"]) == ["U0BOB"]
    assert answer.json["due_at"] == due
    assert "U0BOB is not reminded until" in deep("approval", ref).out


def test_h23_a_question_is_taken_back(deep: Shell) -> None:
    """By whoever started the run; the run goes on as if it had been rejected."""
    ref = deep.ask("vault", "--as", "U0ALICE")

    stranger = deep("withdraw", ref, *BOB)
    answer = deep("withdraw", ref, "--as", "U0ALICE", "--reason", "wrong vault")

    assert (stranger.code, len(stranger.lines)) == (1, 1)
    assert answer.out.startswith(f"{ref} withdrawn; run ")
    assert deep.approval(ref)["run"]["status"] == "cancelled"


def test_approvers_are_reminded_by_hand_once_a_minute(deep: Shell) -> None:
    """The second time says how long to wait."""
    ref = deep.ask("vault")

    first, second = deep("remind", ref, *BOB), deep("remind", ref, *BOB)

    assert first.out == f"{ref} was reminded of: stage 1 of 2: 0 of 2, waits for U0BOB U0CAROL\n"
    assert (second.code, len(second.lines)) == (1, 1)
    assert "try again in" in second.err
    assert events(deep, ref).count("ReminderFired") == 1


def test_a_question_is_posted_anew(deep: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is Slack to post it in; by people who have to do with it."""
    monkeypatch.setenv("SIGNOFF_CHANNEL", "C0APPROVALS")
    ref = deep.ask("vault")

    assert deep("repost", ref, *BOB).out == f"{ref} is posted anew\n"
    assert "or an operator may" in deep("repost", ref, "--as", "U0MALLORY").err


def test_the_system_user_acts_unless_somebody_is_named(deep: Shell) -> None:
    """Who started a run from here may take its question back without an introduction."""
    ref = deep.ask("vault")

    assert deep("withdraw", ref).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("comment", "REF", "hello", "--as", "U0MALLORY"),
        ("comment", "REF", " ", "--as", "U0BOB"),
        ("ask", "REF", "why?", "--as", "U0MALLORY"),
        ("delegate", "REF", "U0EVE", "--as", "U0MALLORY"),
        ("delegate", "REF", "U0BOB", "--as", "U0BOB"),
        ("reassign", "REF", "U0EVE", "--as", "U0MALLORY"),
        ("reassign", "REF", "two@", "--as", "U0BOB"),
        ("snooze", "REF", "1h", "--as", "U0MALLORY"),
        ("extend", "REF", "1h", "--as", "U0MALLORY"),
        ("extend", "REF", "1h", "--as", "U0BOB"),
        ("withdraw", "REF", "--as", "U0MALLORY"),
        ("remind", "REF", "--as", "U0MALLORY"),
        ("repost", "REF", "--as", "U0ALICE"),
    ],
)
def test_what_is_refused_leaves_no_trace(words: tuple[str, ...], deep: Shell) -> None:
    """One line says why, and the history is as it was."""
    ref = deep.ask("outside", "--as", "U0ALICE")

    answer = deep(*(ref if word == "REF" else word for word in words))

    assert (answer.code, answer.out) == (1, "")
    assert len(answer.lines) == 1
    assert events(deep, ref) == ["ApprovalOpened"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("extend", "a-0000000", "tomorrow"), 2),
        (("extend", "a-0000000", "2099-01-01T09:00"), 2),
        (("snooze", "a-0000000", "0m"), 2),
        (("reassign", "a-0000000"), 2),
        (("comment", "a-0000000"), 2),
        (("snooze", "a-0000000", "1h"), 1),
        (("remind", "a-0000000"), 1),
        (("repost", "a-0000000"), 1),
    ],
)
def test_wrong_usage_and_unknown_approvals_are_one_line(
    words: tuple[str, ...], code: int, deep: Shell
) -> None:
    """An instant without a zone is ambiguous, so it is no instant."""
    answer = deep(*words)

    assert (answer.code, answer.out) == (code, "")
    assert len(answer.lines) == 1
