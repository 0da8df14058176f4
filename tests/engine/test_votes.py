"""Policies of more than one person through the engine, and what each refusal is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    AlreadyCountedError,
    ApproversError,
    InvalidValuesError,
    NotAnApproverError,
    NotYourTurnError,
    SelfApprovalError,
    UnknownDecisionError,
)
from orchestrator.graph import Graph, GraphBuilder, Policy, four_eyes, in_order, quorum
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle, start


def voted(effects: Effects, policy: Policy) -> Graph:
    """Return review → publish under a policy."""
    return (
        GraphBuilder("voted")
        .approval("review", policy=policy)
        .task("publish", effects.note)
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )


async def test_h21_two_of_a_group_approve(serve: EngineMaker) -> None:
    """The first approval changes nothing but the votes; a second one of another person does."""
    effects = Effects()
    async with serve(voted(effects, quorum(2, "@editors"))) as engine:
        run = await start(engine, "voted")
        approval = await only_question(engine, run)
        await approve(engine, approval, by="BOB")
        await approve(engine, approval, by="BOB")
        after = await only_question(engine, run)
        assert [vote.by for vote in after.votes] == ["BOB"]
        assert effects.of("publish") == 0
        await approve(engine, approval, by="CAROL")
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_h6_a_vote_that_is_delivered_again_is_counted_once(serve: EngineMaker) -> None:
    """With the same key nothing is added to the log, though the approval is still open."""
    effects = Effects()
    async with serve(voted(effects, quorum(2, "@editors"))) as engine:
        run = await start(engine, "voted")
        approval = await only_question(engine, run)
        once = await approve(engine, approval, key="click")
        again = await approve(engine, approval, key="click")

        assert (once.seq, again.status) == (again.seq, RunStatus.WAITING)
        assert len((await only_question(engine, run)).answers) == 1


async def test_h21_the_requester_may_not_approve_under_four_eyes(serve: EngineMaker) -> None:
    """The error says who else may."""
    effects = Effects()
    async with serve(voted(effects, four_eyes("ALICE, BOB"))) as engine:
        run = await start(engine, "voted")
        approval = await only_question(engine, run)
        with pytest.raises(SelfApprovalError, match="started this run"):
            await approve(engine, approval, by="ALICE")
        await approve(engine, approval, by="BOB")

        assert (await settle(engine, run)).status == RunStatus.COMPLETED


async def test_h21_stages_are_asked_one_after_the_other(serve: EngineMaker) -> None:
    """Who is asked later is told to wait, and who was counted before, that it takes another one."""
    effects = Effects()
    async with serve(voted(effects, in_order("BOB", "BOB, CAROL"))) as engine:
        run = await start(engine, "voted")
        approval = await only_question(engine, run)
        with pytest.raises(NotYourTurnError, match="not CAROL's turn yet"):
            await approve(engine, approval, by="CAROL")
        await approve(engine, approval, by="BOB")
        with pytest.raises(AlreadyCountedError, match="CAROL"):
            await approve(engine, approval, by="BOB")
        with pytest.raises(NotAnApproverError):
            await approve(engine, approval, by="MALLORY")
        await approve(engine, approval, by="CAROL")

        assert (await settle(engine, run)).status == RunStatus.COMPLETED


async def test_h21_a_veto_rejects_whatever_the_others_said(serve: EngineMaker) -> None:
    """One rejection by a person with a veto is enough, where others need two."""
    effects = Effects()
    veto = replace(quorum(2, "@editors"), veto=four_eyes("DAVE").approvers(), deny_threshold=2)
    async with serve(voted(effects, veto)) as engine:
        run = await start(engine, "voted")
        approval = await only_question(engine, run)
        await approve(engine, approval, decision="reject", by="BOB")
        assert (await only_question(engine, run)).is_open
        await approve(engine, approval, decision="reject", by="DAVE")
        run = await settle(engine, run)

    assert (run.status, run.cancelled_by, effects.of("publish")) == (
        RunStatus.CANCELLED,
        "DAVE",
        0,
    )


async def test_h21_a_policy_that_nobody_can_satisfy_is_refused_at_start(
    serve: EngineMaker,
) -> None:
    """Three of a group of two, and no run is stored."""
    effects = Effects()
    async with serve(voted(effects, quorum(3, "@editors"))) as engine:
        with pytest.raises(ApproversError, match="review"):
            await start(engine, "voted")

        assert await engine.list_runs() == []


async def test_h14_values_that_do_not_fit_are_listed_by_field(serve: EngineMaker) -> None:
    """Nothing is stored before they do, and what fits reaches the node."""
    got: list[Any] = []
    schema = {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "colour": {"enum": ["red", "blue"]}},
        "required": ["size", "colour"],
    }
    graph = (
        GraphBuilder("form")
        .task(
            "make",
            lambda context: got.append(context.answer),
            input={"approvers": "BOB", "schema": schema},
        )
        .start("make")
        .ends("make")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "form")
        question = await only_question(engine, run)
        with pytest.raises(InvalidValuesError) as caught:
            await approve(engine, question, decision="answer", values={"size": "x"})
        with pytest.raises(UnknownDecisionError):
            await approve(engine, question, decision="approve")
        assert {"size", "colour"} == {field for field, _ in caught.value.problems}
        assert (await only_question(engine, run)).answers == ()
        await approve(engine, question, decision="answer", values={"size": 3, "colour": "red"})
        run = await settle(engine, run)

    assert (run.status, got) == (RunStatus.COMPLETED, [{"size": 3, "colour": "red"}])


class Size(BaseModel):
    """What a form asks for."""

    width: int
    day: date


async def test_h14_an_answer_is_an_instance_of_the_gates_model(serve: EngineMaker) -> None:
    """As the input of a run is one of the graph's."""
    got: list[Any] = []
    graph = (
        GraphBuilder("typed")
        .task(
            "make",
            lambda context: got.append(context.answer),
            input={"approvers": "BOB", "schema": Size},
        )
        .start("make")
        .ends("make")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "typed")
        question = await only_question(engine, run)
        values = {"width": "3", "day": "2030-02-01"}
        await approve(engine, question, decision="answer", values=values)
        await settle(engine, run)

    assert got == [Size(width=3, day=date(2030, 2, 1))]
