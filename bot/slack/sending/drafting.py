"""What the message about a question says, put into words when it is sent."""

from __future__ import annotations

from datetime import datetime

from bot.cards import Card, outcome_card, question_card
from bot.cards.turn_card import TurnCard, mentioned_in_turn, quiet_turn, turn_card
from bot.slack.kit.turn_messages import render_turn, render_turn_plainly
from bot.slack.sending.calls import Draft
from bot.slack.sending.naming import names_of
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.places import Places
from bot.slack.sending.turns import Standing, Turns
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.graph.gates import NO_GATES
from orchestrator.runtime import Clock, Engine
from orchestrator.store.records import Approval, Message


class Drafting:
    """Writes questions and their outcomes, by themselves or with the other calls of a turn."""

    def __init__(
        self,
        engine: Engine,
        outlet: Outlet,
        *,
        places: Places,
        turns: Turns,
        directory: SlackDirectory,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._outlet = outlet
        self._places = places
        self._turns = turns
        self._directory = directory
        self._clock = clock

    async def copy(self, approval: Approval, reason: str | None) -> Draft:
        """Write a question, or its outcome, by itself."""
        standing = await self._turns.standing(approval, None)
        alone = Standing(calls=(approval,), turn=standing.turn)
        return await self._write(approval, alone, reason, is_first=False)

    async def message(
        self,
        approval: Approval,
        at: Message | None,
        reason: str | None,
        *,
        is_first: bool = False,
    ) -> Draft:
        """Write what a message about an approval says now; the first one calls few people.

        Args:
            approval: What it is about, as it is now.
            at: The message, or the one before it; other calls that stand there are shown, too.
            reason: Why it stands elsewhere than where it belongs.
            is_first: Is it posted, and no edit?
        """
        standing = await self._turns.standing(approval, at)
        return await self._write(approval, standing, reason, is_first=is_first)

    async def _write(
        self, approval: Approval, standing: Standing, reason: str | None, *, is_first: bool
    ) -> Draft:
        now = self._clock.now()
        if standing.is_together:
            draft = await self._together(standing, now, is_first=is_first)
        else:
            card = self._card(approval, standing, now)
            draft = await self._outlet.calls.draft(card, is_first=is_first)
        draft = draft.below(self._places.first_line(approval, reason))
        return await self._outlet.calls.in_zone_of(draft, approval.requester)

    async def _together(self, standing: Standing, now: datetime, *, is_first: bool) -> Draft:
        share = len(standing.calls)

        def shown(each: Approval) -> Card:
            return question_card(each, due_at=self._due_at(each, now), share=share)

        card: TurnCard = turn_card(standing.calls, standing.turn, shown)
        if is_first:
            names = await names_of(self._directory, mentioned_in_turn(card))
            card = quiet_turn(card, names)
        groups = await self._outlet.calls.groups()
        return Draft(full=render_turn(card, groups), plain=render_turn_plainly(card, groups))

    def _card(self, approval: Approval, standing: Standing, now: datetime) -> Card:
        if not approval.is_open:
            return outcome_card(approval)
        return question_card(approval, due_at=self._due_at(approval, now), turn=standing.turn)

    def _due_at(self, approval: Approval, now: datetime) -> datetime | None:
        due_at = approval.due_at
        if approval.delivered_at is None and due_at is not None:
            # The clock starts when people can see the question, which is now.
            due_at = self._deadline(approval, now) or due_at
        return due_at

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
