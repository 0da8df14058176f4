"""`decide --for-run` and `--for`, `rules` and `revoke`."""

from __future__ import annotations

from tests.cli.shell import Shell

BOB = ("--as", "U0BOB")


def test_h24_a_rule_for_a_time_answers_later_questions(shell: Shell) -> None:
    """The next run is not asked about, and the record names the rule and who granted it."""
    shell.start("errand", "what=tea")
    shell("decide", shell.pending(), "approve", *BOB, "--for", "4h")

    (rule,) = shell("rules", "--json").json
    later = shell("run", "errand", "what=milk", "--wait", "--json").json

    (approval,) = shell("show", later["ref"], "--json").json["approvals"]
    (answer,) = approval["answers"]
    assert later["status"] == "completed"
    assert (rule["by"], rule["graph"], rule["node"], rule["kind"]) == (
        "U0BOB",
        "errand",
        "ask",
        "confirm",
    )
    assert (rule["run_id"], rule["revoked_at"]) == (None, None)
    assert (answer["by"], answer["rule"], answer["surface"]) == ("U0BOB", rule["id"], "rule")


def test_h24_a_rule_for_the_run_ends_with_it(shell: Shell) -> None:
    """Another run is asked about as ever; an ended rule is listed only if asked for."""
    shell.start("errand", "what=tea")
    ref = shell.pending()
    shell("decide", ref, "approve", *BOB, "--for-run")
    open_rules = shell("rules").out
    shell.finish(ref)

    other = shell.start("errand", "what=milk")

    head, row = open_rules.splitlines()
    assert head.split() == ["RULE", "BY", "APPROVES", "IN", "GRANTED", "HOLDS"]
    assert "errand: ask (confirm)" in row
    assert row.endswith("as long as the run")
    assert shell("show", other, "--json").json["status"] == "waiting"
    assert shell("rules").out == "No standing rules.\n"
    assert len(shell("rules", "--all", "--json").json) == 1


def test_h24_a_revoked_rule_answers_nothing_more(shell: Shell) -> None:
    """By whoever granted it; a stranger may not."""
    shell.start("errand", "what=tea")
    shell("decide", shell.pending(), "approve", *BOB, "--for", "4h")
    ref = shell("rules", "--json").json[0]["ref"]

    stranger = shell("revoke", ref, "--as", "U0MALLORY")
    revoked = shell("revoke", ref, *BOB)
    later = shell.start("errand", "what=milk")

    assert (stranger.code, stranger.out, len(stranger.lines)) == (1, "", 1)
    assert revoked.out == f"{ref} holds no longer; it was revoked by U0BOB\n"
    assert shell("show", later, "--json").json["status"] == "waiting"
    assert "no longer: revoked by U0BOB" in shell("rules", "--all").out


def test_an_unknown_rule_is_refused(shell: Shell) -> None:
    """One line, code 1."""
    answer = shell("revoke", "s-0000000")

    assert (answer.code, answer.out, len(answer.lines)) == (1, "", 1)
