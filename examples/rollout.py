"""Roll a service out, region by region, with people at every step that matters.

Checks run side by side; two release managers and then finance say yes; every region is rolled out
and looked at by itself; and when the announcement is out, the run is done. Whoever rejects a
region has all of them rolled back.

    signoff run rollout service=shop version=1.4.2
    signoff signal RUN announced --value url=https://example.com/news

Who decides comes from SIGNOFF_APPROVERS, of whom one is enough; without it the groups `@release`
and `@finance` are asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, HttpUrl

from orchestrator import Block, Context, GraphBuilder, any_of, gate, in_order, quorum

INSTANCES = 3


class Rollout(BaseModel):
    """What goes out, and where."""

    service: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Such as shop")
    version: str = Field(min_length=1, max_length=50, description="Such as 1.4.2")
    regions: list[str] = Field(
        ["eu", "us"], min_length=1, max_length=20, description="Where to, in this order"
    )


class Announcement(BaseModel):
    """What the signal `announced` brings."""

    url: HttpUrl


def test(context: Context) -> dict[str, Any]:
    """Run the tests; a real one would ask the build system."""
    return {"tests": f"412 tests of {context.input.service} {context.input.version} passed"}


def measure(context: Context) -> dict[str, Any]:
    """Put the new version under load, and see how quickly it answers."""
    return {"load": f"{context.input.version} answers in 38 ms at 900 requests a second"}


def roll_out(context: Context) -> Iterator[Any]:
    """Replace the instances of a region one by one, and say how far it is."""
    for number in range(1, INSTANCES + 1):
        yield f"{number} of {INSTANCES} instances run {context.input.version}"
    yield {"region": context.item, "runs": context.input.version}


def roll_back(context: Context) -> str:
    """Bring a region's old version back; once more does no harm."""
    return f"{context.previous_output['region']} runs what it ran before"


def look(context: Context) -> dict[str, Any]:
    """Watch a region for a while; longer, if somebody asked for it."""
    minutes = 5 if context.feedback is None else 30
    return {"region": context.item, "watched": f"{minutes} minutes", "errors": "0.02 %"}


own = os.environ.get("SIGNOFF_APPROVERS")
vote = any_of(own) if own else in_order(quorum(2, "@release"), "@finance")

is_healthy = gate(
    approvers=own or "@release",
    title="Is {{ item }} healthy with {{ input.service }} {{ input.version }}?",
    prompt="Rejected, every region is rolled back. Request changes to have it watched for longer.",
)

rollout = (
    GraphBuilder(
        "rollout",
        title="Roll a service out",
        description="Checks, a vote in two stages, and a look at every region.",
        input=Rollout,
    )
    .parallel(
        "checks",
        {
            "tests": Block().task("test", test, writes="tests"),
            "load": Block().task("measure", measure, writes="load"),
        },
    )
    .approval(
        "vote",
        title="Roll {{ input.service }} {{ input.version }} out?",
        policy=vote,
        review_keys=["input.regions", "tests", "load"],
        timeout=timedelta(hours=8),
        on_timeout="reject",
        reminders={"every": timedelta(hours=1)},
    )
    .map(
        "regions",
        lambda view: view.input.regions,
        Block()
        .task("roll", roll_out, idempotent=True, undo=roll_back)
        .task("look", look, review=is_healthy),
    )
    .wait("news", signal="announced", schema=Announcement, writes="url")
    .end("done", output=["tests", "load", "url"])
    .sequence("checks", "vote", "regions", "news", "done")
    .start("checks")
    .build()
)
