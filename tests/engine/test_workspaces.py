"""Runs of several chat workspaces on one engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import (
    ApprovalNotFoundError,
    ApproversError,
    NotAnApproverError,
    RuleNotFoundError,
    RunNotFoundError,
)
from orchestrator.graph import Approver, ApproverKind, GraphBuilder
from orchestrator.runtime import Engine, SystemClock
from orchestrator.store import migrate, open_store

EDITORS = {"T1": frozenset({"BOB"}), "T2": frozenset({"CAROL"})}


class TwoWorkspaces:
    """A directory in which the same group has other people in each workspace."""

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See Directory."""
        if approver.kind is ApproverKind.USER:
            return frozenset({approver.name})
        if workspace not in EDITORS:
            raise ApproversError(f"nobody stands behind {approver} in {workspace!r}")
        return EDITORS[workspace]

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
        """See Directory."""
        return person not in EDITORS.get(workspace, ())


@pytest.fixture
async def engine(tmp_path: Path):
    """Return an engine that serves two workspaces."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'two.db'}"
    await migrate(url)
    graph = (
        GraphBuilder("ask")
        .approval("sure", approvers="@editors", title="Sure?")
        .approval("really", approvers="@editors", title="Really?")
        .edge("sure", "really")
        .start("sure")
        .ends("really")
        .build()
    )
    clock = SystemClock()
    async with open_store(url, now=clock.now) as store:
        made = Engine(store, {"ask": graph}, directory=TwoWorkspaces(), clock=clock)
        async with made:
            yield made


async def started(engine: Engine, workspace: str) -> tuple[str, str]:
    """Start a run in a workspace; return it and what it asks."""
    run = await engine.start("ask", {}, requester="ANN", surface="python", workspace=workspace)
    await engine.wait_until(run.id, lambda each: bool(each.status == "waiting"), timeout=5)
    (approval,) = await engine.list_pending(run=run.id)
    return run.id, approval.id


async def test_s11_the_people_of_a_runs_workspace_decide(engine: Engine) -> None:
    """Who is in the group of another workspace is nobody here."""
    _, approval = await started(engine, "T1")
    with pytest.raises(NotAnApproverError):
        await engine.decide(approval, "approve", by="CAROL", surface="python")
    run = await engine.decide(approval, "approve", by="BOB", surface="python")

    assert run.workspace == "T1"
    assert (await engine.get_run(run.id)).workspace == "T1"


async def test_s11_a_run_is_not_started_in_a_workspace_that_has_not_its_people(
    engine: Engine,
) -> None:
    """The group is looked up where the run belongs."""
    with pytest.raises(ApproversError, match="'T3'"):
        await engine.start("ask", {}, requester="ANN", surface="python", workspace="T3")


async def test_s11_a_workspace_sees_nothing_of_another(engine: Engine) -> None:
    """Neither by a list, nor by an id that somebody has heard of."""
    run, approval = await started(engine, "T1")
    own, other = engine.within("T1"), engine.within("T2")
    await own.decide(approval, "approve", by="BOB", surface="python", rule="run")
    (rule,) = await own.list_rules()

    assert [each.id for each in await own.list_runs()] == [run]
    assert [each.id for each in await own.list_newest()] == [run]
    assert len(await own.list_asked("ANN")) == len(await own.list_decided("BOB")) == 1
    assert (await own.get_rule(rule.ref)).id == rule.id
    for found in (
        await other.list_runs(),
        await other.list_newest(),
        await other.list_pending(),
        await other.list_asked("ANN"),
        await other.list_decided("BOB"),
        await other.list_rules(),
    ):
        assert found == []
    with pytest.raises(RunNotFoundError):
        await other.get_run(run)
    with pytest.raises(RunNotFoundError):
        await other.get_events(run)
    with pytest.raises(RunNotFoundError):
        await other.cancel(run, by="CAROL", surface="python")
    with pytest.raises(ApprovalNotFoundError):
        await other.get_approval(approval)
    with pytest.raises(ApprovalNotFoundError):
        await other.decide(approval, "approve", by="CAROL", surface="python")
    with pytest.raises(RuleNotFoundError):
        await other.revoke_rule(rule.id, by="BOB", surface="python")


async def test_s11_a_workspace_starts_runs_of_its_own(engine: Engine) -> None:
    """Nobody has to say so again."""
    run = await engine.within("T2").start("ask", {}, requester="ANN", surface="python")

    assert run.workspace == "T2"
    assert await engine.within("T2").list_pending(run=run.ref) != []
