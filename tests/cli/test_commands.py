"""Commands on a real database, beside no server: what they print, record and return."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.cli.session import system_user
from tests.cli.shell import Shell, free_port

UNKNOWN_RUN, UNKNOWN_APPROVAL = "r-0000000", "a-0000000"


@pytest.mark.parametrize(
    "words",
    [
        ("run", "errand", "what=tea"),
        ("runs",),
        ("show", UNKNOWN_RUN),
        ("pending",),
        ("decide", UNKNOWN_APPROVAL, "approve", "--as", "U0BOB"),
        ("cancel", UNKNOWN_RUN),
        ("verify", "--all"),
    ],
)
def test_a_database_that_is_not_migrated_is_refused(
    words: tuple[str, ...], unmigrated: Shell
) -> None:
    """The line names the remedy, and the code says that it is the database."""
    answer = unmigrated(*words)

    assert (answer.code, answer.out) == (3, "")
    assert len(answer.lines) == 1
    assert "run `signoff migrate`" in answer.err


def test_migrating_twice_changes_nothing(unmigrated: Shell) -> None:
    """The second time says the same as the first."""
    first, second = unmigrated("migrate"), unmigrated("migrate")

    assert first == second
    assert first.code == 0


@pytest.mark.parametrize(
    ("url", "words", "code"),
    [
        ("sqlite+aiosqlite:///missing/folder/signoff.db", "does not exist", 3),
        ("mysql://localhost/signoff", "mysql", 2),
        ("nonsense", "no database URL", 2),
    ],
)
def test_a_database_that_cannot_be_used_is_told(
    url: str, words: str, code: int, unmigrated: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way of being unusable has its line; a URL that nothing could be behind is a setting."""
    monkeypatch.setenv("SIGNOFF_DATABASE_URL", url)

    answer = unmigrated("migrate")

    assert answer.code == code
    assert len(answer.lines) == 1
    assert words in answer.err


def test_run_only_records(shell: Shell) -> None:
    """Without --wait the run is stored for whoever serves."""
    answer = shell("run", "quick", "what=tea", "--as", "U0ALICE", "--label", "team=a", "--json")

    run = answer.json
    assert answer.code == 0
    assert (run["status"], run["requester"], run["surface"]) == ("pending", "U0ALICE", "cli")
    assert run["labels"] == {"team": "a"}
    assert run["input"] == {"what": "tea", "times": 1}
    assert shell("show", run["id"], "--json").json["status"] == "pending"


def test_run_with_wait_goes_on_until_people_are_asked(shell: Shell) -> None:
    """The command serves until the run rests."""
    answer = shell("run", "errand", "what=tea", "--wait")

    assert answer.code == 0
    assert "errand: waiting at ask" in answer.out
    assert shell("pending", "--json").json[0]["title"] == "Do tea?"


def test_run_with_wait_goes_on_to_the_end(shell: Shell) -> None:
    """A run that asks nobody is completed."""
    answer = shell("run", "quick", "what=tea", "times=2", "--wait", "--json")

    assert (answer.code, answer.json["status"]) == (0, "completed")


def test_run_with_wait_does_not_take_a_retry_for_an_end(shell: Shell) -> None:
    """A run that waits for its next try is waited for; one that fails makes the command fail."""
    answer = shell("run", "retried", "--wait")

    ref = answer.out.split()[0]
    log = shell("show", ref, "--log", "--json").json["log"]
    assert answer.code == 1
    assert answer.out == f"{ref} retried: failed: ValueError: the shop is closed\n"
    assert [each["type"] for each in log].count("AttemptFailed") == 2


def test_the_requester_is_the_system_user_unless_named(shell: Shell) -> None:
    """Nobody has to introduce themselves to their own computer."""
    assert shell("run", "quick", "what=tea", "--json").json["requester"] == system_user()


def test_bad_input_lists_every_problem_and_stores_nothing(shell: Shell) -> None:
    """One line for each problem."""
    answer = shell("run", "errand", "times=many", "colour=red")

    assert (answer.code, answer.out) == (1, "")
    assert sorted(line.split(":")[1].strip() for line in answer.lines) == [
        "colour",
        "times",
        "what",
    ]
    assert shell("runs", "--json").json == []


def test_an_unknown_graph_is_refused_with_those_that_exist(shell: Shell) -> None:
    """A typing error is seen at once."""
    answer = shell("run", "errands", "what=tea")

    assert answer.code == 1
    assert "errand, grouped" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("show", UNKNOWN_RUN),
        ("cancel", UNKNOWN_RUN),
        ("verify", UNKNOWN_RUN),
        ("decide", UNKNOWN_APPROVAL, "approve", "--as", "U0BOB"),
        ("pending", "--run", UNKNOWN_RUN),
    ],
)
def test_what_does_not_exist_is_refused(words: tuple[str, ...], shell: Shell) -> None:
    """One line, code 1."""
    answer = shell(*words)

    assert (answer.code, answer.out) == (1, "")
    assert len(answer.lines) == 1


def test_runs_are_listed_and_filtered(shell: Shell) -> None:
    """The newest is first; each filter narrows the list."""
    first = shell.start("quick", "what=tea")
    second = shell.start("errand", "what=milk", "--as", "U0ALICE")

    assert [run["ref"] for run in shell("runs", "--json").json] == [second, first]
    assert [run["ref"] for run in shell("runs", "--status", "waiting", "--json").json] == [second]
    assert [run["ref"] for run in shell("runs", "--graph", "quick", "--json").json] == [first]
    assert [r["ref"] for r in shell("runs", "--requester", "U0ALICE", "--json").json] == [second]
    assert [run["ref"] for run in shell("runs", "--limit", "1", "--json").json] == [second]


def test_runs_are_a_table_for_people(shell: Shell) -> None:
    """Columns are aligned; ages are words."""
    shell.start("quick", "what=tea")
    shell.start("errand", "what=milk")

    head, *rows = shell("runs").out.splitlines()

    assert head.split() == ["RUN", "GRAPH", "STATUS", "STARTED", "BY", "AT"]
    assert [row[head.index("STATUS") :].split()[0] for row in rows] == ["waiting", "completed"]
    assert all(" ago " in row or " now " in row for row in rows)


def test_empty_lists_say_so(shell: Shell) -> None:
    """An empty screen would look like a failure."""
    assert shell("runs").out == "No runs.\n"
    assert shell("pending").out == "Nothing waits for an answer.\n"
    assert shell("runs", "--json").json == []


def test_a_run_is_shown_by_either_name(shell: Shell) -> None:
    """Id and reference, also in small letters, lead to the same run."""
    ref = shell.start("errand", "what=tea")
    run = shell("show", ref, "--json").json

    assert shell("show", run["id"], "--json").json == run
    assert shell("show", ref.lower(), "--json").json == run
    assert (run["status"], run["approvals"][0]["status"]) == ("waiting", "open")


def test_show_tells_the_story(shell: Shell) -> None:
    """Facts, input, approvals and, if asked for, the log."""
    ref = shell.start("errand", "what=tea")
    shell("decide", shell.pending(), "reject", "--as", "U0BOB", "--comment", "no time")

    text = shell("show", ref, "--log").out

    assert "Status     cancelled" in text
    assert "  what   tea" in text
    assert "reject by U0BOB: no time" in text
    assert "decision recorded" in text
    assert "nobody" not in text


def test_control_characters_do_not_reach_the_terminal(shell: Shell) -> None:
    """A text from elsewhere cannot rewrite what is on the screen."""
    ref = shell.start("errand", "what=\x1b[2Jtea\u202e\r\nApproved")

    seen = shell("show", ref).out + shell("pending").out + shell("runs").out

    assert "\x1b" not in seen
    assert "\u202e" not in seen
    assert "\r" not in seen
    assert "Do [2Jtea Approved?" in seen


def test_a_decision_is_recorded_with_who_typed_it(shell: Shell) -> None:
    """The approver decides, the operating system's user is on record."""
    ref = shell.start("errand", "what=tea")

    answer = shell("decide", shell.pending(), "approve", "--as", "U0BOB", "--json")

    log = shell("show", ref, "--log", "--json").json["log"]
    (event,) = [each["event"] for each in log if each["type"] == "DecisionRecorded"]
    assert (answer.code, answer.json["status"]) == (0, "approved")
    assert answer.json["run"]["ref"] == ref
    assert (event["by"], event["surface"], event["recorded_by"]) == ("U0BOB", "cli", system_user())


@pytest.mark.parametrize(
    ("decision", "person", "code"),
    [
        ("banana", "U0BOB", 1),
        ("", "U0BOB", 1),
        ("Approve", "U0BOB", 1),
        ("retry", "U0BOB", 1),
        ("approve", "U0DAVE", 1),
        ("approve", "@editors", 1),
        ("approve", "two words", 1),
        ("approve", "bob@example.com", 4),
    ],
)
def test_a_refused_decision_leaves_the_approval_open(
    decision: str, person: str, code: int, shell: Shell
) -> None:
    """One line says why; nothing was changed."""
    shell.start("errand", "what=tea")
    approval = shell.pending()

    answer = shell("decide", approval, decision, "--as", person)

    assert (answer.code, answer.out) == (code, "")
    assert len(answer.lines) == 1
    assert shell.pending() == approval


@pytest.mark.parametrize(
    ("person", "code", "said"),
    [("bob@example.com", 4, "only Slack knows who"), ("@editors", 1, "this takes one person")],
)
def test_a_run_is_not_started_for_somebody_who_cannot_be_found_out(
    person: str, code: int, said: str, shell: Shell
) -> None:
    """Stored by an address, the requester would get past four eyes."""
    answer = shell("run", "errand", "what=tea", "--as", person)

    assert (answer.code, answer.out, len(answer.lines)) == (code, "", 1)
    assert said in answer.lines[0]
    assert shell("runs", "--json").json == []


def test_a_decided_approval_is_refused_with_who_and_when(shell: Shell) -> None:
    """The second one is told what the first one did."""
    ref = shell.start("errand", "what=tea")
    approval = shell.pending()
    shell("decide", approval, "approve", "--as", "U0BOB")

    answer = shell("decide", approval, "reject", "--as", "U0CAROL")

    assert answer.code == 1
    assert "already approved by U0BOB at " in answer.err
    assert shell("show", ref, "--json").json["approvals"][0]["status"] == "approved"


def test_groups_need_slack(shell: Shell) -> None:
    """Without Slack nobody knows who is in a group, so such a run is not even started."""
    answer = shell("run", "grouped", "what=tea")

    assert answer.code == 4
    assert "set SLACK_BOT_TOKEN" in answer.err
    assert shell("runs", "--json").json == []


def test_people_named_by_id_can_decide_while_slack_is_away(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line is for such hours; who is in a group cannot be known then."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{free_port()}")
    shell.start("errand", "what=tea")
    approval = shell.pending()

    stranger = shell("decide", approval, "approve", "--as", "U0DAVE")
    approver = shell("decide", approval, "approve", "--as", "U0BOB")
    grouped = shell("run", "grouped", "what=tea")

    assert (stranger.code, len(stranger.lines)) == (1, 1)
    assert (approver.code, approver.err) == (0, "")
    assert (grouped.code, len(grouped.lines)) == (4, 1)
    assert "Slack could not be asked" in grouped.err


def test_a_run_is_cancelled_once(shell: Shell) -> None:
    """Its approvals are withdrawn; the second time is refused."""
    ref = shell.start("errand", "what=tea")

    first = shell("cancel", ref, "--as", "U0ALICE", "--reason", "too late", "--json")
    second = shell("cancel", ref)

    assert (first.code, first.json["status"]) == (0, "cancelled")
    assert (first.json["cancelled_by"], first.json["cancel_reason"]) == ("U0ALICE", "too late")
    assert (second.code, len(second.lines)) == (1, 1)
    assert shell("pending", "--json").json == []


def test_graphs_are_listed_with_their_inputs(shell: Shell) -> None:
    """What can be started, and with what."""
    text, documents = shell("graphs").out, shell("graphs", "--json").json

    assert "what   string, required" in text
    assert "times  integer, default 1" in text
    assert {each["id"] for each in documents} == {"errand", "grouped", "quick", "retried"}
    assert documents[0]["input"]["properties"]["what"]["type"] == "string"


def test_problems_of_graphs_are_printed_line_by_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, line and remedy of each."""
    broken = shell.folder / "broken.yaml"
    broken.write_text(
        "id: broken\nstart: nowhere\nnodes:\n"
        "  a: {kind: approval, approvers: []}\n  b: {kind: end}\n"
    )
    monkeypatch.setenv("SIGNOFF_GRAPHS", str(broken))

    answer = shell("graphs")

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.lines) > 1
    assert all(line.startswith("signoff: graph 'broken': ") for line in answer.lines)


def test_without_graphs_the_setting_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing setting is one line and code 2."""
    monkeypatch.delenv("SIGNOFF_GRAPHS")

    answer = shell("run", "errand", "what=tea")

    assert answer.code == 2
    assert answer.lines == [
        "signoff: SIGNOFF_GRAPHS is not set; set it to the files or folders of your graphs"
    ]


def test_sound_logs_are_verified(shell: Shell) -> None:
    """All of them, or those that are named."""
    ref = shell.start("errand", "what=tea")
    shell.start("quick", "what=tea")

    assert shell("verify", ref).code == 0
    assert shell("verify", "--all").out.startswith("Runs: 2. ")


def test_a_changed_log_is_found(shell: Shell) -> None:
    """Somebody who edits the database is found out."""
    ref = shell.start("errand", "what=tea")
    other = shell.start("quick", "what=tea")
    run_id = shell("show", ref, "--json").json["id"]
    with sqlite3.connect(Path("signoff.db")) as connection:
        connection.execute(
            "UPDATE events SET body = replace(body, 'tea', 'gin') WHERE run_id = ?", (run_id,)
        )
    connection.close()

    answer = shell("verify", "--all")

    assert answer.code == 1
    assert len(answer.lines) == 1
    assert ref in answer.err
    assert shell("verify", other).code == 0


def test_questions_of_commands_are_for_the_server_to_send(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Slack in the settings a command leaves deliveries; without, there is nobody to send."""
    shell.start("errand", "what=tea")
    monkeypatch.setenv("SIGNOFF_CHANNEL", "C0APPROVALS")
    shell.start("errand", "what=milk")

    connection = sqlite3.connect(Path("signoff.db"))
    (count,) = connection.execute("SELECT count(*) FROM deliveries").fetchone()
    connection.close()

    assert count == 1
