"""The outbox: direct messages, copies of questions, and what may be sent at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.store import COPY, DIGEST, GONE, MOVED, Anew, Delivery, Message, Store
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import HOUR, RUNS, approve, ask, commit, shown

LEASE = timedelta(seconds=30)
QUESTION, PROGRESS, OUTCOME = Purpose.QUESTION, Purpose.PROGRESS, Purpose.OUTCOME
DIRECT, NOTICE = Purpose.DIRECT, Purpose.NOTICE


@dataclass(frozen=True, kw_only=True)
class Direct:
    """A direct message that is asked for."""

    person: str
    detail: str
    not_before: datetime


async def claim(store: Store, **options: Any) -> list[Delivery]:
    """Take what may be sent at the same time."""
    usual = {"owner": "s1", "limit": 10, "lease": LEASE, "one_a_channel": True}
    return await store.claim_deliveries(**(usual | options))


def picture(found: list[Delivery]) -> list[tuple[Purpose, str | None]]:
    """Return purposes and people."""
    return [(each.purpose, each.person) for each in found]


async def asked(store: Store, clock: FakeClock, run_id: str, *directs: Direct) -> str:
    """Bring a run to its question, which is shown in C1; return the approval's id."""
    approval_id = await ask(store, run_id)
    (question,) = [each for each in await claim(store) if each.approval_id == approval_id]
    await store.save_question(
        run_id,
        shown(approval_id, clock.now() + HOUR),
        question,
        channel="C1",
        ts=f"1.{run_id[-3:]}",
        directs=directs,
    )
    return approval_id


async def edit(store: Store, run_id: str, approval_id: str) -> None:
    """Have a question brought up to date."""
    said = e.CommentAdded(approval_id=approval_id, by="BOB", text="hm", surface="slack")
    await commit(store, run_id, said, deliver=(Deliver(purpose=PROGRESS, approval_id=approval_id),))


async def test_one_delivery_a_channel_is_under_way(store: Store, clock: FakeClock):
    """What goes elsewhere need not wait, and what goes there comes when the first is done."""
    first = await asked(store, clock, RUNS[0])
    second = await asked(store, clock, RUNS[1])
    await edit(store, RUNS[0], first)
    await edit(store, RUNS[1], second)
    third = await ask(store, RUNS[2], channel="C2")
    found = await claim(store)

    assert [each.approval_id for each in found] == [first, third]
    assert await claim(store) == []

    await store.finish_delivery(found[0])

    assert [each.approval_id for each in await claim(store)] == [second]


async def test_what_was_put_off_does_not_keep_its_channel(store: Store, clock: FakeClock):
    """It waits for its time while the others go on."""
    first = await ask(store, RUNS[0])
    second = await ask(store, RUNS[1])
    (question,) = await claim(store)
    await store.put_off_delivery(question, not_before=clock.now() + HOUR, error="broken")
    (other,) = await claim(store)

    assert (question.approval_id, other.approval_id) == (first, second)


async def test_the_edit_of_a_question_brings_those_of_its_copies(store: Store, clock: FakeClock):
    """Each of them is sent once, also when the first try of the question's own fails."""
    people = [Direct(person=name, detail=COPY, not_before=clock.now()) for name in ("ANN", "BOB")]
    approval_id = await asked(store, clock, RUNS[0], *people)
    copies = await claim(store)

    assert picture(copies) == [(DIRECT, "ANN"), (DIRECT, "BOB")]

    await store.finish_delivery(copies[0], channel="D1", ts="2.0")
    await edit(store, RUNS[0], approval_id)
    (main,) = await claim(store)

    assert picture([main]) == [(PROGRESS, None)]

    await store.put_off_delivery(main, not_before=clock.now(), error="busy")
    found = await claim(store)

    assert picture(found) == [(PROGRESS, None), (PROGRESS, "ANN")]

    # The other copy is just being posted, so its edit waits for that.
    await store.finish_delivery(copies[1], channel="D2", ts="2.1")

    assert picture(await claim(store)) == [(PROGRESS, "BOB")]
    assert await store.messages_of(approval_id) == [
        Message(approval_id=approval_id, channel="C1", ts=f"1.{RUNS[0][-3:]}"),
        Message(approval_id=approval_id, channel="D1", ts="2.0", person="ANN"),
        Message(approval_id=approval_id, channel="D2", ts="2.1", person="BOB"),
    ]


async def test_of_several_edits_of_a_copy_the_newest_stands_for_all(
    store: Store, clock: FakeClock, sql: Sql
):
    """As for the question itself, and also when an older one was put off."""
    copy = Direct(person="ANN", detail=COPY, not_before=clock.now())
    approval_id = await asked(store, clock, RUNS[0], copy)
    (direct,) = await claim(store)
    await store.finish_delivery(direct, channel="D1", ts="2.0")
    await edit(store, RUNS[0], approval_id)
    (main,) = await claim(store)
    await store.finish_delivery(main)
    (edit_of_copy,) = await claim(store)
    await store.put_off_delivery(edit_of_copy, not_before=clock.now() + HOUR, error="busy")
    await approve(store, RUNS[0], approval_id)
    (outcome,) = await claim(store)
    await store.finish_delivery(outcome)

    assert picture(await claim(store)) == [(OUTCOME, "ANN")]
    assert sql("SELECT count(*) FROM deliveries WHERE status = 'pending'") == [(1,)]


async def test_a_message_for_later_holds_nothing_up(store: Store, clock: FakeClock):
    """Who sleeps is told the outcome when they wake up, and not before that by an edit."""
    later = clock.now() + HOUR
    copy = Direct(person="ANN", detail=COPY, not_before=later)
    approval_id = await asked(store, clock, RUNS[0], copy)
    outcome = Direct(person="ANN", detail="outcome", not_before=clock.now())
    await approve(store, RUNS[0], approval_id)
    (main,) = await claim(store)
    await store.finish_delivery(main, directs=[outcome])
    (told,) = await claim(store)

    assert (told.person, told.detail) == ("ANN", "outcome")
    assert (await store.backlog()).waiting == 1

    await store.finish_delivery(told)

    assert (await store.backlog()).waiting == 0
    assert await store.next_delivery_at() == later


async def test_direct_messages_are_added_once_and_nobody_has_two_copies(
    store: Store, clock: FakeClock, sql: Sql
):
    """Also when two senders finish the same delivery, or the question is posted anew."""
    copy = Direct(person="ANN", detail=COPY, not_before=clock.now())
    approval_id = await asked(store, clock, RUNS[0], copy)
    question = {"approval_id": approval_id, "run_id": RUNS[0], "workspace": "", "channel": None}

    assert await store.ask_again(question) is Anew.ADDED
    assert await store.ask_again(question) is Anew.WAITING

    again = next(each for each in await claim(store) if each.purpose is QUESTION)
    await store.finish_delivery(again, directs=[copy])
    await store.finish_delivery(again, directs=[copy])

    assert sql("SELECT person FROM deliveries WHERE purpose = 'direct'") == [("ANN",)]


async def test_a_question_that_is_gone_is_posted_anew_once_each_time_it_was_put_up(
    store: Store, clock: FakeClock, sql: Sql
):
    """What was done for another reason does not count, and on purpose it counts from there."""
    approval_id = await asked(store, clock, RUNS[0])
    question = {"approval_id": approval_id, "run_id": RUNS[0], "workspace": "", "channel": None}

    async def again(because: str | None) -> Anew:
        at_most = None if because is None else 0
        answer = await store.ask_again(question, because=because, at_most=at_most)
        sql("UPDATE deliveries SET status = 'sent'")
        return answer

    for _ in range(2):
        assert await again(None) is Anew.ADDED
        assert await again(MOVED) is Anew.ADDED
        assert await again(GONE) is Anew.ADDED
        assert await again(GONE) is Anew.ENOUGH
        assert await again(MOVED) is Anew.ENOUGH


async def test_a_question_that_waits_and_is_put_up_on_purpose_may_be_gone_once_more(
    store: Store, clock: FakeClock, sql: Sql
):
    """Whoever wants it posted while that is under way gets all that a post gets."""
    approval_id = await asked(store, clock, RUNS[0])
    question = {"approval_id": approval_id, "run_id": RUNS[0], "workspace": "", "channel": None}
    sql("UPDATE deliveries SET status = 'sent'")

    assert await store.ask_again(question, because=GONE, at_most=0) is Anew.ADDED
    assert await store.ask_again(question) is Anew.WAITING

    sql("UPDATE deliveries SET status = 'sent'")

    assert await store.ask_again(question, because=GONE, at_most=0) is Anew.ADDED


async def test_a_digest_is_claimed_as_a_whole(store: Store, clock: FakeClock):
    """All that is due of one person, of several questions; nothing of anybody else."""
    for number, wait in enumerate((HOUR, HOUR, 2 * HOUR)):
        at = clock.now() + wait
        ann = Direct(person="ANN", detail=DIGEST, not_before=at)
        bob = Direct(person="BOB", detail=DIGEST, not_before=at)
        await asked(store, clock, RUNS[number], ann, bob)
    clock.advance(HOUR)
    (first, other) = await claim(store)
    rest = await store.claim_digest(first, owner="s1", lease=LEASE)

    assert picture([first, other]) == [(DIRECT, "ANN"), (DIRECT, "BOB")]
    assert picture(rest) == [(DIRECT, "ANN")]
    assert await claim(store) == []


async def test_what_waits_is_hurried_when_its_way_is_free(store: Store, clock: FakeClock):
    """What is under way, or only for later, is left alone."""
    await ask(store, RUNS[0])
    (question,) = await claim(store)
    await store.put_off_delivery(question, not_before=clock.now() + HOUR, error="not_in_channel")
    await store.hurry_deliveries("T9")

    assert await claim(store) == []

    await store.hurry_deliveries("")

    assert picture(await claim(store)) == [(QUESTION, None)]


async def test_a_sender_takes_what_belongs_to_its_workspace(store: Store):
    """Without being held up by what waits for another one."""
    await ask(store, RUNS[0], workspace="T1")
    second = await ask(store, RUNS[1], workspace="T2")

    assert (await store.backlog(workspace="T2")).waiting == 1
    assert await store.next_delivery_at(workspace="T3") is None
    (found,) = await claim(store, workspace="T2")

    assert (found.approval_id, found.workspace) == (second, "T2")


async def test_messages_follow_their_channel(store: Store, clock: FakeClock):
    """When its id changes."""
    approval_id = await asked(store, clock, RUNS[0])
    await store.move_messages("C1", "C9")

    assert [each.approval_id for each in await store.questions_in("C9")] == [approval_id]
    assert await store.questions_in("C1") == []


async def test_what_waits_for_a_digest_moves_to_another_time(store: Store, clock: FakeClock):
    """As part of the digest, or as a copy; what others wait for stays where it is."""
    at = clock.now() + HOUR
    for run_id in RUNS[:2]:
        people = [Direct(person=name, detail=DIGEST, not_before=at) for name in ("ANN", "BOB")]
        await asked(store, clock, run_id, *people)
    first, second = await store.gathered_for("ANN", "")
    later, copy = (
        Direct(person="ANN", detail=each, not_before=at + HOUR) for each in (DIGEST, COPY)
    )
    await store.move_gathered([(first, later), (second, copy)])
    clock.advance(HOUR)

    assert picture(await claim(store, one_a_channel=False)) == [(DIRECT, "BOB"), (DIRECT, "BOB")]

    clock.advance(HOUR)
    found = [each for each in await claim(store, one_a_channel=False) if each.person == "ANN"]

    assert [each.detail for each in found] == [DIGEST, COPY]
    assert await store.gathered_for("ANN", "") == []


async def test_what_moves_out_of_a_digest_is_no_second_copy(store: Store, clock: FakeClock):
    """Whoever has been sent the question meanwhile is told no more of it."""
    at = clock.now() + HOUR
    people = [Direct(person="ANN", detail=each, not_before=at) for each in (DIGEST, COPY)]
    await asked(store, clock, RUNS[0], *people)
    (gathered,) = await store.gathered_for("ANN", "")
    await store.move_gathered([(gathered, people[1])])
    clock.advance(HOUR)

    assert picture(await claim(store, one_a_channel=False)) == [(DIRECT, "ANN")]
