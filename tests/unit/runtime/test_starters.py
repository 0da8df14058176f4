"""Who may start runs, asked of a directory."""

from __future__ import annotations

import pytest

from orchestrator.errors import ApproversError, DirectoryError, NotAStarterError
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.graph.policy import Approver
from orchestrator.runtime.ports import StaticDirectory
from orchestrator.runtime.starters import check_starter


class Directory(StaticDirectory):
    """Knows a few people by their ids; `@away` cannot be looked up."""

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See orchestrator.runtime.ports.Directory."""
        if str(approver) == "@away":
            raise DirectoryError("@away could not be looked up")
        if str(approver) not in {"ANN", "BOB", "GIL", "@sre"}:
            raise ApproversError(f"nobody is called {approver}")
        return await super().members(approver, workspace=workspace)


PEOPLE = Directory({"sre": frozenset({"BOB", "GIL"})}, outsiders={"GIL", "root"})


def graph(starters: str = "") -> Graph:
    """Return a graph that these people may start."""
    builder = GraphBuilder("deploy", starters=starters).task("go", lambda _context: None)
    return builder.start("go").ends("go").build()


@pytest.mark.parametrize(
    ("starters", "person", "surface"),
    [
        ("", "ANN", "slack"),
        ("", "root", "cli"),
        ("@sre", "BOB", "slack"),
        ("@away @sre", "BOB", "slack"),
        ("GIL", "GIL", "slack"),
        ("@sre", "cron", "python"),
    ],
)
async def test_s4_who_is_named_or_belongs_here_may_start(
    starters: str, person: str, surface: str
) -> None:
    """A guest only by name; a program answers for itself."""
    await check_starter(graph(starters), PEOPLE, person, surface=surface)


@pytest.mark.parametrize(
    ("starters", "person", "surface", "error"),
    [
        ("", "GIL", "slack", NotAStarterError),
        ("", "GIL", "cli", NotAStarterError),
        ("", "root", "slack", NotAStarterError),
        ("@sre", "ANN", "slack", NotAStarterError),
        ("@sre", "GIL", "slack", NotAStarterError),
        ("@sre", "root", "cli", NotAStarterError),
        ("@gone", "ANN", "slack", NotAStarterError),
        ("@sre @away", "ANN", "slack", DirectoryError),
    ],
)
async def test_s4_nobody_else_may_and_the_refusal_says_who(
    starters: str, person: str, surface: str, error: type[Exception]
) -> None:
    """What cannot be looked up lets nobody through."""
    with pytest.raises(error) as refused:
        await check_starter(graph(starters), PEOPLE, person, surface=surface)

    if error is NotAStarterError:
        rule = "other organisations" if person == "GIL" or not starters else starters
        assert rule in str(refused.value)


def test_g9_a_graph_without_starters_keeps_its_version() -> None:
    """Naming some is a change of the definition; their order is none."""
    assert "starters" not in graph().definition
    assert graph("@sre ANN").version == graph("ANN @sre").version != graph().version
