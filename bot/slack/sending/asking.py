"""Questions in Slack: posting them where they belong or can be, and keeping them up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.cards import Card, calls_of_turn, outcome_card, question_card
from bot.slack.kit.messages import APPROVAL_EVENT, SlackMessage
from bot.slack.sending.audience import Audience
from bot.slack.sending.calls import POST, CallError, Draft
from bot.slack.sending.gathering import Direct
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.places import Place, Places
from bot.slack.sending.stories import Stories
from bot.slack.workspace.failures import Failure, Remedy
from orchestrator.graph.gates import NO_GATES
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.runtime import Clock, Engine
from orchestrator.store import DIGEST, OPERATOR
from orchestrator.store.records import Approval, Delivery, Message

#: Why a message stands elsewhere of which only that is known.
_UNUSABLE = "unusable"
_NOWHERE = Failure(
    code="no_channel", remedy=Remedy.PEOPLE, fix="set SIGNOFF_CHANNEL to the channel's id"
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Where a question came before people."""

    channel: str
    ts: str
    at: datetime
    place: Place
    #: Why that is not where it belongs.
    reason: str | None


class Asking:
    """Sends questions and edits of them. Raises CallError for the sender to deal with."""

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        engine: Engine,
        outlet: Outlet,
        *,
        places: Places,
        audience: Audience,
        stories: Stories,
        clock: Clock,
        hook: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._outlet = outlet
        self._places = places
        self._audience = audience
        self._stories = stories
        self._clock = clock
        self._hook = hook
        #: By delivery, the places that this process has tried; another one may have tried all.
        self._tried: dict[int, set[Place]] = {}
        self._unusable: set[tuple[Place, str]] = set()

    async def ask(self, delivery: Delivery, approval: Approval, *, is_doubtful: bool) -> None:
        """Post a question where it belongs, or else where it can be."""
        now = self._clock.now()
        directs = await self._audience.directs_for(delivery, approval, now)
        before = await self._engine.find_message(approval.id)
        shown = await self._find_lost(delivery, approval) if is_doubtful else None
        if shown is None:
            shown = await self._post(delivery, approval)
        self._tried.pop(delivery.id, None)
        self._hook("after_post")
        leaves = before is not None and not await self._retire_all(approval, shown)
        if shown.place.is_person:
            directs += await self._other_operators(approval, shown.place, now)
        await self._engine.finish_delivery(
            delivery,
            channel=shown.channel,
            ts=shown.ts,
            at=shown.at,
            directs=directs,
            reason=shown.reason,
            leaves=leaves,
        )
        _log.info("question_posted", channel=shown.channel, ts=shown.ts, reason=shown.reason)
        if before is None:
            await self._stories.announce(delivery, approval)

    async def update(self, delivery: Delivery, approval: Approval, *, is_doubtful: bool) -> None:
        """Bring a question, or a person's copy of it, up to date."""
        message = await self._engine.find_message(approval.id, person=delivery.person)
        if message is None and delivery.person is not None:
            await self._engine.finish_delivery(delivery)
            return
        if message is None:
            await self._engine.drop_delivery(delivery, error="its question was never shown")
            return
        now = self._clock.now()
        directs: list[Direct] = []
        if delivery.person is None:
            directs = await self._audience.directs_for(delivery, approval, now)

        async def write() -> Draft:
            # Read again: while this waited for its turn, something newer may have come.
            if message.reason == DIGEST:
                return Draft.of(await self._audience.digest_again(message))
            newest = await self._engine.get_approval(approval.id)
            return await self.draft(newest, message.reason)

        try:
            await self._outlet.update(write, message)
        except CallError as exc:
            if not await self.replace(delivery, approval, exc, directs):
                raise
            return
        if delivery.person is None:
            await self._stories.tell(delivery, approval, message, is_doubtful=is_doubtful)
        await self._engine.finish_delivery(delivery, directs=directs)

    async def draft(
        self, approval: Approval, reason: str | None, *, is_first: bool = False
    ) -> Draft:
        """Write a question, or its outcome, as it is now; the first message calls few people."""
        card = await self._card(approval, self._clock.now())
        line = self._places.first_line(approval, reason)
        draft = (await self._outlet.calls.draft(card, is_first=is_first)).below(line)
        return await self._outlet.calls.in_zone_of(draft, approval.requester)

    async def replace(
        self, delivery: Delivery, approval: Approval, exc: CallError, directs: list[Direct]
    ) -> bool:
        """Have a question posted anew whose message cannot be written to any more.

        One that was deleted comes again once. A copy stays as it is. An outcome is shown in the
        fallback channel, if there is one for it.

        Returns:
            Whether the delivery is done with that.
        """
        remedy = exc.failure.remedy
        if remedy not in {Remedy.GONE, Remedy.PLACE}:
            return False
        if delivery.person is not None:
            await self._engine.finish_delivery(delivery)
            _log.info("slack_copy_given_up", person=delivery.person, error=exc.code)
            return True
        is_replaceable = remedy is Remedy.PLACE and await self._places.has_other(approval)
        if not approval.is_open and not is_replaceable:
            # Who asked for it is told the outcome by direct message.
            _log.warning("slack_delivery_given_up", error=exc.code, fix=exc.failure.fix)
            await self._engine.finish_delivery(delivery, directs=directs)
            return True
        at_most = 0 if remedy is Remedy.GONE else None
        is_replaced = await self._engine.post_anew(
            approval.id, instead=delivery, at_most=at_most, directs=directs
        )
        if is_replaced:
            _log.warning("question_posted_anew", error=exc.code, fix=exc.failure.fix)
        return is_replaced

    async def _post(self, delivery: Delivery, approval: Approval) -> _Shown:
        refused: CallError | None = None
        tried = self._tried.setdefault(delivery.id, set())
        async for place in self._all_places(approval):
            tried.add(place)
            try:
                return await self._post_at(place, delivery, approval, refused)
            except CallError as exc:
                if exc.failure.remedy is not Remedy.PLACE:
                    raise
                self._complain(place, exc)
                refused = refused or exc
        raise refused or CallError(POST, _NOWHERE)

    def _complain(self, place: Place, exc: CallError) -> None:
        """Log what people have to mend, once and not for every question."""
        if (place, exc.code) not in self._unusable:
            self._unusable.add((place, exc.code))
            fix = exc.failure.fix
            _log.error("slack_place_refused", place=place.name, error=exc.code, fix=fix)

    async def _post_at(
        self, place: Place, delivery: Delivery, approval: Approval, refused: CallError | None
    ) -> _Shown:
        reason = refused.code if refused is not None else None
        at = self._clock.now()

        async def write() -> Draft:
            nonlocal at
            # Read again: while this waited for its turn, the question may have been answered.
            newest = await self._engine.get_approval(approval.id)
            at = self._clock.now()
            return (await self.draft(newest, reason, is_first=True)).marked([delivery])

        channel = await self._outlet.channel(place)
        posted = await self._outlet.post(write, channel)
        if posted is None:
            raise CallError(POST, _NOWHERE)
        self._unusable = {each for each in self._unusable if each[0] != place}
        return _Shown(channel=posted.channel, ts=posted.ts, at=at, place=place, reason=reason)

    async def _find_lost(self, delivery: Delivery, approval: Approval) -> _Shown | None:
        home = self._places.home(approval)
        tried = self._tried.get(delivery.id)
        async for place in self._all_places(approval):
            if tried is not None and place not in tried:
                break
            try:
                found = await self._outlet.find(delivery, await self._outlet.channel(place))
            except CallError as exc:
                if exc.failure.remedy is not Remedy.PLACE:
                    raise
                continue
            if found is not None:
                _log.info("question_found_again", channel=found.channel, ts=found.ts)
                return _Shown(
                    channel=found.channel,
                    ts=found.ts,
                    at=datetime.fromtimestamp(float(found.ts), UTC),
                    place=place,
                    reason=None if place == home else _UNUSABLE,
                )
        return None

    async def _all_places(self, approval: Approval) -> AsyncIterator[Place]:
        async for place in self._places.channels(approval):
            yield place
        for place in await self._places.people(approval):
            yield place

    async def _other_operators(
        self, approval: Approval, first: Place, now: datetime
    ) -> list[Direct]:
        if not approval.is_open:
            return []
        return [
            Direct(person=place.name, detail=OPERATOR, not_before=now)
            for place in await self._places.people(approval)
            if place != first
        ]

    async def _retire_all(self, approval: Approval, shown: _Shown) -> bool:
        """Leave no buttons behind where a question stood before; was that possible?

        What could not be edited, as in an archived channel, is kept as a copy for the channel.
        """
        is_done = True
        for message in await self._engine.messages_of(approval.id):
            if message.person is None:
                is_done = await self._retire(message, shown)
            elif message.person == message.channel == shown.channel:
                await self._retire(message, shown)
        return is_done

    async def _retire(self, before: Message, shown: _Shown) -> bool:
        if (before.channel, before.ts) == (shown.channel, shown.ts):
            return True
        where = "in a direct message" if shown.place.is_person else f"in <#{shown.channel}>"
        message = SlackMessage(
            text=f":arrow_right: This is asked anew {where}.",
            blocks=[],
            metadata={
                "event_type": APPROVAL_EVENT,
                "event_payload": {"approval_id": before.approval_id},
            },
        )

        async def write() -> Draft:
            draft = Draft.of(message)
            return Draft(full=draft.plain, plain=draft.plain)

        try:
            await self._outlet.update(write, before)
        except CallError as exc:
            _log.info("old_question_stays", channel=before.channel, error=exc.code)
            return exc.failure.remedy is Remedy.GONE
        return True

    async def _card(self, approval: Approval, now: datetime) -> Card:
        if not approval.is_open:
            return outcome_card(approval)
        due_at = approval.due_at
        if approval.delivered_at is None and due_at is not None:
            # The clock starts when people can see the question, which is now.
            due_at = self._deadline(approval, now) or due_at
        is_call = approval.kind is ApprovalKind.TOOL
        others = await self._engine.list_approvals(approval.run_id) if is_call else ()
        return question_card(approval, due_at=due_at, turn=calls_of_turn(approval, others))

    def _deadline(self, approval: Approval, now: datetime) -> datetime | None:
        """Return what the deadline will be of a question that is delivered now."""
        stage = approval.policy.stages[approval.stage].timeout
        lengths = [length for length in (approval.timeout, stage) if length is not None]
        graph = self._engine.graphs.get(approval.graph)
        node = graph.find_node(approval.path) if graph else None
        gate = getattr(node, "gates", NO_GATES).get(approval.kind)
        if gate is None or gate.calendar is None:
            return min((now + length for length in lengths), default=None)
        return min((gate.calendar.add(now, length) for length in lengths), default=None)
