"""The command line shows no secrets either (row S1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cards.tree import Body
from bot.cli.documents import approval_document
from bot.cli.question import print_approval
from bot.cli.story import print_run
from orchestrator.core.state import RunStatus
from orchestrator.graph import parse_format
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store import Run
from tests.cli.shell import Answer, Shell
from tests.slack.samples import answer, approval, run

#: In no word that a graph, a command or Slack has.
TOKEN = "zq8-unheard-of-71"  # noqa: S105 - this is what is looked for
BOB = ("--as", "U0BOB")
SECRET = {key: parse_format("secret") for key in ("draft.pin", "input.token")}


def test_s1_a_question_on_the_command_line_hides_its_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the payload, in what an edit changed, and in the answers."""
    edit = replace(answer(Decision.EDIT), values={"pin": "xoxb-2", "text": "after"})
    asked = approval(
        kind=ApprovalKind.REVIEW,
        payload={"draft": {"pin": "xoxb-1", "text": "before"}},
        formats=SECRET,
        edits={"pin": "xoxb-1", "text": "before"},
        answers=(edit,),
    )
    print_approval(asked, [])
    said = capsys.readouterr().out

    assert "xoxb" not in str(approval_document(asked))
    assert "xoxb" not in said
    assert "hidden" in said
    assert "after" in said


def test_s1_a_run_on_the_command_line_hides_what_its_questions_call_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its input and its output."""
    known = run(input={"token": "xoxb-1", "topic": "Bees"})
    output = {"pin": "xoxb-2", "url": "https://example.com"}
    print_run(known, Body(path="", key=""), [approval(formats=SECRET)], output)
    said = capsys.readouterr().out

    assert "xoxb" not in said
    assert "Bees" in said
    assert "https://example.com" in said


def test_s1_no_command_prints_a_secret(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run, its log and its questions: in titles, outputs and messages of errors, too."""
    monkeypatch.setenv("SIGNOFF_GRAPHS", str(Path(__file__).parent / "secret_flows.py"))
    said = [shell("run", "careless", f"token={TOKEN}", "topic=Bees", "--wait", "--json")]
    run, asked = said[0].json["ref"], shell.pending()
    said += _everything(shell, run, asked)
    assert shell("decide", asked, "approve", *BOB).code == 0
    shell.serve(said[0].json["id"], _asks_again)
    failed = shell.pending()
    said += _everything(shell, run, failed)
    said += [
        shell("pause", run, "--json"),
        shell("resume", run, "--json"),
        shell("decide", failed, "fail", *BOB, "--json"),
    ]
    shell.finish(failed)
    said += _everything(shell, run, failed)

    assert [each for each in said if TOKEN in each.out or TOKEN in each.err] == []
    assert "hidden was refused for Bees" in shell("show", run).out
    assert shell.approval(asked)["title"] == "Publish Bees with hidden?"


def _asks_again(run: Run) -> bool:
    return run.status is RunStatus.WAITING and run.places == ("publish",)


def _everything(shell: Shell, run: str, asked: str) -> list[Answer]:
    lines = (
        ("runs",),
        ("show", run),
        ("show", run, "--log"),
        ("pending",),
        ("approval", asked),
        ("watch", run, "--until-pause"),
    )
    plain = [shell(*each) for each in lines]
    machine = [shell(*each, "--json") for each in lines]
    return [*plain, *machine, shell("show", run, "--mermaid"), shell("graphs", "diff")]
