"""The outbox: what a chat surface is to show, in order, by one sender at a time (S2, T4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import events as e
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.store import Delivery, Store, open_store
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import HOUR, RUNS, answer, approve, ask, commit, finish, publish, shown

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
QUESTION, OUTCOME, REMINDER = Purpose.QUESTION, Purpose.OUTCOME, Purpose.REMINDER
PROGRESS, NOTICE = Purpose.PROGRESS, Purpose.NOTICE


async def claim(store: Store, limit: int = 10, owner: str = "s1") -> list[Delivery]:
    """Take what may be sent now."""
    return await store.claim_deliveries(owner=owner, limit=limit, lease=LEASE)


def picture(found: list[Delivery]) -> list[tuple[Purpose, str]]:
    """Return purposes and approvals."""
    return [(each.purpose, each.approval_id) for each in found]


async def test_a_question_is_claimed_with_what_a_sender_needs(store: Store, clock: FakeClock):
    """And belongs to its claimer until the lease has run out."""
    approval_id = await ask(store, RUNS[0])
    (found,) = await claim(store)

    assert found == Delivery(
        id=found.id,
        purpose=QUESTION,
        approval_id=approval_id,
        run_id=RUNS[0],
        attempts=1,
        created_at=clock.now(),
    )
    assert await claim(store, owner="s2") == []


async def test_a_claim_whose_sender_died_is_given_out_again(store: Store, clock: FakeClock):
    """After its lease, not before, and it is counted."""
    await ask(store, RUNS[0])
    (first,) = await claim(store)
    clock.advance(LEASE - timedelta(microseconds=1))

    assert await claim(store, owner="s2") == []

    clock.advance(timedelta(microseconds=1))
    (second,) = await claim(store, owner="s2")

    assert (second.id, second.attempts) == (first.id, 2)


async def test_deliveries_are_claimed_oldest_first_up_to_the_limit(store: Store):
    """Over all runs."""
    ids = [await ask(store, run_id) for run_id in RUNS[:5]]

    assert picture(await claim(store, limit=2)) == [(QUESTION, each) for each in ids[:2]]
    assert picture(await claim(store)) == [(QUESTION, each) for each in ids[2:]]


async def test_an_outcome_waits_for_its_question(store: Store, clock: FakeClock):
    """Also while the question is on its way; what people see never goes back in time."""
    approval_id = await finish(store, RUNS[0])
    other = await ask(store, RUNS[1])
    (question, other_question) = await claim(store)

    assert picture([question, other_question]) == [(QUESTION, approval_id), (QUESTION, other)]
    assert await claim(store) == []

    await store.put_off_delivery(question, not_before=clock.now() + SECOND, error="busy")

    assert await claim(store) == []

    clock.advance(SECOND)
    (again,) = await claim(store)
    await store.finish_delivery(again)

    assert again.id == question.id
    assert picture(await claim(store)) == [(OUTCOME, approval_id)]


async def test_of_several_edits_the_newest_stands_for_all(store: Store, sql: Sql):
    """Decided and completed: the message is edited once."""
    approval_id = await finish(store, RUNS[0])
    (question,) = await claim(store)
    await store.finish_delivery(question)
    (outcome,) = await claim(store)
    newest = sql("SELECT max(id) FROM deliveries")

    assert (outcome.purpose, outcome.approval_id) == (OUTCOME, approval_id)
    assert [(outcome.id,)] == newest

    await store.finish_delivery(outcome)

    assert await claim(store) == []
    assert sql("SELECT status, count(*) FROM deliveries GROUP BY status") == [("sent", 3)]


async def test_an_edit_that_is_on_its_way_is_not_overtaken(store: Store):
    """The newer one is given out when it is done."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    await store.finish_delivery(question)
    await approve(store, RUNS[0], approval_id)
    (first,) = await claim(store)
    await publish(store, RUNS[0], approval_id)

    assert await claim(store) == []

    await store.finish_delivery(first)
    (second,) = await claim(store)

    assert second.id > first.id


async def test_a_delivery_that_was_given_up_lets_the_later_ones_through(store: Store, sql: Sql):
    """It stays for the operator to see, with the reason."""
    approval_id = await finish(store, RUNS[0])
    (question,) = await claim(store)
    await store.give_up_delivery(question, error="channel_not_found")

    assert picture(await claim(store)) == [(OUTCOME, approval_id)]
    assert sql("SELECT status, error FROM deliveries WHERE id = ?", question.id) == [
        ("failed", "channel_not_found")
    ]


async def test_a_delivery_that_was_sent_after_its_lease_is_sent_all_the_same(
    store: Store, clock: FakeClock
):
    """A slow sender may finish what another one has claimed meanwhile."""
    await ask(store, RUNS[0])
    (slow,) = await claim(store)
    clock.advance(LEASE)
    await claim(store, owner="s2")
    await store.finish_delivery(slow)
    clock.advance(LEASE)

    assert await claim(store) == []


async def test_t4_reminders_are_sent_in_their_order(store: Store, clock: FakeClock):
    """After the question, before the outcome."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    step_ = shown(approval_id, clock.now() + HOUR)
    await store.save_question(RUNS[0], step_, question, channel="C1", ts="1.5")
    clock.advance(timedelta(minutes=50))
    reminder = Deliver(purpose=REMINDER, approval_id=approval_id, seq=8)
    await commit(store, RUNS[0], e.ReminderFired(approval_id=approval_id), deliver=(reminder,))
    (found,) = await claim(store)
    await approve(store, RUNS[0], approval_id)

    assert picture([found]) == [(REMINDER, approval_id)]
    assert found.seq == 8
    assert await claim(store) == []

    await store.finish_delivery(found)

    assert picture(await claim(store)) == [(OUTCOME, approval_id)]


async def test_a_shown_question_is_one_commit(store: Store, clock: FakeClock):
    """Its delivery is done, its message is known, and its clock runs."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    before = store.commits
    clock.advance(SECOND)
    step_ = shown(approval_id, clock.now() + HOUR)
    await store.save_question(RUNS[0], step_, question, channel="C1", ts="1.5")
    message = await store.find_message(approval_id)
    approval = await store.get_approval(approval_id)

    assert store.commits == before + 1
    assert (message.channel, message.ts) == ("C1", "1.5")
    assert approval.delivered_at == clock.now()
    assert approval.due_at == clock.now() + timedelta(hours=1)
    assert await store.next_delivery_at() is None


async def test_a_question_that_was_shown_too_late_is_known_all_the_same(
    store: Store, clock: FakeClock
):
    """Its message has to be edited, so its place is kept although the step is refused."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    await approve(store, RUNS[0], approval_id)
    step_ = shown(approval_id, clock.now() + HOUR)
    await store.save_question(RUNS[0], step_, question, channel="C1", ts="1.5")

    assert (await store.find_message(approval_id)).ts == "1.5"
    assert picture(await claim(store)) == [(OUTCOME, approval_id)]


async def test_a_message_that_was_posted_again_replaces_the_one_before(store: Store, clock):
    """The newest place is the one to edit."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    step_ = shown(approval_id, clock.now() + HOUR)
    await store.save_question(RUNS[0], step_, question, channel="C1", ts="1.5")
    await store.save_question(RUNS[0], step_, question, channel="C2", ts="2.5")
    found = await store.find_message(approval_id)

    assert (found.channel, found.ts) == ("C2", "2.5")


async def test_the_next_delivery_is_the_next_that_may_be_claimed(store: Store, clock: FakeClock):
    """Not one that has to wait for an older one: a sender would look for it all the time."""
    assert await store.next_delivery_at() is None

    await finish(store, RUNS[0])

    assert await store.next_delivery_at() == clock.now()

    (question,) = await claim(store)

    assert await store.next_delivery_at() == clock.now() + LEASE

    later = clock.now() + timedelta(minutes=1)
    await store.put_off_delivery(question, not_before=later, error="rate limited")

    assert await store.next_delivery_at() == later

    await store.finish_delivery(question)

    assert await store.next_delivery_at() == clock.now()


@pytest.mark.parametrize("has_chat", [True, False])
async def test_without_a_chat_surface_nothing_is_to_be_delivered(
    url: str, clock: FakeClock, sql: Sql, *, has_chat: bool
):
    """Rows that nobody would ever send are not written."""
    async with open_store(url, now=clock.now) as store:
        store.has_chat = has_chat
        await finish(store, RUNS[0])

    assert sql("SELECT count(*) FROM deliveries") == [(3 if has_chat else 0,)]


async def test_a_refused_command_delivers_nothing(store: Store, sql: Sql):
    """A second click makes no second edit."""
    approval_id = await ask(store, RUNS[0])
    await approve(store, RUNS[0], approval_id)
    before = sql("SELECT count(*) FROM deliveries")
    await store.commit(RUNS[0], answer(approval_id))

    assert sql("SELECT count(*) FROM deliveries") == before


async def notify(store: Store, approval_id: str, *purposes: Purpose) -> None:
    """Commit comments, each of which leads to a delivery."""
    for number, purpose in enumerate(purposes, start=7):
        said = e.CommentAdded(approval_id=approval_id, by="BOB", text="hm", surface="slack")
        effect = Deliver(purpose=purpose, approval_id=approval_id, seq=number)
        await commit(store, RUNS[0], said, deliver=(effect,))


async def drain(store: Store) -> list[list[tuple[Purpose, int | None]]]:
    """Send whatever may be sent until nothing is left; return it in rounds."""
    rounds = []
    while found := await claim(store):
        rounds.append([(each.purpose, each.seq) for each in found])
        for each in found:
            await store.finish_delivery(each)
    return rounds


async def test_h21_of_progress_and_outcome_the_newest_stands_for_all(store: Store, sql: Sql):
    """Three votes and the outcome edit the message once, if nobody has sent any of them yet."""
    approval_id = await ask(store, RUNS[0])
    await notify(store, approval_id, PROGRESS, PROGRESS, PROGRESS, OUTCOME)

    assert await drain(store) == [[(QUESTION, None)], [(OUTCOME, 10)]]
    assert sql("SELECT DISTINCT status FROM deliveries") == [("sent",)]


async def test_h23_notices_and_reminders_are_each_sent(store: Store):
    """In their order, and the edit that came after them last."""
    approval_id = await ask(store, RUNS[0])
    await notify(store, approval_id, PROGRESS, NOTICE, PROGRESS, REMINDER, NOTICE, PROGRESS)

    assert await drain(store) == [
        [(QUESTION, None)],
        [(NOTICE, 8)],
        [(REMINDER, 10)],
        [(NOTICE, 11)],
        [(PROGRESS, 12)],
    ]


async def test_progress_that_is_on_its_way_is_not_overtaken_by_the_outcome(store: Store):
    """Two edits of one message at once could arrive in the wrong order."""
    approval_id = await ask(store, RUNS[0])
    (question,) = await claim(store)
    await store.finish_delivery(question)
    await notify(store, approval_id, PROGRESS)
    (progress,) = await claim(store)
    await notify(store, approval_id, PROGRESS, OUTCOME)

    assert await claim(store) == []

    await store.finish_delivery(progress)

    assert await drain(store) == [[(OUTCOME, 8)]]
