"""Which calls of a turn stand in one message, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cards import Notice, Strong
from bot.cards.progress import waiting_for
from bot.cards.turns import calls_of_turn, calls_on_card
from orchestrator.core.effects import Purpose
from orchestrator.runtime import Engine
from orchestrator.store import GONE, MOVED
from orchestrator.store.records import Approval, Delivery, Message

#: How often a question is moved to the card of its turn, when two were posted at once.
_MOVES = 1
#: Reminders of calls that come so close together are one.
_AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The calls that a message shows, as they are now."""

    calls: tuple[Approval, ...]
    #: All calls of the turn; empty for what is no call.
    turn: tuple[Approval, ...]

    @property
    def is_together(self) -> bool:
        """Is it the card of a turn?"""
        return len(self.calls) > 1


class Turns:
    """Knows them from what is stored; every process finds the same."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def standing(self, approval: Approval, at: Message | None) -> Standing:
        """Return what a message about an approval shows.

        Args:
            approval: One that it shows.
            at: The message; None: it is yet to be posted. A call that stands nowhere will stand
                beside the others.
        """
        turn = await self._turn(approval)
        together = calls_on_card(approval, turn)
        if len(together) == 1:
            return Standing(calls=(approval,), turn=turn)
        person = at.person if at is not None else None
        calls = []
        for each in together:
            place = await self._engine.find_message(each.id, person=person)
            is_new = place is None and person is None
            if each.id == approval.id or is_new or _is_same(place, at):
                calls.append(each)
        return Standing(calls=tuple(calls), turn=turn)

    async def find_card(self, approval: Approval, before: Message | None) -> Message | None:
        """Return the message in which other calls of the turn stand, where this one belongs.

        Args:
            approval: The call.
            before: Where it stood until now, which is not meant.
        """
        places = [place for place in await self._places(approval) if not _is_same(place, before)]
        return min(places, key=lambda place: float(place.ts), default=None)

    async def is_late(self, approval: Approval, before: Message | None) -> bool:
        """Should an earlier call of the turn have posted the card that nobody knows of?"""
        first = (await self.standing(approval, before)).calls[0]
        return first.id != approval.id and await self.find_card(approval, before) is None

    async def of_call(self, notice: Notice, delivery: Delivery, message: Message) -> Notice | None:
        """Say which call of a card a notice is about; None: another call's says it for all.

        Args:
            notice: For the thread of the message.
            delivery: What it is told for.
            message: A card, or the message about a single question.
        """
        places = await self._engine.messages_at(message.channel, message.ts)
        ids = {each.approval_id for each in places}
        if delivery.approval_id not in ids or len(ids) == 1:
            return notice
        approval = await self._engine.get_approval(delivery.approval_id)
        turn = await self._turn(approval)
        if delivery.purpose is Purpose.REMINDER:
            together = [each for each in turn if each.id in ids and _are_due(approval, each)]
            if together[0].id != approval.id:
                return None
            if len(together) > 1:
                rest = f" The same goes for {len(together) - 1} more of these calls."
                return replace(notice, words=(*notice.words, rest))
        number = [each.id for each in turn].index(approval.id) + 1
        return replace(notice, words=(Strong(f"{number}."), " ", *notice.words))

    async def reminded_with(self, approval: Approval) -> tuple[Approval, ...]:
        """Return the open ones of the calls on a card of which people are reminded at once.

        A call itself is one of them, in its place, and so is what is no call.
        """
        together = calls_on_card(approval, await self._turn(approval))
        return tuple(
            each
            for each in together
            if each.is_open and (each.id == approval.id or _are_at_once(approval, each))
        )

    async def bring(self, approval: Approval, before: Message, because: str | None) -> None:
        """Have the other calls follow that stand in the message which a call leaves, and why."""
        for place in await self._places(approval):
            if _is_same(place, before):
                await self._engine.post_anew(place.approval_id, because=because)

    async def ask_open(self, approval: Approval, at: Message) -> None:
        """Have the open calls posted anew whose message is gone, each once."""
        for each in (await self.standing(approval, at)).calls:
            if each.is_open and each.id != approval.id:
                await self._engine.post_anew(each.id, because=GONE, at_most=0)

    async def gather(self, approval: Approval, before: Message | None) -> None:
        """Have those moved to the first card that another process posted on a second one.

        Args:
            approval: A call that has just been posted, or what is none.
            before: Where it stood until then; those that stand there follow it.
        """
        others = await self._places(approval)
        own = await self._engine.find_message(approval.id) if others else None
        found = [*others, *([own] if own is not None else [])]
        places = [place for place in found if not _is_same(place, before)]
        for place in places:
            here = [each for each in places if each.channel == place.channel]
            if place.ts != min((each.ts for each in here), key=float):
                await self._engine.post_anew(place.approval_id, because=MOVED, at_most=_MOVES)

    async def _places(self, approval: Approval) -> list[Message]:
        """Return where the other calls stand that belong on the same card."""
        others = calls_on_card(approval, await self._turn(approval))
        found = [
            await self._engine.find_message(each.id) for each in others if each.id != approval.id
        ]
        return [place for place in found if place is not None]

    async def _turn(self, approval: Approval) -> tuple[Approval, ...]:
        # Nothing is looked up for what is no call.
        if not calls_of_turn(approval, [approval]):
            return ()
        return calls_of_turn(approval, await self._engine.list_approvals(approval.run_id))


def _are_due(one: Approval, other: Approval) -> bool:
    """Are the same people reminded of both at the same time?"""
    if one.id == other.id:
        return True
    are_same = waiting_for(one) == waiting_for(other) and one.snoozed == other.snoozed
    return other.is_open and are_same and _are_at_once(one, other)


def _are_at_once(one: Approval, other: Approval) -> bool:
    if one.reminded_at is None or other.reminded_at is None:
        return False
    return abs(one.reminded_at - other.reminded_at) < _AT_ONCE


def _is_same(one: Message | None, other: Message | None) -> bool:
    if one is None or other is None:
        return False
    return (one.channel, one.ts) == (other.channel, other.ts)
