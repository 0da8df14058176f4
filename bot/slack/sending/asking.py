"""Questions in Slack: posting them where they belong or can be, and keeping them up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.slack.sending.audience import Audience
from bot.slack.sending.calls import POST, CallError, Draft
from bot.slack.sending.drafting import Drafting
from bot.slack.sending.gathering import Direct
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.places import Place, Places
from bot.slack.sending.retiring import Retiring, Shown
from bot.slack.sending.stories import Stories
from bot.slack.sending.turns import Turns
from bot.slack.workspace.failures import Failure, Remedy
from orchestrator.runtime import Clock, Engine
from orchestrator.store import DIGEST, GONE, OPERATOR
from orchestrator.store.records import Approval, Delivery, Message

#: Why a message stands elsewhere of which only that is known.
_UNUSABLE = "unusable"
_NOWHERE = Failure(
    code="no_channel", remedy=Remedy.PEOPLE, fix="set SIGNOFF_CHANNEL to the channel's id"
)
_log = structlog.get_logger(__name__)


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
        turns: Turns,
        drafting: Drafting,
        clock: Clock,
        hook: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._outlet = outlet
        self._places = places
        self._audience = audience
        self._stories = stories
        self._turns = turns
        self._drafting = drafting
        self._retiring = Retiring(engine, outlet)
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
        if before is not None:
            await self._turns.bring(approval, before, delivery.detail)
        lost = await self._find_lost(delivery, approval, before, is_doubtful=is_doubtful)
        shown = await self._join(approval, before, lost)
        if shown is None:
            shown = lost or await self._post(delivery, approval, before)
            self._hook("after_post")
            # Another process may have posted the turn's card meanwhile.
            shown = await self._join(approval, before, shown) or shown
        self._tried.pop(delivery.id, None)
        leaves = before is not None and not await self._retiring.retire_all(approval, shown)
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
        if shown.is_joined:
            return
        await self._turns.gather(approval, before)
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
            return await self._drafting.message(newest, message, message.reason)

        try:
            await self._outlet.update(write, message)
        except CallError as exc:
            if not await self.replace(delivery, approval, exc, directs):
                raise
            return
        if delivery.person is None:
            await self._stories.tell(delivery, approval, message, is_doubtful=is_doubtful)
        await self._engine.finish_delivery(delivery, directs=directs)

    async def draft(self, approval: Approval, reason: str | None) -> Draft:
        """Write a person's copy of a question, or its outcome, as it is now."""
        return await self._drafting.copy(approval, reason)

    async def replace(
        self, delivery: Delivery, approval: Approval, exc: CallError, directs: list[Direct]
    ) -> bool:
        """Have a question posted anew whose message cannot be written to any more.

        One that was deleted comes again, once each time that it was put up on purpose. A copy stays
        as it is. An outcome is shown in the fallback channel, if there is one for it.

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
            # Who asked for it is told the outcome by direct message. Other calls may be open.
            message = await self._engine.find_message(approval.id)
            if message is not None:
                await self._turns.ask_open(approval, message)
            _log.warning("slack_delivery_given_up", error=exc.code, fix=exc.failure.fix)
            await self._engine.finish_delivery(delivery, directs=directs)
            return True
        is_gone = remedy is Remedy.GONE
        is_replaced = await self._engine.post_anew(
            approval.id,
            instead=delivery,
            because=GONE if is_gone else None,
            at_most=0 if is_gone else None,
            directs=directs,
        )
        if is_replaced:
            _log.warning("question_posted_anew", error=exc.code, fix=exc.failure.fix)
        return is_replaced

    async def _post(self, delivery: Delivery, approval: Approval, before: Message | None) -> Shown:
        refused: CallError | None = None
        tried = self._tried.setdefault(delivery.id, set())
        async for place in self._all_places(approval):
            tried.add(place)
            try:
                return await self._post_at(place, delivery, approval, before, refused)
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
        self,
        place: Place,
        delivery: Delivery,
        approval: Approval,
        before: Message | None,
        refused: CallError | None,
    ) -> Shown:
        reason = refused.code if refused is not None else None
        at = self._clock.now()

        async def write() -> Draft:
            nonlocal at
            # Read again: while this waited for its turn, the question may have been answered.
            newest = await self._engine.get_approval(approval.id)
            at = self._clock.now()
            draft = await self._drafting.message(newest, before, reason, is_first=True)
            return draft.marked([delivery])

        channel = await self._outlet.channel(place)
        posted = await self._outlet.post(write, channel)
        if posted is None:
            raise CallError(POST, _NOWHERE)
        self._unusable = {each for each in self._unusable if each[0] != place}
        return Shown(channel=posted.channel, ts=posted.ts, at=at, place=place, reason=reason)

    async def _join(
        self, approval: Approval, before: Message | None, posted: Shown | None
    ) -> Shown | None:
        """Let a call stand in the message of its turn, if others stand there already.

        Args:
            approval: The call, or what is none.
            before: Where it stood until now.
            posted: Another message that was posted for it, and is not needed then.
        """
        card = await self._turns.find_card(approval, before)
        if card is None:
            return None
        if before is not None and not await self._is_shown(approval, card):
            return None
        beside = await self._engine.get_approval(card.approval_id)
        shown = Shown(
            channel=card.channel,
            ts=card.ts,
            at=beside.delivered_at or self._clock.now(),
            place=await self._place_of(approval, card),
            reason=card.reason,
            is_joined=True,
        )
        if posted is not None:
            surplus = replace(card, channel=posted.channel, ts=posted.ts)
            await self._retiring.retire(surplus, shown)
        return shown

    async def _is_shown(self, approval: Approval, card: Message) -> bool:
        """Show a call in the message of its turn, unless that cannot be written to."""

        async def write() -> Draft:
            newest = await self._engine.get_approval(approval.id)
            return await self._drafting.message(newest, card, card.reason)

        try:
            await self._outlet.update(write, card)
        except CallError as exc:
            if exc.failure.remedy not in {Remedy.GONE, Remedy.PLACE}:
                raise
            return False
        return True

    async def _place_of(self, approval: Approval, card: Message) -> Place:
        if card.reason is not None:
            for place in await self._places.people(approval):
                with suppress(CallError):
                    if await self._outlet.channel(place) == card.channel:
                        return place
        return Place(name=card.channel)

    async def _find_lost(
        self,
        delivery: Delivery,
        approval: Approval,
        before: Message | None,
        *,
        is_doubtful: bool,
    ) -> Shown | None:
        """Return what an earlier try has posted, for this question or another call of its turn."""
        if not is_doubtful and not await self._turns.is_late(approval, before):
            return None
        home = self._places.home(approval)
        tried = self._tried.get(delivery.id)
        places = self._all_places(approval) if is_doubtful else self._places.channels(approval)
        async for place in places:
            if tried is not None and place not in tried:
                break
            try:
                channel = await self._outlet.channel(place)
                found = await self._outlet.find(delivery, channel, but=before)
            except CallError as exc:
                if exc.failure.remedy is not Remedy.PLACE:
                    raise
                continue
            if found is not None:
                _log.info("question_found_again", channel=found.channel, ts=found.ts)
                return Shown(
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
