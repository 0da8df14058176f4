"""Breaking the glass: one named person decides alone, with a reason, and everybody is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.core.effects import Purpose
from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    ConfirmationError,
    NotAnApproverError,
    NotPossibleError,
    OutsiderError,
    ResponseError,
)
from orchestrator.graph import Graph, GraphBuilder, any_of, parse_approvers, quorum
from orchestrator.runtime import StaticDirectory
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_upkeep import LEASE


def glazed(effects: Effects, *, glass: str = "CHIEF") -> Graph:
    """Return review → publish, which takes two editors, or the chief with a reason."""
    policy = replace(quorum(2, "@editors"), break_glass=parse_approvers(glass))
    return (
        GraphBuilder("glazed")
        .approval("review", policy=policy)
        .task("publish", effects.note)
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )


async def test_h25_a_named_person_approves_alone_with_a_reason(serve: EngineMaker) -> None:
    """The log says that it was against the policy, why, and all approvers are told."""
    effects = Effects()
    async with serve(glazed(effects), has_chat=True) as engine:
        run = await start(engine, "glazed")
        approval = await only_question(engine, run)
        (question,) = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)
        await engine.finish_delivery(question, channel="C1", ts="1.0")
        await engine.break_glass(
            approval.id, by="CHIEF", reason="Production is down.", confirm=approval.ref
        )
        run = await settle(engine, run)
        (answer,) = (await engine.get_approval(approval.id)).answers
        purposes = set()
        while claimed := await engine.claim_deliveries(owner="test", limit=10, lease=LEASE):
            for each in claimed:
                purposes.add(each.purpose)
                await engine.finish_delivery(each)

        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
        assert (answer.by, answer.breaks_glass, answer.comment) == (
            "CHIEF",
            True,
            "Production is down.",
        )
        assert Purpose.NOTICE in purposes


@pytest.mark.parametrize("confirm", ["", "yes", "a-0000000"])
async def test_h25_it_takes_a_second_confirmation(serve: EngineMaker, confirm: str) -> None:
    """Anything but the approval's own reference is refused, and the error gives the reference."""
    effects = Effects()
    async with serve(glazed(effects)) as engine:
        run = await start(engine, "glazed")
        approval = await only_question(engine, run)
        with pytest.raises(ConfirmationError, match=approval.ref):
            await engine.break_glass(approval.id, by="CHIEF", reason="Now.", confirm=confirm)

        assert (await only_question(engine, run)).is_open
        assert effects.of("publish") == 0


async def test_h25_it_takes_a_reason_and_the_right_person(serve: EngineMaker) -> None:
    """Editors may not, and nobody may without saying why."""
    effects = Effects()
    async with serve(glazed(effects)) as engine:
        run = await start(engine, "glazed")
        approval = await only_question(engine, run)
        given: dict[str, Any] = {"confirm": approval.ref}
        with pytest.raises(ResponseError, match="reason"):
            await engine.break_glass(approval.id, by="CHIEF", reason=" ", **given)
        for person in ("BOB", "MALLORY"):
            with pytest.raises(NotAnApproverError, match="CHIEF"):
                await engine.break_glass(approval.id, by=person, reason="Now.", **given)
        with pytest.raises(NotAnApproverError):
            await approve(engine, approval, by="CHIEF")

        assert (await only_question(engine, run)).votes == ()
        assert effects.of("publish") == 0


async def test_h25_only_where_the_policy_says_so(serve: EngineMaker) -> None:
    """Elsewhere nobody can."""
    effects = Effects()
    graph = glazed(effects, glass="")
    async with serve(graph) as engine:
        run = await start(engine, "glazed")
        approval = await only_question(engine, run)
        with pytest.raises(NotPossibleError, match="nobody decide alone"):
            await engine.break_glass(
                approval.id, by="CHIEF", reason="Now.", confirm=approval.ref.lower()
            )

        assert (await only_question(engine, run)).is_open


@pytest.mark.parametrize(("outsiders", "status"), [(False, "waiting"), (True, "completed")])
async def test_h21_guests_and_bots_decide_only_where_the_policy_allows_it(
    serve: EngineMaker,
    outsiders: bool,  # noqa: FBT001 - a parameter of the test
    status: str,
) -> None:
    """Even when they are named."""
    effects = Effects()
    graph = (
        GraphBuilder("open")
        .approval("review", policy=replace(any_of("GUEST BOB"), outsiders=outsiders))
        .task("publish", effects.note)
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )
    async with serve(graph) as engine:
        engine._directory = StaticDirectory(outsiders=("GUEST",))
        run = await start(engine, "open")
        approval = await only_question(engine, run)
        if outsiders:
            await approve(engine, approval, by="GUEST")
        else:
            with pytest.raises(OutsiderError, match="GUEST"):
                await approve(engine, approval, by="GUEST")

        assert (await settle(engine, run)).status == status
