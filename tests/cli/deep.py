"""Graphs with every kind of question, for tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from orchestrator import (
    Block,
    Context,
    GraphBuilder,
    Policy,
    Retry,
    Slot,
    Stage,
    ToolCall,
    ToolCalls,
    any_of,
    gate,
    quorum,
    tool,
)
from orchestrator.graph import parse_approvers


class Order(BaseModel):
    """What to fetch."""

    what: str
    count: int = Field(1, ge=1)
    price: float | None = None
    is_urgent: bool = False
    needed_on: date | None = None
    notice: timedelta = timedelta(hours=1)
    size: Literal["small", "large"] = "small"
    tags: list[str] = []


class News(BaseModel):
    """What a signal brings."""

    version: str


RETRY = Retry(attempts=3, delay=timedelta(hours=1), cap=timedelta(hours=1), jitter=0)


def answered(context: Context) -> Any:
    """Return what people answered."""
    return {"answer": context.answer}


def write(context: Context) -> dict[str, Any]:
    """Write a text."""
    return {"text": f"Tea.\nRevision {context.feedback or 0}.", "words": 3}


def fail(_context: Context) -> None:
    """Fail for good."""
    raise ValueError("the shop is closed")


def named(context: Context) -> str:
    """Return the item."""
    return f"{context.item} is done"


def crawl(_context: Context) -> Iterator[str]:
    """Tell how far it is, and fail; the next try is an hour away."""
    yield "half of it is done"
    raise ConnectionError("the line is down")


def nothing(_context: Context) -> None:
    """Do nothing."""


BOB = "U0BOB"
THREE = ["U0BOB", "U0CAROL", "U0DAVE"]

order_graph = (
    GraphBuilder("order")
    .task("fetch", answered, input=gate(approvers=BOB, schema=Order))
    .start("fetch")
    .ends("fetch")
    .build()
)
fork_graph = (
    GraphBuilder("fork")
    .router(
        "where",
        routes={name: Block().task("go", nothing) for name in ("north", "south", "west")},
        choose=gate(approvers=BOB, multiple=True),
    )
    .start("where")
    .ends("where")
    .build()
)
draft_graph = (
    GraphBuilder("draft")
    .task("write", write, writes=["text", "words"], review=gate(policy=quorum(2, THREE)))
    .end("done", output=["text", "words"])
    .edge("write", "done")
    .start("write")
    .build()
)
outside_graph = (
    GraphBuilder("outside")
    .task("build", None, result=gate(approvers=BOB))
    .start("build")
    .ends("build")
    .build()
)
broken_graph = (
    GraphBuilder("broken")
    .task("do", fail, error=gate(approvers=BOB))
    .start("do")
    .ends("do")
    .build()
)
vault_graph = (
    GraphBuilder("vault", operators="U0OPS")
    .approval(
        "open",
        title="Open the vault?",
        policy=Policy(
            stages=(
                Stage(slots=(Slot(approvers=parse_approvers("U0BOB U0CAROL"), count=2),)),
                Stage(slots=(Slot(approvers=parse_approvers("U0DAVE")),), name="owner"),
            ),
            break_glass=parse_approvers("U0ERIN"),
        ),
        timeout="8h",
        on_timeout="reject",
    )
    .task("take", nothing)
    .edge("open", "take")
    .start("open")
    .ends("take")
    .build()
)
news_graph = (
    GraphBuilder("news").wait("hear", signal="out", schema=News).start("hear").ends("hear").build()
)
rounds_graph = (
    GraphBuilder("rounds", operators="U0OPS")
    .map(
        "each",
        lambda _view: ["eu", "us", "asia"],
        Block().task(
            "roll",
            named,
            confirm=gate(policy=any_of("U0BOB U0ALICE"), timeout="1h", on_timeout="reject"),
        ),
    )
    .start("each")
    .ends("each")
    .build()
)
slow_graph = (
    GraphBuilder("slow").task("crawl", crawl, retry=RETRY).start("crawl").ends("crawl").build()
)
undone_graph = (
    GraphBuilder("undone")
    .task("do", nothing, undo=nothing)
    .approval("ask", approvers=BOB)
    .edge("do", "ask")
    .start("do")
    .ends("ask")
    .build()
)
behind_graph = (
    GraphBuilder("behind")
    .task("before", nothing)
    .approval("ask", approvers=BOB)
    .edge("before", "ask")
    .start("before")
    .ends("ask")
    .build()
)


def assist(context: Context) -> Any:
    """Ask for a tool once, and say what came of it."""
    turn = context.turn
    if turn is None or not turn.results:
        return ToolCalls(calls=(ToolCall(tool="search", arguments={"query": "tea"}),))
    return {"found": turn.results[0].output}


def search(context: Context) -> str:
    """Find something."""
    return f"all about {context.answer['query']}"


agent_graph = (
    GraphBuilder("agent")
    .agent("helper", assist, tools={"search": tool(search, tool=gate(approvers=BOB))})
    .start("helper")
    .ends("helper")
    .build()
)
loop_graph = (
    GraphBuilder("loop")
    .loop(
        "refine",
        Block().task("write", write, writes=["text", "words"]),
        iterate=gate(approvers=BOB),
        max_rounds=3,
    )
    .start("refine")
    .ends("refine")
    .build()
)
