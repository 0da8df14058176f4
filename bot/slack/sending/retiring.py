"""Taking the buttons from where a question stood before it was posted anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.cards.turns import calls_of_turn, calls_on_card
from bot.slack.kit.messages import APPROVAL_EVENT, SlackMessage
from bot.slack.sending.calls import CallError, Draft
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.places import Place
from bot.slack.workspace.failures import Remedy
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Message

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where a question came before people."""

    channel: str
    ts: str
    at: datetime
    place: Place
    #: Why that is not where it belongs.
    reason: str | None
    #: Does it stand with other calls of its turn, which were posted before it?
    is_joined: bool = False


class Retiring:
    """Says in old messages where the question is asked now."""

    def __init__(self, engine: Engine, outlet: Outlet) -> None:
        self._engine = engine
        self._outlet = outlet

    async def retire_all(self, approval: Approval, shown: Shown) -> bool:
        """Leave no buttons behind where a question stood before; was that possible?

        What could not be edited, as in an archived channel, is kept as a copy for the channel.
        """
        is_done = True
        for message in await self._engine.messages_of(approval.id):
            if message.person is None:
                is_done = await self.retire(message, shown)
            elif message.person == message.channel == shown.channel:
                await self.retire(message, shown)
        return is_done

    async def retire(self, before: Message, shown: Shown) -> bool:
        """Leave no buttons in a message; was that possible?"""
        if (before.channel, before.ts) == (shown.channel, shown.ts):
            return True
        where = "in a direct message" if shown.place.is_person else f"in <#{shown.channel}>"
        message = SlackMessage(
            text=f":arrow_right: This is asked anew {where}.",
            blocks=[],
            metadata={
                "event_type": APPROVAL_EVENT,
                "event_payload": await self._mark(before),
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

    async def _mark(self, before: Message) -> dict[str, str]:
        """Return what the thread of a message stays about: of a turn's card all of its calls."""
        approval = await self._engine.get_approval(before.approval_id)
        mark = {"approval_id": approval.id}
        if not calls_of_turn(approval, [approval]):
            return mark
        turn = calls_of_turn(approval, await self._engine.list_approvals(approval.run_id))
        calls = " ".join(each.id for each in calls_on_card(approval, turn))
        return {**mark, "calls": calls}
