"""`decide`: every decision, with everything that it can bring, on a real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.session import system_user
from tests.cli.shell import Shell

BOB = ("--as", "U0BOB")
ORDER = {
    "what": "tea",
    "count": 2,
    "price": 1.5,
    "is_urgent": True,
    "needed_on": "2026-12-24",
    "notice": "PT30M",
    "tags": ["hot"],
    "size": "small",
}
WORDS = (
    "what=tea",
    "count=2",
    "price=1.5",
    "is_urgent=yes",
    "needed_on=2026-12-24",
    "notice=30m",
    'tags=["hot"]',
)


def values(*words: str) -> list[str]:
    """Write words as options."""
    return [part for word in words for part in ("--value", word)]


def last_answer(shell: Shell, ref: str) -> Any:
    """Return the newest answer to an approval."""
    return shell.approval(ref)["answers"][-1]


def test_h14_an_answer_is_typed_by_the_schema(deep: Shell) -> None:
    """Words become numbers, booleans, durations and lists, and the node gets them."""
    ref = deep.ask("order")

    answer = deep("decide", ref, "answer", *BOB, *values(*WORDS))

    assert (answer.code, answer.err) == (0, "")
    run = deep.finish(ref)
    assert (run["error"], run["output"]) == (None, {"answer": ORDER})


def test_h14_problems_of_an_answer_are_listed_by_field(deep: Shell) -> None:
    """Words that are of no type, and values that the schema refuses; nothing is stored."""
    ref = deep.ask("order")

    unread = deep("decide", ref, "answer", *BOB, *values("what=tea", "count=two", "price=cheap"))
    refused = deep("decide", ref, "answer", *BOB, *values("count=0"))

    assert (unread.code, unread.out) == (1, "")
    assert [line.split(":")[1].strip() for line in unread.lines] == ["count", "price"]
    assert sorted(line.split(":")[1].strip() for line in refused.lines) == ["count", "what"]
    assert deep.approval(ref)["answers"] == []


@pytest.mark.parametrize(("graph", "decision"), [("order", "answer"), ("draft", "edit")])
def test_values_that_are_missing_are_asked_for(graph: str, decision: str, deep: Shell) -> None:
    """The line says how to give them, and the question stays open."""
    ref = deep.ask(graph)

    answer = deep("decide", ref, decision, *BOB)

    wanted = f"signoff: {decision} takes values; give them with --value KEY=VALUE or --data JSON"
    assert (answer.code, answer.out, answer.lines) == (1, "", [wanted])
    assert deep.approval(ref)["status"] == "open"


def test_an_answer_may_have_null_where_the_schema_takes_it(deep: Shell) -> None:
    """The word null is nothing for a field that may be nothing, and a text for a text."""
    ref = deep.ask("order")

    deep("decide", ref, "answer", *BOB, *values("what=null", "price=null"))

    assert last_answer(deep, ref)["values"] == {
        **ORDER,
        "what": "null",
        "price": None,
        "count": 1,
        "is_urgent": False,
        "needed_on": None,
        "notice": "PT1H",
        "tags": [],
    }


@pytest.mark.parametrize("way", ["text", "file", "stdin"])
def test_values_can_be_given_as_json(way: str, deep: Shell) -> None:
    """As a text, from a file, or by a pipe."""
    ref, text = deep.ask("order"), json.dumps(ORDER)
    Path("order.json").write_text(text)
    word = {"text": text, "file": "@order.json", "stdin": "-"}[way]

    answer = deep("decide", ref, "answer", *BOB, "--data", word, stdin=text)

    assert (answer.code, answer.err) == (0, "")
    assert last_answer(deep, ref)["values"] == ORDER


@pytest.mark.parametrize("word", ["{", "@missing.json", "-", "NaN"])
def test_what_is_no_json_is_wrong_usage(word: str, deep: Shell) -> None:
    """The line says where it was looked for."""
    answer = deep("decide", "a-0000000", "answer", *BOB, "--data", word)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.lines) == 1


def test_routes_are_chosen_in_their_order(deep: Shell) -> None:
    """Several where the question allows it; an unknown one is refused."""
    ref = deep.ask("fork")

    unknown = deep("decide", ref, "choose", *BOB, "--route", "up")
    chosen = deep("decide", ref, "choose", *BOB, "--route", "west", "--route", "north")

    (node,) = deep.finish(ref)["nodes"]
    assert (unknown.code, len(unknown.lines)) == (1, 1)
    assert chosen.code == 0
    assert [body["key"] for body in node["bodies"]] == ["west", "north"]


def test_h22_an_edit_keeps_what_it_does_not_name(deep: Shell) -> None:
    """Types are those of the present values; votes before it are void."""
    ref = deep.ask("draft")
    deep("decide", ref, "approve", "--as", "U0CAROL")

    edit = deep("decide", ref, "edit", *BOB, *values("text=Coffee.", "words=1"))
    shown = deep("approval", ref).out
    again = deep("decide", ref, "approve", "--as", "U0CAROL")

    assert edit.out.startswith(f"{ref} is still open: 1 of 2, waits for U0CAROL U0DAVE; run ")
    assert "  words: 3 → 1" in shown
    assert "-Tea." in shown
    assert "+Coffee." in shown
    assert "void" in shown
    assert again.code == 0
    assert deep.finish(ref)["output"] == {"text": "Coffee.", "words": 1}


def test_an_edit_that_is_enough_shows_old_and_new(deep: Shell) -> None:
    """One word is edited and the rest stays; the outcome tells the difference."""
    ref = deep.ask("draft")
    deep("decide", ref, "edit", *BOB, *values("words=4"))
    deep("decide", ref, "approve", "--as", "U0DAVE")

    assert "  words: 3 → 4" in deep("approval", ref).out


def test_changes_are_requested_with_a_comment(deep: Shell) -> None:
    """The node is visited again, with what was said."""
    ref = deep.ask("draft")

    answer = deep("decide", ref, "request-changes", *BOB, "--comment", "shorter")

    assert answer.out.startswith(f"{ref} changes-requested; ")
    assert deep.approval(ref)["answers"][0]["comment"] == "shorter"


@pytest.mark.parametrize(
    ("words", "brought"),
    [
        (("--data", "[1, null]"), [1, None]),
        (("--value", "size=3", "--value", "name=shop"), {"size": 3, "name": "shop"}),
    ],
)
def test_a_result_without_a_schema_is_any_json(
    words: tuple[str, ...], brought: Any, deep: Shell
) -> None:
    """Words are JSON where they can be read as it, and otherwise texts."""
    ref = deep.ask("outside")

    deep("decide", ref, "result", *BOB, *words)

    assert last_answer(deep, ref)["values"] == brought


@pytest.mark.parametrize(("decision", "status"), [("skip", "completed"), ("fail", "failed")])
def test_h16_an_error_is_decided(decision: str, status: str, deep: Shell) -> None:
    """What went wrong is shown, and the run ends as the person says."""
    ref = deep.ask("broken")

    shown = deep("approval", ref).out
    deep("decide", ref, decision, *BOB)

    assert "Error     ValueError: the shop is closed" in shown
    assert deep.finish(ref)["status"] == status


def test_h24_several_approvals_are_decided_in_one_go(deep: Shell) -> None:
    """One line for each; what is refused keeps no other from being decided, and is the code."""
    deep.start("rounds")
    first, second, third = (each["ref"] for each in deep("pending", "--json").json)
    deep("decide", second, "approve", *BOB)

    answer = deep("decide", first, second, third, "approve", *BOB)

    assert answer.code == 1
    assert [line.split()[:2] for line in answer.out.splitlines()] == [
        [first, "approved;"],
        [third, "approved;"],
    ]
    assert len(answer.lines) == 1
    assert answer.err.startswith(f"signoff: {second}: already approved by U0BOB at ")


def test_h24_a_batch_as_json_says_what_became_of_each(deep: Shell) -> None:
    """The keys are the same whether an approval was decided or refused."""
    ref = deep.ask("vault")

    answer = deep("decide", ref, "a-0000000", "approve", *BOB, "--json")

    done, refused = answer.json
    assert answer.code == 1
    assert (done["asked"], done["error"], done["approval"]["ref"]) == (ref, None, ref)
    assert (refused["asked"], refused["approval"]) == ("a-0000000", None)
    assert "no approval" in refused["error"]


def test_h21_a_policy_is_told_as_it_is_filled(deep: Shell) -> None:
    """Slots and stages, and whose turn it is."""
    ref = deep.ask("vault")
    early = deep("decide", ref, "approve", "--as", "U0DAVE")
    first = deep("decide", ref, "approve", *BOB)
    second = deep("decide", ref, "approve", "--as", "U0CAROL")
    last = deep("decide", ref, "approve", "--as", "U0DAVE")

    assert (early.code, "turn" in early.err) == (1, True)
    assert "is still open: stage 1 of 2: 1 of 2, waits for U0CAROL;" in first.out
    assert "is still open: stage 2 of 2 (owner): waits for U0DAVE;" in second.out
    assert last.out.startswith(f"{ref} approved; ")


def test_h25_the_glass_is_broken_with_a_reason_and_a_second_word(deep: Shell) -> None:
    """Only by whom the policy names, and the record says so."""
    ref, other = deep.ask("vault"), deep.ask("vault")
    why = ("--break-glass", "--comment", "the house is on fire")

    wrong = deep("decide", ref, "approve", "--as", "U0ERIN", *why, "--confirm", other)
    nobody = deep("decide", ref, "approve", *BOB, *why, "--confirm", ref)
    done = deep("decide", ref, "approve", "--as", "U0ERIN", *why, "--confirm", ref)

    assert (wrong.code, nobody.code, done.code) == (1, 1, 0)
    assert f"confirm it with {ref}" in wrong.err
    assert last_answer(deep, ref)["breaks_glass"] is True
    assert "broke the glass" in deep("approval", ref).out


def test_a_decision_on_something_else_is_refused(deep: Shell) -> None:
    """With the digest that was seen, an edit in between is noticed."""
    ref = deep.ask("draft")
    seen = deep.approval(ref)["digest"]
    deep("decide", ref, "edit", "--as", "U0CAROL", *values("words=9"))

    stale = deep("decide", ref, "approve", *BOB, "--digest", seen)
    fresh = deep("decide", ref, "approve", *BOB, "--digest", deep.approval(ref)["digest"])

    assert (stale.code, len(stale.lines)) == (1, 1)
    assert "changed since you looked" in stale.err
    assert fresh.code == 0


def test_who_typed_a_decision_is_recorded(deep: Shell) -> None:
    """The approver decides, the operating system's user is on record."""
    ref = deep.ask("outside")

    deep("decide", ref, "result", *BOB, "--data", "1")

    assert last_answer(deep, ref)["recorded_by"] == system_user()


@pytest.mark.parametrize(
    "words",
    [
        ("a-0000000",),
        ("a-0000000", "a-0000001"),
        ("a-0000000", "answer", "--value", "a=1", "--data", "{}"),
        ("a-0000000", "answer", "--value", "a"),
        ("a-0000000", "approve", "--route", "north"),
        ("a-0000000", "approve", "--for-run", "--for", "1h"),
        ("a-0000000", "reject", "--for-run"),
        ("a-0000000", "approve", "--for", "soon"),
        ("a-0000000", "approve", "--for", "0s"),
        ("a-0000000", "approve", "--break-glass"),
        ("a-0000000", "approve", "--confirm", "a-0000000"),
        ("a-0000000", "approve", "--break-glass", "--confirm", "a-0000000"),
        ("a-0000000", "reject", "--break-glass", "--confirm", "a-0000000", "--comment", "x"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(words: tuple[str, ...], deep: Shell) -> None:
    """Nothing is asked of the database; one line says what is wrong."""
    answer = deep("decide", *words, *BOB)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.lines) == 1
    assert answer.err.startswith("signoff: ")
