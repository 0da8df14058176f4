"""What is posted into the thread of a question: reminders and news, and whom they call."""

from __future__ import annotations

from datetime import datetime

from bot.cards import Notice, has_snoozed, notice_of, people_to_remind, reminder_words
from bot.slack.kit.reply import stands_in
from bot.slack.people.preferences import Preferences
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.core.approval_events import CommentAdded
from orchestrator.core.effects import Purpose
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import ApproverKind, parse_approver
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery


class Threads:
    """Writes them when they are sent, from what is stored by then."""

    def __init__(self, engine: Engine, directory: SlackDirectory, preferences: Preferences) -> None:
        self._engine = engine
        self._directory = directory
        self._preferences = preferences

    async def find_notice(
        self, delivery: Delivery, approval: Approval, now: datetime
    ) -> Notice | None:
        """Return what a delivery says; None: by now there is nothing to say."""
        if delivery.purpose is Purpose.REMINDER:
            names = await self._to_remind(approval, now) if approval.is_open else ()
            return Notice(words=reminder_words(approval, names)) if names else None
        if delivery.seq is None:
            return None
        records = await self._engine.get_events(delivery.run_id, after=delivery.seq - 1)
        found = next((record for record in records if record.seq == delivery.seq), None)
        if found is None or await self._stands_there(approval, found.event):
            return None
        return notice_of(approval, found.event)

    async def _stands_there(self, approval: Approval, event: object) -> bool:
        """Is it a comment that was typed in this very thread?"""
        if not isinstance(event, CommentAdded) or event.key is None:
            return False
        place = await self._engine.find_message(approval.id)
        return place is not None and stands_in(event.key, place.channel, place.ts)

    async def _to_remind(self, approval: Approval, now: datetime) -> tuple[str, ...]:
        """Return whom a reminder calls.

        A group of which somebody snoozed, or does not want to hear of the run, is called one by
        one.
        """
        names = people_to_remind(approval, now)
        asleep = {who for who in approval.snoozed if has_snoozed(approval, who, now)}
        asleep |= {
            who
            for who, each in (await self._preferences.everybody()).items()
            if each.is_muted(run=approval.run_id, graph=approval.graph, now=now)
        }
        if not asleep:
            return names
        called: list[str] = []
        for name in names:
            called += await self._awake(name, asleep)
        return tuple(dict.fromkeys(called))

    async def _awake(self, name: str, asleep: set[str]) -> list[str]:
        approver = parse_approver(name)
        if approver.kind is ApproverKind.CHANNEL:
            return [name]  # which calls nobody
        if approver.kind is ApproverKind.USER:
            return [] if approver.name in asleep else [name]
        try:
            members = await self._directory.members(approver)
        except (ApproversError, DirectoryError):
            return [name]  # who forgot about it is worse off than who is called once too often
        # A group of which nobody is away is called by its name.
        return sorted(members - asleep) if members & asleep else [name]
