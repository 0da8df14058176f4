"""Gates through the real engine on a real database; a side effect behind each gate is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    ApprovalClosedError,
    ApproversError,
    NotAnApproverError,
    OrchestratorError,
    PayloadChangedError,
    ResponseError,
    UnknownDecisionError,
)
from orchestrator.graph import Graph
from orchestrator.graph.policy import Approver
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import Approval, Run
from orchestrator.testing import settle as until_settled
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated


async def start(engine: Engine, graph: str = "gated", **values: Any) -> Run:
    """Start a run and wait until it does not move by itself any more."""
    run = await engine.start(graph, values, requester="ALICE", surface="test")
    return await settle(engine, run)


async def settle(engine: Engine, run: Run) -> Run:
    """Wait until a run waits for people or is over."""
    return await until_settled(engine, run.id)


async def only_question(engine: Engine, run: Run) -> Approval:
    """Return the one open approval of a run."""
    (approval,) = await engine.list_pending(run=run.id)
    return approval


async def approve(engine: Engine, approval: Approval, **changes: Any) -> Run:
    """Decide as Bob, to approve unless said otherwise."""
    given = {"decision": "approve", "by": "BOB", "surface": "test"} | changes
    return await engine.decide(approval.id, given.pop("decision"), **given)


async def test_h1_a_gate_pauses_the_run_and_shows_what_it_reviews(serve: EngineMaker) -> None:
    """At a gate the run waits, its question is stored, and nothing behind the gate has run."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)

        assert (run.status, run.places) == (RunStatus.WAITING, ("review",))
        assert approval.payload == {"draft": "draft 1"}
        assert (approval.title, approval.approvers) == ("Approve review?", ("@editors",))
        assert effects.of("publish") == 0
        assert engine.statistics().running_attempts == 0


async def test_h1_a_gate_survives_a_restart(serve: EngineMaker) -> None:
    """The run goes on from the database in another engine."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as engine:
        run = await start(engine)
    async with serve(graph) as engine:
        await approve(engine, await only_question(engine, run))
        run = await settle(engine, run)

    assert (run.status, effects.of("write"), effects.of("publish")) == (RunStatus.COMPLETED, 1, 1)


async def test_h2_the_decision_is_in_the_state_for_later_nodes(serve: EngineMaker) -> None:
    """Nodes behind the gate read `human_decision`; an answer sets keys that the gate writes."""
    seen: list[Any] = []
    effects = Effects()
    graph = gated(effects, writes=("headline",))
    node: Any = graph.nodes["publish"]
    original = node.function

    def publish(context: Any) -> Any:
        seen.append(dict(context.state))
        return original(context)

    object.__setattr__(node, "function", publish)
    async with serve(graph) as engine:
        run = await start(engine)
        await approve(
            engine,
            await only_question(engine, run),
            comment="Fine.",
            updates={"headline": "Bees"},
        )
        await settle(engine, run)

    assert seen[0]["human_decision"] == "approved"
    assert (
        seen[0]["human_response"]["by"],
        seen[0]["human_response"]["comment"],
    ) == ("BOB", "Fine.")
    assert seen[0]["headline"] == "Bees"


@pytest.mark.parametrize("key", ["draft", "human_decision", "human_response", "else"])
async def test_h2_an_answer_sets_nothing_outside_the_gates_writes(
    serve: EngineMaker, key: str
) -> None:
    """Other keys are refused, the decision's own above all, and the gate stays shut."""
    effects = Effects()
    async with serve(gated(effects, writes=("headline",))) as engine:
        run = await start(engine)
        with pytest.raises(ResponseError, match=key):
            await approve(engine, await only_question(engine, run), updates={key: "x"})

        assert len(await engine.list_pending(run=run.id)) == 1
        assert effects.of("publish") == 0


@pytest.mark.parametrize("word", ["banana", "", "Approved!", "APPROVE", "retry", None])
async def test_h3_only_known_decisions_are_taken(serve: EngineMaker, word: Any) -> None:
    """Anything else is refused and the run keeps waiting."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        before = (await engine.get_run(run.id)).seq
        with pytest.raises(UnknownDecisionError, match="takes approve, reject"):
            await approve(engine, await only_question(engine, run), decision=word)

        assert (RunStatus.WAITING, before) == (
            (await engine.get_run(run.id)).status,
            (await engine.get_run(run.id)).seq,
        )
        assert effects.of("publish") == 0


async def test_h4_a_rejection_follows_its_route_with_the_feedback(serve: EngineMaker) -> None:
    """Rejected with a route: the run goes there, and the node reads what the person wrote."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        await approve(
            engine, await only_question(engine, run), decision="reject", comment="Too long."
        )
        run = await settle(engine, run)
        approval = await only_question(engine, run)

        assert (approval.path, approval.payload["draft"]) == ("review#2", "draft 2")
        assert (effects.of("write"), effects.of("publish")) == (2, 0)
        ready = [record.event for record in await engine.get_events(run.id)]
        assert "Too long." in {getattr(event, "feedback", None) for event in ready}


async def test_h4_a_rejection_without_a_route_cancels_the_run(serve: EngineMaker) -> None:
    """Who rejected it and why is kept."""
    effects = Effects()
    async with serve(gated(effects, rejection=None)) as engine:
        run = await start(engine)
        await approve(engine, await only_question(engine, run), decision="reject", comment="No.")
        run = await settle(engine, run)

        assert (run.status, run.cancelled_by) == (RunStatus.CANCELLED, "BOB")
        assert run.cancel_reason == "review was rejected: No."
        assert effects.of("publish") == 0


async def test_h5_a_decision_for_an_old_gate_never_answers_the_next(serve: EngineMaker) -> None:
    """A stale click names its own approval and is told what became of it."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        old = await only_question(engine, run)
        await approve(engine, old, decision="reject")
        run = await settle(engine, run)
        with pytest.raises(ApprovalClosedError, match="already rejected by BOB"):
            await approve(engine, old)

        assert (await only_question(engine, run)).path == "review#2"
        assert effects.of("publish") == 0


async def test_h5_a_decision_on_a_finished_run_changes_nothing(serve: EngineMaker) -> None:
    """The log has the same length afterwards."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        await approve(engine, approval)
        run = await settle(engine, run)
        with pytest.raises(ApprovalClosedError, match="already approved by BOB"):
            await approve(engine, approval, by="CAROL", decision="reject")

        assert run.seq == (await engine.get_run(run.id)).seq
        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_h6_two_clicks_at_once_run_what_follows_once(serve: EngineMaker) -> None:
    """One of fifty simultaneous decisions wins; the others are told who did."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        answers = await asyncio.gather(
            *(approve(engine, approval, by=("BOB", "CAROL")[number % 2]) for number in range(50)),
            return_exceptions=True,
        )
        run = await settle(engine, run)

        refused = [answer for answer in answers if isinstance(answer, OrchestratorError)]
        assert (49, {ApprovalClosedError}) == (len(refused), {type(error) for error in refused})
        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
        assert len((await engine.get_approval(approval.id)).answers) == 1


async def test_h6_the_same_decision_again_is_accepted_and_changes_nothing(
    serve: EngineMaker,
) -> None:
    """A redelivery with the same key returns normally, also in another process."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        await approve(engine, approval, key="click-1")
        done = await settle(engine, run)
    async with serve(graph) as engine:
        again = await approve(engine, approval, key="click-1")

    assert (done.seq, RunStatus.COMPLETED) == (again.seq, again.status)
    assert effects.of("publish") == 1


async def test_h6_two_engines_on_one_file_run_what_follows_once(serve: EngineMaker) -> None:
    """Clicks that land in two serving processes at once are one decision."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as one, serve(graph) as other:
        for _ in range(5):
            run = await start(one)
            approval = await only_question(one, run)
            answers = await asyncio.gather(
                approve(one, approval), approve(other, approval, by="CAROL"), return_exceptions=True
            )
            run = await settle(one, run)

            assert sum(isinstance(answer, ApprovalClosedError) for answer in answers) == 1
            assert run.status == RunStatus.COMPLETED
    assert effects.of("publish") == 5


async def test_h7_looking_at_a_waiting_run_again_does_nothing(
    serve: EngineMaker,
) -> None:
    """Restarts and ticks ask no new question and move no deadline."""
    effects = Effects()
    graph = gated(effects, timeout="1h", on_timeout="expire")
    async with serve(graph) as engine:
        run = await start(engine)
        before = await only_question(engine, run)
    for _ in range(2):
        async with serve(graph) as engine:
            await engine.tick()
            after = await only_question(engine, run)

    assert before == after
    assert effects.of("write") == 1


async def test_only_approvers_may_decide(serve: EngineMaker) -> None:
    """Somebody else is refused by name, the requester included, and told who may."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        for person in ("ALICE", "MALLORY", ""):
            with pytest.raises(NotAnApproverError, match="@editors"):
                await approve(engine, approval, by=person)

        assert (await engine.get_approval(approval.id)).is_open
        assert effects.of("publish") == 0


@pytest.mark.parametrize("approvers", ["@nobody", "ghost@example.com"])
async def test_unresolvable_approvers_are_refused_at_start(
    serve: EngineMaker, approvers: str
) -> None:
    """No run is stored when nobody could answer it."""
    effects = Effects()
    async with serve(gated(effects, approvers=approvers)) as engine:
        with pytest.raises(ApproversError, match=approvers.strip("@")):
            await start(engine)

        assert await engine.list_runs() == []
        assert effects.of("write") == 0


async def test_a_decision_on_another_payload_is_refused(serve: EngineMaker) -> None:
    """A decision carries the digest of what the person saw."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        with pytest.raises(PayloadChangedError, match="changed since you looked"):
            await approve(engine, approval, digest="0" * 64)
        await approve(engine, approval, digest=approval.digest)
        run = await settle(engine, run)

        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_cancel_withdraws_the_question(serve: EngineMaker) -> None:
    """A cancelled run has no open approvals, and a click afterwards is told so."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        run = await engine.cancel(run.ref, by="ALICE", surface="test", reason="changed my mind")
        with pytest.raises(ApprovalClosedError, match="withdrawn"):
            await approve(engine, approval)

        assert (run.status, run.cancel_reason) == (RunStatus.CANCELLED, "changed my mind")
        assert effects.of("publish") == 0


async def test_the_log_of_a_run_verifies(serve: EngineMaker) -> None:
    """Every finished run's chain is sound, and its log leads to its state."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        await approve(engine, await only_question(engine, run), decision="reject", comment="x")
        run = await settle(engine, run)
        await approve(engine, await only_question(engine, run))
        run = await settle(engine, run)
        found = await engine.verify(run.ref)

        assert (True, None, run.seq) == (found.is_sound, found.problem, found.events)


def graph_with_another_gate(effects: Effects) -> Graph:
    """Return the gated graph with other approvers, which is another version."""
    return gated(effects, approvers="CAROL")


async def test_a_changed_graph_never_runs_under_an_old_approval(serve: EngineMaker) -> None:
    """Another version of the graph is refused with the remedy; cancelling still works."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
    async with serve(graph_with_another_gate(effects)) as engine:
        with pytest.raises(OrchestratorError, match="load the version it started with"):
            await approve(engine, approval, by="CAROL")
        run = await engine.cancel(run.id, by="ALICE", surface="test")

    assert (run.status, effects.of("publish")) == (RunStatus.CANCELLED, 0)


class CancelsItsCaller(StaticDirectory):
    """A directory that cancels whoever asks, at their next wait, which is the commit."""

    async def members(
        self,
        approver: Approver,  # noqa: ARG002 - the port's
        *,
        workspace: str = "",  # noqa: ARG002 - the port's
    ) -> frozenset[str]:
        """See Directory."""
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().call_soon(task.cancel)
        return frozenset({"BOB"})


async def test_a_decision_whose_caller_was_cancelled_still_moves_the_run(
    serve: EngineMaker,
) -> None:
    """A commit that lands after its caller gave up is a valid decision, and is followed up."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        engine._directory = CancelsItsCaller()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(approve(engine, approval))
        run = await engine.wait_until(run.id, lambda now: now.status == "completed", timeout=5)

        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
