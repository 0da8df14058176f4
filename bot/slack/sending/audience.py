"""Who is told what by a direct message, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.cards.story import has_ended, has_outcome
from bot.slack.people.hours import after_quiet, zone_of
from bot.slack.people.preferences import Preference, Preferences
from bot.slack.people.readers import Reader
from bot.slack.sending.gathering import Direct, gathered
from bot.slack.sending.letters import (
    DIGEST,
    END,
    EVENT,
    OUTCOME,
    QUESTION,
    REMINDER,
    RUN_END,
    Letters,
)
from bot.slack.sending.recipients import (
    MOST_PEOPLE,
    Circle,
    circle_of,
    decided_by,
    is_worth_telling,
    listeners_of,
    resolve,
    still_asked,
)
from bot.slack.sending.zones import zone_name
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.links import Links
from orchestrator.core import approval_events as a
from orchestrator.core.effects import Purpose
from orchestrator.graph.kinds import Risk
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery, Run


class Audience(Letters):
    """Decides it when a delivery is sent, from what is stored by then; one per workspace."""

    def __init__(
        self,
        engine: Engine,
        directory: SlackDirectory,
        preferences: Preferences,
        links: Links,
        *,
        reader: Callable[[str], Reader],
    ) -> None:
        super().__init__(engine, directory, preferences, links)
        self._reader = reader

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
                people = await self._to_remind(approval, now)
                circle = Circle(names=people, is_mutable=True)
                return await self._told(circle, approval.run, REMINDER, now)
            case Purpose.NOTICE if delivery.seq is not None:
                return await self._concerned(delivery.seq, approval, now)
            case Purpose.OUTCOME:
                return await self._outcome(delivery, approval, now)
            case _:
                return []

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
                zone = zone_of(await self._zone(person))
                directs.append(gathered(person, preference, approval, now, zone))
            elif approval.direct:
                is_urgent = approval.risk is Risk.HIGH
                at = now if is_urgent else await self._after_quiet(person, preference, now)
                # Quiet hours do not make anybody miss a deadline.
                at = now if approval.due_at is not None and approval.due_at <= at else at
                directs.append(Direct(person=person, detail=QUESTION, not_before=at))
        return directs

    async def _to_remind(self, approval: Approval, now: datetime) -> tuple[str, ...]:
        """Return who is reminded of a question; the last call of a card stands for the others."""
        people = await still_asked(approval, self._directory, now)
        together = await self._turns.reminded_with(approval)
        order = [(each.reminded_at or now, number) for number, each in enumerate(together)]
        own = next(
            (at for at, each in zip(order, together, strict=True) if each.id == approval.id), None
        )
        for at, each in zip(order, together, strict=True):
            if own is not None and at > own:
                told = await still_asked(each, self._directory, now)
                people = tuple(person for person in people if person not in told)
        return people

    async def _concerned(self, seq: int, approval: Approval, now: datetime) -> list[Direct]:
        event = await self.event(approval.run_id, seq)
        if isinstance(event, a.StageReached):
            # Who is asked only now gets the question as those before them did.
            return await self._questions(approval, now)
        circle = circle_of(approval, event)
        if circle is None:
            return []
        directs = await self._told(circle, approval.run, f"{EVENT}{seq}", now)
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
        for person in listeners_of(approval.run, (await self._preferences.everybody()).items()):
            # Following tells nobody what they may not read.
            if not await self._reader(person).may_read(approval):
                continue
            detail = "+".join(each for each, actor in actors.items() if actor != person)
            names.setdefault(detail, []).append(person)
        names.pop("", None)
        directs: list[Direct] = []
        for detail, people in names.items():
            circle = Circle(names=tuple(people), is_mutable=True, is_wanted=True)
            directs += await self._told(circle, approval.run, detail, now)
        return directs

    async def directs_of_end(self, run: Run, now: datetime) -> list[Direct]:
        """Return who is told of the end of a run that asked nobody, and so has no message."""
        people = [
            person
            for person in listeners_of(run, (await self._preferences.everybody()).items())
            if person != run.cancelled_by and await self._reader(person).may_read_run(run)
        ]
        circle = Circle(names=tuple(people), is_mutable=True, is_wanted=True)
        return await self._told(circle, run, RUN_END, now)

    async def _told(self, circle: Circle, run: Run, detail: str, now: datetime) -> list[Direct]:
        people = await resolve(circle.names, self._directory)
        people = tuple(person for person in people if person not in circle.without)
        if len(people) > MOST_PEOPLE and not circle.is_wanted:
            return []
        directs: list[Direct] = []
        for person in people:
            preference = await self._preferences.get(person)
            is_muted = preference.is_muted(run=run.id, graph=run.graph, now=now)
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
        return await zone_name(self._directory, person)
