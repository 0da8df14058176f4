"""Who is told what by a direct message, when, and in which words; and the thread's story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.cards import Card, Notice, question_card
from bot.cards.digest import digest_of
from bot.cards.direct import DirectNote, end_note, event_note, outcome_note, reminder_note
from bot.cards.story import has_ended, has_outcome, next_words, people_in, story_words, uncalled
from bot.slack.directory import SlackDirectory
from bot.slack.directs import DirectPost, render_digest, render_direct
from bot.slack.hours import after_quiet, next_of, zone_of
from bot.slack.links import Links
from bot.slack.messages import SlackMessage, render
from bot.slack.preferences import Preference, Preferences
from bot.slack.recipients import (
    MOST_PEOPLE,
    Circle,
    circle_of,
    decided_by,
    is_worth_telling,
    listeners_of,
    resolve,
    still_asked,
)
from orchestrator.core import approval_events as a
from orchestrator.core.effects import Purpose
from orchestrator.errors import DirectoryError
from orchestrator.graph.kinds import Risk
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery, Message

QUESTION, DIGEST, REMINDER, OUTCOME, END = "question", "digest", "reminder", "outcome", "end"
#: An event that concerns the person; its number follows.
_EVENT = "event:"
#: A question that cannot wait for the digest is told so long before its deadline.
_AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct message to be sent."""

    person: str
    #: What it is about: `question`, `digest`, `reminder`, `outcome`, `end`, or an event.
    detail: str
    not_before: datetime


class Audience:
    """Decides it when a delivery is sent, from what is stored by then; one per workspace."""

    def __init__(
        self,
        engine: Engine,
        directory: SlackDirectory,
        preferences: Preferences,
        links: Links,
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._preferences = preferences
        self._links = links

    async def directs_for(
        self, delivery: Delivery, approval: Approval, now: datetime
    ) -> list[Direct]:
        """Return whom a delivery is also told by themselves; each person is told once."""
        if delivery.person is not None:  # the edit of a copy concerns nobody else
            return []
        match delivery.purpose:
            case Purpose.QUESTION if approval.delivered_at is None:  # else it is posted anew
                return await self._questions(approval, now)
            case Purpose.REMINDER if approval.is_open:
                people = await still_asked(approval, self._directory, now)
                circle = Circle(names=people, is_mutable=True)
                return await self._told(circle, approval, REMINDER, now)
            case Purpose.NOTICE if delivery.seq is not None:
                return await self._concerned(delivery.seq, approval, now)
            case Purpose.OUTCOME:
                return await self._outcome(delivery, approval, now)
            case _:
                return []

    async def compose(
        self, delivery: Delivery, approval: Approval, now: datetime
    ) -> SlackMessage | None:
        """Return what a direct message says when it is sent; None: by now there is nothing."""
        person, detail = delivery.person or "", delivery.detail or ""
        if detail == DIGEST:
            return await self.compose_digest([delivery], [approval], now)
        if detail == QUESTION:
            if not approval.is_open or person not in await self._asked_of(approval, now):
                return None
            return render(self._question(approval, now), await self._directory.known_groups())
        note = await self._note(person, detail, approval, now)
        if note is None:
            return None
        url = await self._links.find(approval.id, person=person)
        post = DirectPost(approval=approval, delivery=delivery.id, url=url)
        return render_direct(note, post, await self._directory.known_groups())

    async def compose_digest(
        self, deliveries: Sequence[Delivery], approvals: Sequence[Approval], now: datetime
    ) -> SlackMessage | None:
        """Return one message for all that was gathered for a person; None: nothing waits."""
        person = deliveries[0].person or ""
        preference = await self._preferences.get(person)
        waiting: dict[str, Approval] = {}
        for approval in approvals:
            is_muted = preference.is_muted(run=approval.run_id, graph=approval.graph, now=now)
            if approval.is_open and not is_muted and person in await self._asked_of(approval, now):
                waiting[approval.id] = approval
        if not waiting:
            return None
        return await self._digest(person, waiting.values(), delivery=deliveries[0].id)

    async def digest_again(self, message: Message) -> SlackMessage:
        """Return a digest that stands somewhere as it is now."""
        person = message.person or ""
        places = await self._engine.messages_at(message.channel, message.ts)
        approvals = [await self._engine.get_approval(each.approval_id) for each in places]
        return await self._digest(person, approvals, delivery=0)

    async def _digest(
        self, person: str, approvals: Iterable[Approval], *, delivery: int
    ) -> SlackMessage:
        shown = sorted(approvals, key=lambda each: (each.due_at or each.opened_at, each.id))
        digest = digest_of(shown, reader=person)
        urls = {
            line.approval_id: await self._links.find(line.approval_id, person=person)
            for line in digest.lines
        }
        post = DirectPost(approval=shown[0], delivery=delivery, url=None)
        return render_digest(digest, urls, await self._directory.known_groups(), post=post)

    async def story_of(self, delivery: Delivery, approval: Approval) -> Notice | None:
        """Return the line for the thread at votes, an outcome and the run's end.

        At a question it is for the thread of the one before it in the same run, which the notice
        names. Nobody is called by it.
        """
        if delivery.person is not None:
            return None
        if delivery.purpose is Purpose.QUESTION:
            return await self._next(approval)
        if delivery.purpose not in {Purpose.PROGRESS, Purpose.OUTCOME}:
            return None
        since = await self._engine.told_until(delivery)
        words = story_words(approval, since=since, until=delivery.created_at)
        return Notice(words=uncalled(words, await self._names(people_in(words)))) if words else None

    async def _next(self, approval: Approval) -> Notice | None:
        before = await self._engine.led_from(approval.id)
        if before is None:
            return None
        return Notice(words=next_words(approval, await self._links.find(approval.id)), about=before)

    async def _names(self, people: Iterable[str]) -> dict[str, str]:
        names: dict[str, str] = {}
        for person in people:
            try:
                found = await self._directory.person(person)
            except DirectoryError:
                continue
            if found is not None:
                names[person] = found.name
        return names

    def _question(self, approval: Approval, now: datetime) -> Card:
        due_at = approval.due_at
        if approval.delivered_at is None and approval.timeout is not None:
            due_at = now + approval.timeout
        return question_card(approval, due_at=due_at)

    async def _asked_of(self, approval: Approval, now: datetime) -> tuple[str, ...]:
        return await still_asked(approval, self._directory, now)

    async def _note(
        self, person: str, detail: str, approval: Approval, now: datetime
    ) -> DirectNote | None:
        preference = await self._preferences.get(person)
        is_muted = preference.is_muted(run=approval.run_id, graph=approval.graph, now=now)
        match detail:
            case "reminder":
                is_due = approval.is_open and not is_muted
                asked = await self._asked_of(approval, now) if is_due else ()
                return reminder_note(approval) if person in asked else None
            case "outcome" | "outcome+end" if not approval.is_open and not is_muted:
                return outcome_note(approval, has_ended=detail != OUTCOME)
            case "end" if not is_muted:
                return end_note(approval)
            case _ if detail.startswith(_EVENT):
                event = await self._event(approval.run_id, int(detail.removeprefix(_EVENT)))
                return event_note(approval, event)
            case _:
                return None

    async def _event(self, run_id: str, seq: int) -> object:
        records = await self._engine.get_events(run_id, after=seq - 1)
        return next((record.event for record in records if record.seq == seq), None)

    async def _questions(self, approval: Approval, now: datetime) -> list[Direct]:
        """Return who gets a copy of a question, or reads of it in a digest."""
        is_low = approval.risk is Risk.LOW
        if not approval.is_open or not (approval.direct or is_low):
            return []
        people = await still_asked(approval, self._directory, now)
        if len(people) > MOST_PEOPLE:
            return []
        directs: list[Direct] = []
        for person in people:
            preference = await self._preferences.get(person)
            if is_low and preference.has_digest and preference.digest_times:
                directs.append(await self._gathered(person, preference, approval, now))
            elif approval.direct:
                is_urgent = approval.risk is Risk.HIGH
                at = now if is_urgent else await self._after_quiet(person, preference, now)
                # Quiet hours do not make anybody miss a deadline.
                at = now if approval.due_at is not None and approval.due_at <= at else at
                directs.append(Direct(person=person, detail=QUESTION, not_before=at))
        return directs

    async def _gathered(
        self, person: str, preference: Preference, approval: Approval, now: datetime
    ) -> Direct:
        zone = zone_of(await self._zone(person))
        at = next_of(preference.digest_times, now, zone)
        latest = approval.due_at - _AHEAD if approval.due_at is not None else None
        if latest is not None and latest < at:
            return Direct(person=person, detail=QUESTION, not_before=max(latest, now))
        return Direct(person=person, detail=DIGEST, not_before=at)

    async def _concerned(self, seq: int, approval: Approval, now: datetime) -> list[Direct]:
        event = await self._event(approval.run_id, seq)
        if isinstance(event, a.StageReached):
            # Who is asked only now gets the question as those before them did.
            return await self._questions(approval, now)
        circle = circle_of(approval, event)
        if circle is None:
            return []
        directs = await self._told(circle, approval, f"{_EVENT}{seq}", now)
        if approval.direct and isinstance(event, a.ApprovalReassigned | a.ApprovalEscalated):
            return [await self._as_copy(direct, approval) for direct in directs]
        return directs

    async def _as_copy(self, direct: Direct, approval: Approval) -> Direct:
        """Return a call as a copy of the question, for who has none."""
        copy = await self._engine.find_message(approval.id, person=direct.person)
        is_new = copy is None or copy.reason == DIGEST
        return replace(direct, detail=QUESTION) if is_new else direct

    async def _outcome(self, delivery: Delivery, approval: Approval, now: datetime) -> list[Direct]:
        since, until = await self._engine.told_until(delivery), delivery.created_at
        # What this delivery itself is about is told also when the clock was set back meanwhile.
        is_over = has_ended(approval, since=since, until=until)
        is_over = is_over or approval.run.finished_at == until
        is_new = has_outcome(approval, since=since, until=until) or approval.resolved_at == until
        is_new = is_new and is_worth_telling(approval)
        if not is_over and not is_new:
            return []
        # Nobody is told what they have done themselves.
        actors = {OUTCOME: decided_by(approval)} if is_new else {}
        actors |= {END: approval.run.cancelled_by} if is_over else {}
        names: dict[str, list[str]] = {}
        for person in listeners_of(approval, (await self._preferences.everybody()).items()):
            detail = "+".join(each for each, actor in actors.items() if actor != person)
            names.setdefault(detail, []).append(person)
        names.pop("", None)
        directs: list[Direct] = []
        for detail, people in names.items():
            circle = Circle(names=tuple(people), is_mutable=True)
            directs += await self._told(circle, approval, detail, now)
        return directs

    async def _told(
        self, circle: Circle, approval: Approval, detail: str, now: datetime
    ) -> list[Direct]:
        people = await resolve(circle.names, self._directory)
        people = tuple(person for person in people if person not in circle.without)
        if len(people) > MOST_PEOPLE:
            return []
        directs: list[Direct] = []
        for person in people:
            preference = await self._preferences.get(person)
            is_muted = preference.is_muted(run=approval.run_id, graph=approval.graph, now=now)
            if is_muted and circle.is_mutable:
                continue
            at = now if circle.is_urgent else await self._after_quiet(person, preference, now)
            directs.append(Direct(person=person, detail=detail, not_before=at))
        return directs

    async def _after_quiet(self, person: str, preference: Preference, now: datetime) -> datetime:
        if preference.quiet is None:
            return now
        return after_quiet(preference.quiet, now, zone_of(await self._zone(person)))

    async def _zone(self, person: str) -> str:
        try:
            found = await self._directory.person(person)
        except DirectoryError:
            return "UTC"
        return found.zone if found is not None else "UTC"
