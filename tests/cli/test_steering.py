"""`signal`, `pause`, `resume` and `cancel`."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell


def test_a_signal_is_typed_by_the_wait(deep: Shell) -> None:
    """A version stays a text although it looks like a number."""
    run = deep.start("news")

    answer = deep("signal", run, "out", "--value", "version=1.10", "--as", "U0ALICE")

    (node,) = deep("show", run, "--json").json["nodes"]
    log = deep("show", run, "--log", "--json").json["log"]
    (event,) = (each["event"] for each in log if each["type"] == "SignalReceived")
    assert answer.out == f"{run} news: completed\n"
    assert node["status"] == "succeeded"
    assert (event["by"], event["payload"]) == ("U0ALICE", {"version": "1.10"})


def test_a_run_that_waits_for_a_signal_says_so(deep: Shell) -> None:
    """`run --wait` ends there, because only somebody else can go on."""
    run = deep.start("news")

    assert "hear  waiting    for the signal 'out'" in deep("show", run).out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("in",), 1, "it takes out"),
        (("out",), 1, ""),
        (("out", "--data", "{}"), 1, "version"),
        (("out", "--data", "{"), 2, "is no JSON"),
        (("out", "--data", "{}", "--value", "version=1"), 2, "one way"),
    ],
)
def test_a_signal_that_does_not_fit_is_refused(
    words: tuple[str, ...], code: int, text: str, deep: Shell
) -> None:
    """The line names what the run takes; the run still waits."""
    run = deep.start("news")

    answer = deep("signal", run, *words)

    assert (answer.code, answer.out, len(answer.lines)) == (code, "", 1)
    assert text in answer.err
    assert deep("show", run, "--json").json["status"] == "waiting"


def test_a_paused_run_starts_nothing_until_it_is_resumed(deep: Shell) -> None:
    """Decisions are taken meanwhile; who paused it, and why, is shown."""
    ref = deep.ask("outside")
    run = deep.approval(ref)["run"]["ref"]

    paused = deep("pause", run, "--as", "U0OPS", "--reason", "the database moves")
    shown = deep("show", run).out
    resumed = deep("resume", run, "--as", "U0OPS", "--json")

    assert paused.out == f"{run} outside: paused\n"
    assert "Paused   by U0OPS: the database moves" in shown
    assert resumed.json["status"] == "waiting"
    assert deep("decide", ref, "result", "--as", "U0BOB", "--data", "1").code == 0


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_what_is_over_cannot_be_steered(command: str, deep: Shell) -> None:
    """One line says how it ended."""
    run = deep.start("news")
    deep("cancel", run)

    answer = deep(command, run)

    assert (answer.code, answer.out, len(answer.lines)) == (1, "", 1)
    assert "already cancelled" in answer.err


def test_a_run_is_cancelled_without_any_graph(deep: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """At night a run must be stoppable from anywhere."""
    run = deep.start("news")
    monkeypatch.delenv("SIGNOFF_GRAPHS")

    assert deep("cancel", run).out == f"{run} news: cancelled\n"


def test_cancelling_takes_back_what_was_done(deep: Shell) -> None:
    """The command records it; whoever serves does the undoing."""
    ref = deep.ask("undone")
    run = deep.approval(ref)["run"]["ref"]

    asked = deep("cancel", run, "--reason", "changed our minds")
    ended = deep.finish(ref)

    assert asked.out == f"{run} undone: cancelling\n"
    assert ended["status"] == "cancelled"
    assert [each["path"] for each in ended["nodes"]] == ["do", "ask", "do!undo"]
