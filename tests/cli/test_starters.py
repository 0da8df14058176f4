"""Who may start a run from the command line."""

from __future__ import annotations

from tests.cli.shell import Shell

GRAPH = """
id: deploy
starters: U0BOB
nodes:
  go: {kind: approval, approvers: U0CAROL, title: "Go?"}
"""


def test_s4_a_graph_is_started_in_the_name_of_its_starters(shell: Shell) -> None:
    """Anybody else is told whose it is, and nothing is stored."""
    file = shell.folder / "deploy.yaml"
    file.write_text(GRAPH)
    shell.with_graphs(file)
    nobody, other = shell("run", "deploy"), shell("run", "deploy", "--as", "U0ALICE")

    assert (nobody.code, other.code) == (1, 1)
    assert "U0ALICE may not start 'deploy': it takes U0BOB" in other.err
    assert shell("runs", "--json").json == []
    assert shell("run", "deploy", "--as", "U0BOB", "--json").json["requester"] == "U0BOB"
    assert "started by U0BOB" in shell("graphs").out
