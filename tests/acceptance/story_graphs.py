"""The graphs of the stories, one a kind of question; each notes in a file what it has done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from orchestrator import Block, Context, GraphBuilder
from orchestrator.graph import ToolCall, ToolCalls, tool
from orchestrator.graph.policy import quorum

#: Names the file in which the graphs note what they have done.
LEDGER = "STORY_LEDGER"


def note(text: str) -> None:
    """Do something that can be counted: the effect behind a gate."""
    with Path(os.environ[LEDGER]).open("a", encoding="utf-8") as ledger:
        ledger.write(f"{text}\n")


class Release(BaseModel):
    """What is to be deployed."""

    service: str


class Order(BaseModel):
    """What somebody has to enter."""

    name: str = Field(title="Full name", min_length=3)
    count: int = Field(2, title="How many", ge=1, le=9)
    size: Literal["small", "large"] = Field(title="Size")
    gift: bool = Field(False, title="As a gift")


def deploy(context: Context) -> dict[str, Any]:
    """Deploy a service."""
    note(f"deployed {context.input.service}")
    return {"deployed": context.input.service}


def order(context: Context) -> dict[str, Any]:
    """Send what was ordered."""
    wanted = context.answer
    note(f"sent {wanted.count} {wanted.size} to {wanted.name}")
    return {"sent": True}


def write(context: Context) -> dict[str, Any]:
    """Write a text, or write it again with what the reviewer said."""
    text = "Honey bees do not sleep."
    return {"text": f"{text} ({context.feedback})" if context.feedback else text}


def publish(context: Context) -> dict[str, Any]:
    """Publish what was reviewed."""
    note(f"published {context.outputs['write']['text']}")
    return {"published": True}


def draft(context: Context) -> dict[str, Any]:
    """Make a draft; each round is another one."""
    note(f"round {context.number}: {context.feedback or 'first'}")
    return {"draft": f"draft {context.number}"}


def way(name: str) -> Block:
    """Return a route that notes that it was taken."""

    def go(_context: Context) -> dict[str, Any]:
        note(f"went {name}")
        return {"went": name}

    return Block().task(f"go_{name}", go)


def refund(context: Context) -> str:
    """Pay money back."""
    note(f"refunded {context.answer['amount']} to {context.answer['customer']}")
    return "refunded"


def helper(context: Context) -> Any:
    """Ask for a refund, as a model would; then report what came of it."""
    if context.turn.number == 1:
        call = ToolCall(tool="refund", arguments={"customer": "C-17", "amount": 900}, id="call-1")
        return ToolCalls(calls=(call,))
    result = context.turn.results[0]
    note(f"the model was told: {result.rejected or result.output}")
    return {"reply": "done"}


def generous(context: Context) -> Any:
    """Ask for three refunds at once; then report what came of them."""
    if context.turn.number == 1:
        wanted = {"C-17": 900, "C-18": 40, "C-19": 7000}
        return ToolCalls(
            calls=tuple(
                ToolCall(tool="refund", arguments={"customer": who, "amount": amount}, id=who)
                for who, amount in wanted.items()
            )
        )
    told = [each.rejected or each.output for each in context.turn.results]
    note(f"the model was told: {', '.join(map(str, told))}")
    return {"reply": "done"}


def fragile(_context: Context) -> dict[str, Any]:
    """Fail the first time."""
    ledger = Path(os.environ[LEDGER])
    if not ledger.exists():
        note("tried in vain")
        raise RuntimeError("the printer is out of paper")
    note("printed")
    return {"printed": True}


confirm = (
    GraphBuilder("deploy", description="Deploy a service.", input=Release)
    .task(
        "deploy",
        deploy,
        confirm={
            "policy": quorum(2, "@editors"),
            "title": "Deploy {{ input.service }} to production?",
            "prompt": "It replaces what runs there now.",
            "review_keys": ["input.service"],
            "timeout": "4h",
            "on_timeout": "expire",
        },
    )
    .start("deploy")
    .ends("deploy")
    .build()
)
values = (
    GraphBuilder("order", description="Order something.")
    .task("send", order, input={"approvers": "@editors", "schema": Order, "title": "What is sent?"})
    .start("send")
    .ends("send")
    .build()
)
choose = (
    GraphBuilder("ways", description="Go somewhere.")
    .router(
        "where",
        None,
        {name: way(name) for name in ("north", "south")},
        choose={"approvers": "@editors", "title": "Where to?"},
    )
    .start("where")
    .ends("where")
    .build()
)
review = (
    GraphBuilder("article", description="Write an article.")
    .task("write", write, review={"approvers": "@editors", "title": "Is this good?"})
    .task("publish", publish)
    .sequence("write", "publish")
    .start("write")
    .ends("publish")
    .build()
)
iterate = (
    GraphBuilder("rounds", description="Draft until it is good.")
    .loop(
        "refine",
        Block().task("draft", draft),
        max_rounds=5,
        iterate={"approvers": "@editors", "title": "Good enough?"},
    )
    .start("refine")
    .ends("refine")
    .build()
)
tools = (
    GraphBuilder("support", description="An agent that may refund.")
    .agent(
        "helper",
        helper,
        tools={"refund": tool(refund, tool={"approvers": "@finance", "title": "Refund this?"})},
    )
    .start("helper")
    .ends("helper")
    .build()
)
turn = (
    GraphBuilder("desk", description="An agent that wants several refunds at once.")
    .agent(
        "helper",
        generous,
        tools={"refund": tool(refund, tool={"approvers": "@finance", "title": "Refund this?"})},
    )
    .start("helper")
    .ends("helper")
    .build()
)
result = (
    GraphBuilder("survey", description="Work that is done outside.")
    .task("measure", None, result={"approvers": "@editors", "title": "What did you measure?"})
    .task("keep", lambda context: note(f"measured {context.outputs['measure']}"))
    .sequence("measure", "keep")
    .start("measure")
    .ends("keep")
    .build()
)
error = (
    GraphBuilder("printing", description="Print something.")
    .task("print", fragile, error={"approvers": "U0BOB"})
    .start("print")
    .ends("print")
    .build()
)
expiring = (
    GraphBuilder("brief", description="Asks for a moment only.", input=Release)
    .task(
        "deploy",
        deploy,
        confirm={
            "approvers": "@editors",
            "title": "Quickly: deploy?",
            "timeout": "1s",
            "on_timeout": "expire",
        },
    )
    .start("deploy")
    .ends("deploy")
    .build()
)
