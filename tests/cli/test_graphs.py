"""`graphs show`, `check` and `diff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import DEEP, FLOWS
from tests.cli.shell import Shell

#: What is changed in the graphs: behind a run that waits, and in front of one.
BEFORE, VOTES = '"before", nothing', 'parse_approvers("U0BOB U0CAROL"), count=2'
#: Two of its problems: nobody is asked, and there is no way on.
BROKEN = """
from orchestrator import GraphBuilder
g = GraphBuilder("broken").approval("a", approvers=[]).task("b", None).start("a").build()
"""


def test_a_graph_is_shown_with_its_nodes(deep: Shell) -> None:
    """Each at its address, with its kind and the gates on it."""
    text, document = (
        deep("graphs", "show", "rounds").out,
        deep("graphs", "show", "rounds", "--json"),
    )

    assert "  each       map" in text
    assert "  each/roll  task, asks: confirm" in text
    assert (document.json["id"], "definition" in document.json) == ("rounds", True)


def test_g6_checking_lists_every_problem_of_a_file(bare: Path) -> None:
    """Without settings and a database, so that it can run before anything is deployed."""
    shell, file = Shell(bare), bare / "broken.py"
    file.write_text(BROKEN)

    answer = shell("graphs", "check", str(file))
    document = shell("graphs", "check", str(file), "--json")

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.lines) >= 2
    assert all(line.startswith("signoff: graph 'broken': ") for line in answer.lines)
    assert (document.code, document.json["graphs"]) == (2, [])
    assert len(document.json["problems"]) == len(answer.lines)


def test_g6_checking_goes_on_behind_a_bad_file(bare: Path) -> None:
    """The problems of all files are listed, and a graph is found that runs another file's."""
    inner = "id: inner\nstart: a\nnodes:\n  a: {kind: end}\n"
    outer = "id: outer\nstart: a\nends: [a]\nnodes:\n  a: {kind: subgraph, graph: inner}\n"
    folder = bare / "graphs"
    folder.mkdir()
    for name, text in {
        "a.yaml": outer,
        "b.yaml": inner,
        "c.py": BROKEN,
        "d.py": BROKEN.replace("broken", "torn"),
        "_e.py": "nonsense",
    }.items():
        (folder / name).write_text(text)

    document = Shell(bare)("graphs", "check", "graphs", "--json")

    assert {each["id"] for each in document.json["graphs"]} == {"inner", "outer"}
    assert any("c.py" in each for each in document.json["problems"])
    assert any("d.py" in each for each in document.json["problems"])
    assert document.code == 2


LEAKING = """\
id: payment
nodes:
  pay: {kind: approval, approvers: U0BOB, review_keys: [account], formats: {account.pin: secret}}
  again: {kind: approval, approvers: U0BOB, review_keys: [account], reads: [account]}
  hidden: {kind: approval, approvers: U0BOB, review_keys: [account], formats: {account.pin: secret}}
edges: [{from: pay, to: again}, {from: again, to: hidden}]
start: pay
ends: [hidden]
"""


def test_checking_warns_of_a_secret_that_another_question_shows(bare: Path) -> None:
    """It says which one; the files are fine all the same."""
    (bare / "payment.yaml").write_text(LEAKING)
    shell = Shell(bare)
    answer = shell("graphs", "check", "payment.yaml")
    (warning,) = shell("graphs", "check", "payment.yaml", "--json").json["warnings"]

    assert answer.code == 0
    assert answer.err == f"signoff: warning: {warning}\n"
    assert "of 'again' shows 'account' openly, and 'account.pin' is secret" in warning
    assert "of 'pay'" in warning


def test_checking_names_the_graphs_that_are_fine(bare: Path) -> None:
    """Several files at once, as the server would load them."""
    answer = Shell(bare)("graphs", "check", str(FLOWS), str(DEEP))

    assert (answer.code, answer.err) == (0, "")
    assert "vault" in answer.out
    assert "errand" in answer.out


@pytest.mark.parametrize("name", ["missing.py", "notes.txt", "torn.py"])
def test_files_that_cannot_be_checked_are_one_problem(name: str, bare: Path) -> None:
    """The line names the file."""
    (bare / "notes.txt").write_text("nothing")
    (bare / "torn.py").write_text("def :")

    answer = Shell(bare)("graphs", "check", name)

    assert (answer.code, answer.out, len(answer.lines)) == (2, "", 1)
    assert name in answer.err


def test_g9_diff_says_which_runs_would_stop(deep: Shell) -> None:
    """A change behind a run does not matter to it, one in front of it does."""
    early, late = deep.ask("vault"), deep.ask("behind")
    same = deep("graphs", "diff")
    changed = deep.folder / "changed.py"
    text = DEEP.read_text().replace(BEFORE, f"{BEFORE}, retry=5")
    assert VOTES in text
    changed.write_text(text.replace(VOTES, VOTES.replace("2", "1")))

    answer = deep.with_graphs(changed)("graphs", "diff", "--json")
    lines = deep("graphs", "diff").out.splitlines()

    found = {each["graph"]: each for each in answer.json}
    assert (same.code, same.out) == (0, "Every unfinished run follows a graph at hand.\n")
    assert answer.code == 1
    assert (found["vault"]["goes_on"], found["behind"]["goes_on"]) == (False, True)
    assert found["vault"]["differences"]
    assert found["vault"]["run"]["ref"] == deep.approval(early)["run"]["ref"]
    assert found["behind"]["run"]["ref"] == deep.approval(late)["run"]["ref"]
    assert lines[0].split() == ["RUN", "GRAPH", "VERSION", "MEETS"]
    assert sum("goes on" in line for line in lines) == 1


def test_g9_a_held_run_is_found_and_let_go_on(deep: Shell) -> None:
    """The question stays open; with the old graph at hand again, an operator has it tried again."""
    ref = deep.ask("vault")
    run = deep.approval(ref)["run"]["ref"]
    changed = deep.folder / "changed.py"
    changed.write_text(DEEP.read_text().replace(VOTES, VOTES.replace("2", "1")))

    refused = deep.with_graphs(changed)("decide", ref, "approve", "--as", "U0BOB")
    shown = deep("show", run).out
    (held,) = (each["ref"] for each in deep("pending", "--kind", "error", "--json").json)
    retried = deep.with_graphs(DEEP)("decide", held, "retry", "--as", "U0OPS")
    decided = deep("decide", ref, "approve", "--as", "U0BOB")

    assert (refused.code, refused.out, len(refused.lines)) == (1, "", 1)
    assert f"the graph has changed; {held} says how" in shown
    assert (retried.code, retried.err) == (0, "")
    assert (decided.code, decided.err) == (0, "")


def test_json_stands_behind_the_part(deep: Shell) -> None:
    """An option that would be swallowed is refused."""
    answer = deep("graphs", "--json", "diff")

    assert (answer.code, len(answer.lines)) == (2, 1)
