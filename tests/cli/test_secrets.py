"""The command line shows no secrets either (row S1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cards.tree import Body
from bot.cli.documents import approval_document
from bot.cli.question import print_approval
from bot.cli.story import print_run
from orchestrator.graph import parse_format
from orchestrator.graph.kinds import ApprovalKind, Decision
from tests.slack.samples import answer, approval, run

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
