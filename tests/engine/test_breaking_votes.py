"""One person is one vote, whatever way a vote came to them."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.core.state import RunStatus
from orchestrator.graph import GraphBuilder, quorum
from orchestrator.testing import FakeClock, pass_time
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle, start


async def test_h21_a_deputy_who_is_asked_later_still_has_one_vote(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Who answered in another's place and may then decide as well takes one of two places."""
    effects = Effects()
    graph = (
        GraphBuilder("voted")
        .approval(
            "review", policy=quorum(2, "BOB, CAROL"), escalation={"after": "1h", "to": "MALLORY"}
        )
        .task("publish", effects.note)
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "voted")
        question = await only_question(engine, run)
        await engine.delegate(question.id, by="BOB", to="MALLORY")
        await approve(engine, question, by="MALLORY")
        await pass_time(engine, clock, timedelta(hours=1))
        await approve(engine, question, by="MALLORY")

        (vote,) = (await only_question(engine, run)).votes
        assert (vote.by, vote.seat, effects.of("publish")) == ("MALLORY", "MALLORY", 0)
        await approve(engine, question, by="BOB")
        assert (await settle(engine, run)).status == RunStatus.COMPLETED
