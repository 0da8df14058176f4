"""The story of a run in the threads of its questions."""

from __future__ import annotations

import structlog

from bot.cards import Notice
from bot.slack.kit.messages import render_notice
from bot.slack.sending.calls import CallError, Draft
from bot.slack.sending.narrator import Narrator
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.turns import Turns
from orchestrator.errors import OrchestratorError
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery, Message

_log = structlog.get_logger(__name__)


class Stories:
    """Posts into threads, each line once."""

    def __init__(self, engine: Engine, outlet: Outlet, narrator: Narrator, turns: Turns) -> None:
        self._engine = engine
        self._outlet = outlet
        self._narrator = narrator
        self._turns = turns

    async def tell(
        self, delivery: Delivery, approval: Approval, message: Message, *, is_doubtful: bool
    ) -> None:
        """Say in a question's thread what its edit is about.

        Raises:
            CallError: It was not said; whoever tries again finds out whether it was after all.
        """
        notice = await self._narrator.story_of(delivery, approval)
        if notice is not None:
            reader = approval.requester
            await self.post(delivery, notice, message, reader=reader, is_doubtful=is_doubtful)

    async def announce(self, delivery: Delivery, approval: Approval) -> None:
        """Say in the thread of a run's question before this one that this one is asked.

        That is a convenience: when it cannot be said it is not.
        """
        try:
            notice = await self._narrator.story_of(delivery, approval)
            if notice is None or notice.about is None:
                return
            message = await self._engine.find_message(notice.about)
            if message is not None:
                reader = approval.requester
                await self.post(delivery, notice, message, reader=reader, is_doubtful=False)
        except (CallError, OrchestratorError) as exc:
            _log.info("next_question_not_announced", error=str(exc))

    async def post(
        self,
        delivery: Delivery,
        notice: Notice,
        message: Message,
        *,
        reader: str,
        is_doubtful: bool,
    ) -> None:
        """Post a notice into the thread of a message, unless an earlier try has.

        Args:
            delivery: What it is posted for.
            notice: What it says.
            message: Whose thread it is.
            reader: In whose zone notifications write times, where it is known.
            is_doubtful: May an earlier try have posted it?

        Raises:
            CallError: It was not posted, or nobody knows.
        """
        place, thread = message.channel, message.ts
        if is_doubtful and await self._outlet.find(delivery, place, thread_ts=thread) is not None:
            return
        told = await self._turns.of_call(notice, delivery, message)
        if told is None:
            return

        async def write() -> Draft:
            groups = await self._outlet.calls.groups()
            shown = render_notice(
                told, approval_id=delivery.approval_id, delivery=delivery.id, groups=groups
            )
            return await self._outlet.calls.in_zone_of(Draft.of(shown), reader)

        await self._outlet.post(write, place, thread_ts=thread)
        _log.info("notice_posted", channel=place, thread_ts=thread)
