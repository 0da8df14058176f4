"""Functions of authors that raise what is hard to store, or what would end a program."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.errors import StoreError
from orchestrator.graph import Block, Graph, GraphBuilder, ToolCall, ToolCalls, gate
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import only_question, start

#: What half of a surrogate pair is logged as.
ESCAPED = "ValueError: \\ud800"
MUTE = "MuteError: MuteError"


class MuteError(Exception):
    """An exception that cannot say what it means."""

    def __str__(self) -> str:
        raise RuntimeError


def garble(_view: Any) -> NoReturn:
    """Raise an error whose message is no Unicode, as names of files may be."""
    raise ValueError("\ud800")


def fall_silent(_view: Any) -> NoReturn:
    """Raise an error without words."""
    raise MuteError


def leave(_view: Any) -> NoReturn:
    """End the program, as the main function of a command line tool does."""
    raise SystemExit(3)


async def leave_later(_context: Any) -> NoReturn:
    """End the program from the event loop."""
    raise SystemExit(3)


def one(function: Any, **options: Any) -> Graph:
    """Return a graph of one task."""
    return GraphBuilder("one").task("work", function, **options).start("work").ends("work").build()


def led(function: Any) -> Graph:
    """Return a graph whose way on is decided by a function."""
    return (
        GraphBuilder("one")
        .task("work", lambda _context: None)
        .task("more", lambda _context: None)
        .edge("work", "more", when=function)
        .edge("work", "more")
        .start("work")
        .ends("more")
        .build()
    )


@pytest.mark.parametrize("make", [one, led])
@pytest.mark.parametrize(("function", "error"), [(garble, ESCAPED), (fall_silent, MUTE)])
async def test_a_message_that_cannot_be_stored_is_told_all_the_same(
    serve: EngineMaker, make: Any, function: Any, error: str
) -> None:
    """A task or a condition that raises it fails; the run does not stand still."""
    async with serve(make(function)) as engine:
        run = await start(engine, "one")
        assert (run.status, run.error) == (RunStatus.FAILED, error)


async def test_a_title_that_cannot_be_stored_fails_the_node(serve: EngineMaker) -> None:
    """So does one that raises; nothing of it reaches the log."""
    graph = one(None, result=gate(approvers="@editors", title=lambda _view: "\ud800"))
    async with serve(graph) as engine:
        run = await start(engine, "one")
        assert run.status == RunStatus.FAILED
        assert "must be Unicode" in (run.error or "")


async def test_operators_are_asked_about_approvers_that_cannot_be_stored(
    serve: EngineMaker,
) -> None:
    """Names that are no Unicode stand for nobody."""
    graph = (
        GraphBuilder("one", operators="@editors")
        .approval("ask", approvers=lambda _view: ["\ud800"])
        .start("ask")
        .ends("ask")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "one")
        question = await only_question(engine, run)
        assert (question.kind, run.status) == ("error", RunStatus.WAITING)


async def test_items_that_cannot_be_stored_fail_the_map(serve: EngineMaker) -> None:
    """The error names the map."""
    body = Block().task("work", lambda _context: None).start("work").ends("work")
    graph = (
        GraphBuilder("one").map("each", lambda _view: ["\ud800"], body).start("each").ends("each")
    )
    async with serve(graph.build()) as engine:
        run = await start(engine, "one")
        assert (run.status, "the list of map 'each'" in (run.error or "")) == (
            RunStatus.FAILED,
            True,
        )


@pytest.mark.parametrize("function", [leave, leave_later])
async def test_a_task_that_exits_fails_and_the_server_goes_on(
    serve: EngineMaker, function: Any
) -> None:
    """What would end the program is an error like any other."""
    async with serve(one(function)) as engine:
        for _ in range(2):
            run = await start(engine, "one")
            assert (run.status, run.error) == (RunStatus.FAILED, "RuntimeError: SystemExit(3)")


async def test_a_condition_that_exits_does_not_end_the_writer(serve: EngineMaker) -> None:
    """Its caller is told, nothing is recorded, and other runs are written as before."""
    graph = one(garble, confirm=gate(approvers="@editors", when=leave))
    other = GraphBuilder("other").approval("ask", approvers="BOB").start("ask").ends("ask").build()
    async with serve(graph, other) as engine:
        with pytest.raises(StoreError, match="SystemExit"):
            await engine.start("one", {}, requester="ALICE", surface="test")
        assert (await start(engine, "other")).status == RunStatus.WAITING
        assert len(await engine.list_runs()) == 1


async def test_a_task_fails_when_the_condition_behind_it_exits(serve: EngineMaker) -> None:
    """Its result cannot be recorded together with what follows from it, and the error says why."""
    async with serve(led(leave)) as engine:
        run = await start(engine, "one")
        assert run.status == RunStatus.FAILED
        assert "SystemExit(3)" in (run.error or "")


@pytest.mark.parametrize("call", [ToolCall(tool="\ud800"), ToolCall(tool="look", id="\ud800")])
async def test_a_call_that_cannot_be_stored_fails_the_agent(
    serve: EngineMaker, call: ToolCall
) -> None:
    """The error names the agent's turn."""
    graph = GraphBuilder("one").agent("ask", lambda _context: ToolCalls(calls=(call,)))
    async with serve(graph.start("ask").ends("ask").build()) as engine:
        run = await start(engine, "one")
        assert run.status == RunStatus.FAILED
        assert "what JSON cannot hold" in (run.error or "")
