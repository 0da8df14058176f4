"""What is told of an approval: what it asks now, who has said what, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from orchestrator.core import events as e
from orchestrator.core.state import Delegation, RunStatus
from orchestrator.errors import ApprovalNotFoundError, CorruptHistoryError, RunNotFoundError
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.policy import Approver, ApproverKind, any_of, in_order, quorum
from orchestrator.store import Approval, Comment, Pause, Position, Store, open_store
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import (
    BOOM,
    HOUR,
    RUNS,
    WRITTEN,
    approve,
    ask,
    begin,
    commit,
    finish,
    opening,
    resolved,
    shown,
    take,
    voted,
)

RUN = RUNS[0]
ADAPTER = TypeAdapter(Approval)


async def only(store: Store, run_id: str = RUN) -> Approval:
    """Return the one approval of a run."""
    (found,) = await store.list_approvals(run_id)
    return found


def edited(approval_id: str, seq: int, value: Any) -> tuple[Any, Any]:
    """Edit what is asked about; `seq` is the number that the decision will have."""
    decision = voted(approval_id, "edit", by="CAROL", values=value)
    ref = e.Pointer(seq)
    revised = e.ApprovalRevised(
        approval_id=approval_id,
        by="CAROL",
        revision=1,
        edits=ref,
        shows={"draft": e.Pointer(seq, ("draft",))},
        digest="new",
    )
    return decision, revised


async def test_an_approval_shows_what_was_asked_and_answered(store: Store, clock: FakeClock):
    """Its payload comes from the log, and stays what it was."""
    opened_at = clock.now()
    approval_id = await ask(
        store,
        RUN,
        times=e.Times(due_at=opened_at + 2 * HOUR),
        timeout=2 * HOUR,
        on_timeout="answer",
        default={"ok": False},
        schema={"type": "object"},
        choices=("a", "b"),
        is_multiple=True,
        error=BOOM,
        edits=e.Pointer(WRITTEN),
    )
    clock.advance(HOUR)
    await store.commit(RUN, shown(approval_id, clock.now() + 2 * HOUR))
    open_ = await only(store)
    via = ("@editors", "BOB")
    vote = voted(
        approval_id,
        "reject",
        via=via,
        comment="no",
        key="k",
        values={"why": 1},
        instead_of="DAN",
        breaks_glass=True,
        rule="f" * 32,
        recorded_by="root",
    )
    await commit(store, RUN, (vote, resolved(approval_id, "rejected", "reject", by="BOB")))
    closed = await only(store)
    (answer,) = closed.answers

    assert (open_.id, open_.status, open_.action, open_.is_open) == (
        approval_id,
        "open",
        None,
        True,
    )
    assert open_.payload == {"draft": "one", "nope": None}
    assert (open_.opened_at, open_.delivered_at) == (opened_at, clock.now())
    assert open_.due_at == clock.now() + 2 * HOUR
    assert (open_.timeout, open_.on_timeout, open_.default) == (2 * HOUR, "answer", {"ok": False})
    assert (open_.schema, open_.choices, open_.is_multiple) == (
        {"type": "object"},
        ("a", "b"),
        True,
    )
    assert (open_.error, open_.edits, open_.before_edit) == (BOOM, {"draft": "one"}, None)
    assert (open_.requester, open_.approvers, open_.run.id) == ("ANN", ("@editors",), RUN)
    assert (open_.kind, open_.node, open_.path) == (ApprovalKind.REVIEW, "review", "review")
    assert (closed.status, closed.action) == ("rejected", "reject")
    assert (closed.resolved_by, closed.resolved_at) == ("BOB", clock.now())
    assert (closed.payload, closed.due_at) == (open_.payload, open_.due_at)
    assert (answer.by, answer.decision, answer.comment) == ("BOB", e.Decision.REJECT, "no")
    assert (answer.via, answer.values, answer.instead_of) == (via, {"why": 1}, "DAN")
    assert (answer.breaks_glass, answer.rule, answer.recorded_by) == (True, "f" * 32, "root")
    assert await store.has_decision(approval_id, "k")
    assert not await store.has_decision(approval_id, "other")
    assert not await store.has_decision("other", "k")


async def test_h22_an_edit_is_shown_as_old_and_new_and_voids_votes(store: Store):
    """While the approval is open and after it was resolved."""
    approval_id = await ask(store, RUN, edits=e.Pointer(WRITTEN))
    await commit(store, RUN, voted(approval_id))
    before = await only(store)
    await commit(store, RUN, edited(approval_id, 8, {"draft": "two"}))
    during = await only(store)
    await commit(store, RUN, (voted(approval_id, by="DAN"), resolved(approval_id, "edited")))
    after = await only(store)

    assert [vote.by for vote in before.votes] == ["BOB"]
    assert (before.revision, before.editor, before.before_edit) == (0, None, None)
    assert [(vote.by, vote.decision) for vote in during.votes] == [("CAROL", "edit")]
    assert [each.by for each in during.answers] == ["BOB", "CAROL"]
    for each in (during, after):
        assert (each.revision, each.editor, each.digest) == (1, "CAROL", "new")
        assert (each.payload, each.edits) == ({"draft": "two"}, {"draft": "two"})
        assert each.before_edit == {"draft": "one", "nope": None}
    assert [vote.by for vote in after.votes] == ["CAROL", "DAN"]


async def test_h21_votes_and_stage_are_told_as_they_stand(store: Store):
    """Of a closed approval, too; a person's newest vote replaces the older one."""
    policy = in_order(quorum(2, "@sre"), "@finance")
    approval_id = await ask(store, RUN, policy=policy)
    await commit(store, RUN, voted(approval_id), voted(approval_id, "reject", by="CAROL"))
    await commit(store, RUN, voted(approval_id, by="CAROL", roster={"@sre": ("BOB", "CAROL")}))
    await commit(store, RUN, e.StageReached(approval_id=approval_id, stage=1))
    open_ = await only(store)
    await commit(store, RUN, (voted(approval_id, by="DAN"), resolved(approval_id)))
    closed = await only(store)

    assert (open_.stage, open_.policy) == (1, policy)
    assert [(vote.by, vote.decision, vote.stage) for vote in closed.votes] == [
        ("BOB", "approve", 0),
        ("CAROL", "approve", 0),
        ("DAN", "approve", 1),
    ]
    assert closed.votes[:2] == open_.votes
    assert closed.votes[1].roster == {"@sre": ("BOB", "CAROL")}
    assert len(closed.answers) == 4


async def test_h23_what_people_arranged_is_told(store: Store, clock: FakeClock):
    """Reassigned, delegated, snoozed, extended, commented on: as it is now, with who and when."""
    approval_id = await ask(store, RUN, times=e.Times(due_at=clock.now() + HOUR))
    later = clock.now() + 5 * HOUR
    about: dict[str, Any] = {"approval_id": approval_id, "by": "BOB"}
    policy = any_of("CAROL DAN")
    await commit(
        store,
        RUN,
        voted(approval_id),
        e.ApprovalReassigned(policy=policy, reason="away", **about),
        e.ApprovalDelegated(to="EVE", via=("CAROL",), **about),
        e.ApprovalSnoozed(until=later, **about),
        e.ApprovalExtended(times=e.Times(due_at=later), **about),
        e.CommentAdded(text="why?", surface="slack", wants_answer=True, **about),
    )
    clock.advance(HOUR)
    await commit(store, RUN, resolved(approval_id))
    await commit(store, RUN, e.CommentAdded(text="oh", surface="cli", **about))
    found = await only(store)
    first = Comment(
        by="BOB", text="why?", surface="slack", at=clock.now() - HOUR, wants_answer=True
    )

    assert (found.policy, found.approvers, found.votes) == (policy, ("CAROL", "DAN"), ())
    assert found.delegations == {"EVE": Delegation(seat="BOB", via=("CAROL",))}
    assert (found.snoozed, found.due_at) == ({"BOB": later}, later)
    assert found.comments == (
        first,
        Comment(by="BOB", text="oh", surface="cli", at=clock.now(), wants_answer=False),
    )


async def test_t4_reminders_and_escalations_are_counted(store: Store, clock: FakeClock):
    """Who was called in may decide."""
    approval_id = await ask(store, RUN)
    boss = Approver(ApproverKind.USER, "BOSS")
    clock.advance(HOUR)
    await commit(
        store,
        RUN,
        e.ReminderFired(approval_id=approval_id),
        e.ReminderFired(approval_id=approval_id),
        e.ApprovalEscalated(approval_id=approval_id, to=(boss,)),
    )
    found = await only(store)

    assert (found.reminders_sent, found.escalated, found.reminded_at) == (2, 1, clock.now())
    assert found.approvers == ("@editors", "BOSS")


async def test_a_question_knows_who_may_decide_now(store: Store):
    """After a reassignment those who were asked first may not."""
    approval_id = await ask(store, RUN)
    about: dict[str, Any] = {"approval_id": approval_id, "by": "BOB"}
    before = await store.get_question(approval_id)
    await commit(store, RUN, e.ApprovalReassigned(policy=any_of("CAROL"), **about))
    await commit(store, RUN, e.ApprovalDelegated(to="EVE", via=("CAROL",), **about))
    after = await store.get_question(approval_id)
    await commit(store, RUN, e.VersionAdopted(version="v2"), resolved(approval_id))
    closed = await store.get_question(approval_id)

    assert (before.approvers, after.approvers) == (("@editors",), ("CAROL",))
    assert (before.graph, before.version, before.run_id) == ("publishing", "v1", RUN)
    assert (before.path, before.kind) == ("review", ApprovalKind.REVIEW)
    assert set(after.delegations) == {"EVE"}
    assert (after.is_open, closed.is_open, closed.version) == (True, False, "v2")


async def test_an_approval_inside_a_body_is_told_alike(store: Store):
    """Whatever state its place reads and writes."""
    entered = e.BodyEntered(path="write", keys=("1",))
    frame = e.FrameOpened(path="write[1]", place="write", key="1", sharing=e.Sharing.SHARED)
    inner = e.NodeReady(path="write[1]/review#2", node="review")
    asking = opening(RUN, "write[1]/review#2", shows={"topic": e.Pointer(1, ("topic",))})
    await commit(store, RUN, (*begin({"topic": "cats"}), entered, frame, inner, asking))
    decided = resolved(asking.approval_id, values={"human_decision": "approve"})
    await commit(store, RUN, (voted(asking.approval_id), decided))
    found = await only(store)

    assert (found.node, found.path) == ("review", "write[1]/review#2")
    assert (found.status, found.payload) == ("approved", {"topic": "cats"})


async def test_open_approvals_are_listed_by_deadline(store: Store, clock: FakeClock):
    """Those without one last, in the order in which they were opened."""
    ids = []
    for run_id, hours in zip(RUNS, (None, 3, 1, None), strict=False):
        clock.advance(timedelta(seconds=1))
        due_at = clock.now() + hours * HOUR if hours else None
        ids.append(await ask(store, run_id, times=e.Times(due_at=due_at)))
    listed = [each.id for each in await store.list_pending()]

    assert listed == [ids[2], ids[1], ids[0], ids[3]]
    assert [each.id for each in await store.list_pending(limit=1)] == [ids[2]]
    assert [each.id for each in await store.list_pending(run_id=RUNS[0])] == [ids[0]]
    assert await store.list_pending(run_id=RUNS[50]) == []

    await approve(store, RUNS[2], ids[2])
    await commit(store, RUNS[1], resolved(ids[1]))

    assert [each.id for each in await store.list_pending()] == [ids[0], ids[3]]


async def test_s6_open_approvals_are_listed_page_by_page(store: Store, clock: FakeClock):
    """Each once and in order, across those with the same deadline and those with none."""
    ids, noon = [], clock.now()
    for number, hours in enumerate((None, 3, 1, None, 1, 1, None)):
        clock.advance(timedelta(seconds=number % 2))
        due_at = noon + hours * HOUR if hours else None
        ids.append(await ask(store, RUNS[number], times=e.Times(due_at=due_at)))
    everything = [each.id for each in await store.list_pending()]
    for size in (1, 2, 3):
        found: list[str] = []
        after = None
        while page := await store.list_pending(after=after, limit=size):
            found += [each.id for each in page]
            after = Position.parse(str(Position.of(page[-1])))

        assert found == everything
        assert set(found) == set(ids)


async def test_h18_approvals_are_listed_by_kind(store: Store):
    """Of all runs, and of one with those that were resolved."""
    first = await ask(store, RUNS[0])
    confirm = opening(RUNS[0], "gate", kind=ApprovalKind.CONFIRM)
    tool = opening(RUNS[1], "write", kind=ApprovalKind.TOOL)
    await commit(store, RUNS[0], confirm)
    await commit(store, RUNS[1], (*begin(), tool))
    await commit(store, RUNS[0], resolved(confirm.approval_id))

    async def listed(**filters: Any) -> list[str]:
        return [each.id for each in await store.list_pending(**filters)]

    assert await listed(kind="review") == [first]
    assert await listed(kind=ApprovalKind.TOOL) == [tool.approval_id]
    assert await listed(kind="tool", run_id=RUNS[0]) == []
    assert await listed(kind="confirm") == []
    assert [each.id for each in await store.list_approvals(RUNS[0])] == [first, confirm.approval_id]
    assert [each.id for each in await store.list_approvals(RUNS[0], kind="confirm")] == [
        confirm.approval_id
    ]


async def test_h18_an_approval_survives_a_trip_through_json(store: Store, clock: FakeClock):
    """With everything that people did to it."""
    later = clock.now() + HOUR
    policy = in_order(quorum(2, "@sre carol@example.com"), any_of("#money", four_eyes=True))
    approval_id = await ask(
        store,
        RUN,
        policy=replace(policy, veto=(Approver(ApproverKind.USER, "V"),)),
        times=e.Times(due_at=later, remind_at=later, escalate_at=later),
        timeout=timedelta(minutes=90),
        error=BOOM,
        edits=e.Pointer(WRITTEN),
        schema={"type": "object"},
    )
    about: dict[str, Any] = {"approval_id": approval_id, "by": "BOB"}
    await commit(store, RUN, edited(approval_id, 7, {"draft": [1, 2.5, None, {"ä": True}]}))
    await commit(store, RUN, voted(approval_id, roster={"@sre": ("BOB",)}, values=[1]))
    await commit(store, RUN, e.ApprovalDelegated(to="EVE", via=("@sre",), **about))
    await commit(store, RUN, e.ApprovalSnoozed(until=later, **about))
    await commit(store, RUN, e.CommentAdded(text="hm", surface="cli", **about))
    open_ = await only(store)
    await commit(store, RUN, resolved(approval_id, by="BOB"))
    closed = await only(store)
    for each in (open_, closed):
        assert ADAPTER.validate_json(ADAPTER.dump_json(each, warnings="error")) == each


async def test_h18_a_pause_tells_what_a_run_waits_for_and_what_was_answered(store: Store):
    """All open approvals with kind, node and path, the resolved ones, and the run's status."""
    first = await ask(store, RUN)
    confirm = opening(RUN, "gate#2", kind=ApprovalKind.CONFIRM)
    tool = opening(RUN, "agent/search", kind=ApprovalKind.TOOL)
    await commit(store, RUN, (confirm, tool, voted(first, comment="ok"), resolved(first)))
    pause = await store.get_pause(RUN)

    assert (pause.status, pause.run) == (RunStatus.WAITING, await store.get_run(RUN))
    assert [(each.kind, each.node, each.path) for each in pause.pending] == [
        ("confirm", "gate", "gate#2"),
        ("tool", "search", "agent/search"),
    ]
    assert [(each.id, each.answers[0].comment) for each in pause.resolved] == [(first, "ok")]
    assert pause.select() == pause.pending
    assert [each.path for each in pause.select("tool")] == ["agent/search"]
    assert [each.kind for each in pause.select(node="gate")] == ["confirm"]
    assert pause.select("tool", path="gate#2") == ()


async def test_h18_a_pause_survives_a_trip_through_json(store: Store):
    """Also that of a run that has ended, and of one that has just begun."""
    await finish(store, RUN)
    await commit(store, RUNS[1], begin(), take("write"))
    for run_id in RUNS[:2]:
        pause = await store.get_pause(run_id)

        assert Pause.from_json(pause.to_json()) == pause


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null", '{"run": {}}'])
def test_h18_a_text_that_is_no_pause_is_refused(text: str):
    """With what to give instead."""
    with pytest.raises(ValueError, match=r"no pause, it has .* `to_json` wrote"):
        Pause.from_json(text)


async def test_h18_a_pause_of_no_run_is_refused(store: Store):
    """As everywhere."""
    with pytest.raises(RunNotFoundError):
        await store.get_pause(RUNS[5])


async def test_an_approval_that_is_not_there_is_not_found(store: Store):
    """By its full id as by a reference."""
    with pytest.raises(ApprovalNotFoundError):
        await store.get_approval("f" * 32)
    with pytest.raises(ApprovalNotFoundError):
        await store.get_question("f" * 32)


async def test_a_damaged_approval_names_its_run(store: Store, sql: Sql):
    """The opening event may be gone, or be no opening event."""
    approval_id = await ask(store, RUN)
    await approve(store, RUN, approval_id)
    sql("UPDATE events SET approval_id = NULL WHERE kind = 'ApprovalOpened'")
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.get_approval(approval_id)
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.get_question(approval_id)
    sql("UPDATE events SET approval_id = NULL")
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.list_approvals(RUN)


async def test_another_process_sees_votes_and_edits_at_once(store: Store, url: str, clock):
    """What is asked is read from the log, never from memory."""
    approval_id = await ask(store, RUN)
    async with open_store(url, now=clock.now) as other:
        await other.list_pending()
        await commit(store, RUN, edited(approval_id, 7, {"draft": "two"}))
        found = await other.get_approval(approval_id)

    assert (found.payload, found.revision) == ({"draft": "two"}, 1)
