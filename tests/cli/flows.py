"""Graphs for tests of the command line; loaded by path, as an author's files are."""

from __future__ import annotations

from pydantic import BaseModel

from orchestrator import Context, GraphBuilder


class Errand(BaseModel):
    """What to do."""

    what: str
    times: int = 1


def run_errand(context: Context) -> dict[str, str]:
    """Do it."""
    return {"done": context.input.what * context.input.times}


def fail(_context: Context) -> None:
    """Fail for good."""
    raise ValueError("the shop is closed")


errand = (
    GraphBuilder("errand", title="Run an errand", input=Errand)
    .approval(
        "ask",
        title="Do {{ input.what }}?",
        approvers=["U0BOB", "U0CAROL"],
        timeout="1h",
        on_timeout="expire",
    )
    .task("do", run_errand)
    .edge("ask", "do")
    .start("ask")
    .ends("do")
    .build()
)
quick = GraphBuilder("quick", input=Errand).task("do", run_errand).start("do").ends("do").build()
grouped = (
    GraphBuilder("grouped", input=Errand)
    .approval("ask", approvers="@editors")
    .task("do", run_errand)
    .edge("ask", "do")
    .start("ask")
    .ends("do")
    .build()
)
retried = GraphBuilder("retried").task("do", fail, retry=2).start("do").ends("do").build()
