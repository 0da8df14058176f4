"""What direct messages say, put into words when they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.cards.digest import digest_of
from bot.cards.direct import DirectNote, end_note, event_note, outcome_note, reminder_note, run_note
from bot.slack.kit.messages import SlackMessage
from bot.slack.people.preferences import Preferences
from bot.slack.sending.directs import DirectPost, render_digest, render_direct
from bot.slack.sending.recipients import still_asked
from bot.slack.sending.turns import Turns
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.links import Links
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery, Message

QUESTION, DIGEST, REMINDER, OUTCOME, END = "question", "digest", "reminder", "outcome", "end"
#: How a question and its run ended, in one message.
BOTH = f"{OUTCOME}+{END}"
#: How a run ended that asked nobody.
RUN_END = "run"
#: An event that concerns the person; its number follows.
EVENT = "event:"


class Letters:
    """Writes them, from what is stored by then; one per workspace."""

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
        self._turns = Turns(engine)

    async def compose(
        self, delivery: Delivery, approval: Approval, now: datetime
    ) -> SlackMessage | None:
        """Return what a direct message says when it is sent; None: by now there is nothing.

        What a copy of a question says is the question's own matter; see `wants_copy`.
        """
        person, detail = delivery.person or "", delivery.detail or ""
        if detail == DIGEST:
            return await self.compose_digest([delivery], [approval], now)
        note = await self._note(person, detail, approval, now)
        if note is None:
            return None
        url = await self._links.find(approval.id, person=person)
        post = DirectPost(about=approval.id, run_id=approval.run_id, delivery=delivery.id, url=url)
        return render_direct(note, post, await self._directory.known_groups())

    async def compose_end(self, delivery: Delivery, now: datetime) -> SlackMessage | None:
        """Return what a person is told of the end of a run that asked nobody; None: nothing."""
        person = delivery.person or ""
        run = await self._engine.get_run(delivery.run_id)
        preference = await self._preferences.get(person)
        if preference.is_muted(run=run.id, graph=run.graph, now=now):
            return None
        # What came of it is for who asked for it.
        output = await self._engine.get_output(run.id) if person == run.requester else None
        secrets = await self._engine.get_secrets(run)
        secrets.learn(run)
        shown = secrets.hide(output or {})
        post = DirectPost(about=run.id, run_id=run.id, delivery=delivery.id)
        note = run_note(secrets.hide(run), shown)
        return render_direct(note, post, await self._directory.known_groups())

    async def wants_copy(self, delivery: Delivery, approval: Approval, now: datetime) -> bool:
        """Is a copy of the question still of use to a person when it is sent?"""
        return approval.is_open and delivery.person in await self._asked_of(approval, now)

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
        post = DirectPost(about=shown[0].id, run_id=shown[0].run_id, delivery=delivery)
        return render_digest(digest, urls, await self._directory.known_groups(), post=post)

    async def _asked_of(self, approval: Approval, now: datetime) -> tuple[str, ...]:
        return await still_asked(approval, self._directory, now)

    async def _note(
        self, person: str, detail: str, approval: Approval, now: datetime
    ) -> DirectNote | None:
        preference = await self._preferences.get(person)
        is_muted = preference.is_muted(run=approval.run_id, graph=approval.graph, now=now)
        match detail:
            case "reminder":
                together = () if is_muted else await self._turns.reminded_with(approval)
                due = [each for each in together if person in await self._asked_of(each, now)]
                return reminder_note(due) if due else None
            case "outcome" | "outcome+end" if not approval.is_open and not is_muted:
                return outcome_note(approval, has_ended=detail != OUTCOME)
            case "end" if not is_muted:
                return end_note(approval)
            case _ if detail.startswith(EVENT):
                event = await self.event(approval.run_id, int(detail.removeprefix(EVENT)))
                return event_note(approval, event)
            case _:
                return None

    async def event(self, run_id: str, seq: int) -> object:
        """Return an event of a run by its number; None: there is none."""
        records = await self._engine.get_events(run_id, after=seq - 1)
        return next((record.event for record in records if record.seq == seq), None)
