"""What people are told beside the question: notices in its thread, and direct messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.cards.notices import start_notice
from bot.slack.sending.asking import Asking
from bot.slack.sending.audience import Audience
from bot.slack.sending.calls import CallError, Draft, Posted
from bot.slack.sending.letters import BOTH, END, OUTCOME, RUN_END
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.places import Place
from bot.slack.sending.stories import Stories
from bot.slack.sending.threads import Threads
from bot.slack.workspace.failures import Remedy
from orchestrator.core.state import RunStatus
from orchestrator.runtime import Clock, Engine
from orchestrator.store import COPIES, COPY, DIGEST, OPERATOR
from orchestrator.store.records import Approval, Delivery, Message

#: Why an operator gets a question, of which the question's own message knows more.
_UNUSABLE = "unusable"
#: A thread that cannot be written to is not told, which matters to nobody's decision.
_UNWRITABLE = frozenset({Remedy.PLACE, Remedy.GONE})
#: So long after the outcome of a question its message may be edited to tell the run's end, too. By
#: then an edit whose answer was lost is still found among the messages of these minutes.
_TOGETHER = timedelta(minutes=5)
_ALARMING = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """A direct message about the outcome of a question."""

    about: str
    at: datetime
    posted: Posted


class Telling:
    """Sends them. Raises CallError for the sender to deal with."""

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        engine: Engine,
        outlet: Outlet,
        *,
        asking: Asking,
        audience: Audience,
        stories: Stories,
        threads: Threads,
        clock: Clock,
        hook: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._outlet = outlet
        self._asking = asking
        self._audience = audience
        self._stories = stories
        self._threads = threads
        self._clock = clock
        self._hook = hook
        #: The newest outcome that this process has told a person, by their channel.
        self._outcomes: dict[str, _Outcome] = {}

    async def notify(self, delivery: Delivery, approval: Approval, *, is_doubtful: bool) -> None:
        """Post a reminder or another notice into the thread of a question."""
        now = self._clock.now()
        directs = await self._audience.directs_for(delivery, approval, now)
        message = await self._engine.find_message(approval.id)
        notice = await self._threads.find_notice(delivery, approval, now)
        if message is not None and notice is not None:
            try:
                await self._stories.post(
                    delivery,
                    notice,
                    message,
                    reader=approval.requester,
                    is_doubtful=is_doubtful,
                )
            except CallError as exc:
                if not await self._asking.replace(delivery, approval, exc, directs):
                    raise
                return
        await self._engine.finish_delivery(delivery, directs=directs)

    async def say_started(self, delivery: Delivery, *, is_doubtful: bool) -> None:
        """Say in the thread of a message what was started from it, if the bot may write there."""
        run = await self._engine.get_run(delivery.run_id)
        place = Message(
            approval_id=run.id, channel=delivery.channel or "", ts=delivery.detail or ""
        )
        try:
            await self._stories.post(
                delivery, start_notice(run), place, reader=run.requester, is_doubtful=is_doubtful
            )
        except CallError as exc:
            if exc.failure.remedy not in _UNWRITABLE:
                raise
            _log.warning("slack_thread_not_told", error=exc.code, fix=exc.failure.fix)
            await self._engine.drop_delivery(delivery, error=str(exc))
            return
        await self._engine.finish_delivery(delivery)

    async def say_ended(self, delivery: Delivery) -> None:
        """Have those told whom the end of a run concerns that asked nobody."""
        run = await self._engine.get_run(delivery.run_id)
        directs = await self._audience.directs_of_end(run, self._clock.now())
        await self._engine.finish_delivery(delivery, directs=directs)

    async def tell(self, parts: Sequence[Delivery], *, is_doubtful: bool) -> None:
        """Send a person a direct message, for one delivery or all that a digest holds."""
        first = parts[0]
        try:
            channel = await self._outlet.channel(Place(name=str(first.person), is_person=True))
            if is_doubtful and await self._was_told(parts, channel):
                return
            posted = await self._add_end(first, channel)
            posted = posted or await self._outlet.post(lambda: self._write(parts), channel)
        except CallError as exc:
            if exc.failure.remedy is not Remedy.PLACE:
                raise
            _log.warning("slack_person_unreachable", person=first.person, error=exc.code)
            for delivery in parts:
                await self._engine.drop_delivery(delivery, error=str(exc))
            return
        self._hook("after_direct")
        if posted is None:
            await self._engine.finish_digest(parts)
            return
        if first.detail == DIGEST:
            await self._engine.finish_digest(parts, channel=posted.channel, ts=posted.ts)
            return
        if first.detail not in COPIES:
            if first.detail == OUTCOME:
                now = self._clock.now()
                self._outcomes[channel] = _Outcome(about=first.approval_id, at=now, posted=posted)
            await self._engine.finish_delivery(first)
            return
        await self._engine.finish_delivery(
            first, channel=posted.channel, ts=posted.ts, reason=await self._reason(first)
        )

    async def _add_end(self, delivery: Delivery, channel: str) -> Posted | None:
        """Say in the message about a question's outcome how the run ended; None: not there.

        That is done soon after it was sent, and while it is the newest. An edit rings no bell, so
        that a run which failed after all is told by a message of its own.
        """
        before = self._outcomes.get(channel)
        if before is None or delivery.detail != END or before.about != delivery.approval_id:
            return None
        is_fresh = self._clock.now() - before.at < _TOGETHER
        run = await self._engine.get_run(delivery.run_id)
        if not is_fresh or not self._outlet.is_newest(before.posted) or run.status in _ALARMING:
            return None
        both = [replace(delivery, detail=BOTH)]
        place = Message(
            approval_id=delivery.approval_id,
            channel=before.posted.channel,
            ts=before.posted.ts,
            person=delivery.person,
        )
        try:
            await self._outlet.update(lambda: self._write(both), place)
        except CallError as exc:
            if exc.failure.remedy is not Remedy.GONE:
                raise
            return None
        return before.posted

    async def _was_told(self, parts: Sequence[Delivery], channel: str) -> bool:
        """Was it sent by a try whose answer was lost? What that did not hold is sent later."""
        first = parts[0]
        found = await self._outlet.find(first, channel)
        if found is None:
            return False
        if first.detail in COPIES:
            reason = await self._reason(first)
            await self._engine.finish_delivery(
                first, channel=found.channel, ts=found.ts, reason=reason
            )
            return True
        shown = [each for each in parts if each.id in found.deliveries]
        if first.detail == DIGEST:
            await self._engine.finish_digest(shown, channel=found.channel, ts=found.ts)
        else:
            await self._engine.finish_digest(shown)
        for each in parts:
            if each.id not in found.deliveries:
                now = self._clock.now()
                await self._engine.retry_delivery(each, not_before=now, error="was not in it yet")
        return True

    async def _write(self, parts: Sequence[Delivery]) -> Draft | None:
        draft = await self._draft(parts)
        person = str(parts[0].person)
        return await self._outlet.calls.in_zone_of(draft, person) if draft is not None else None

    async def _draft(self, parts: Sequence[Delivery]) -> Draft | None:
        first = parts[0]
        if first.detail == RUN_END:
            told = await self._audience.compose_end(first, self._clock.now())
            return Draft.of(told).marked(parts) if told is not None else None
        # Read when it is sent: what has changed meanwhile is told as it is.
        approvals = [await self._engine.get_approval(each.approval_id) for each in parts]
        now = self._clock.now()
        if first.detail == OPERATOR:
            if not approvals[0].is_open:
                return None
            return (await self._asking.draft(approvals[0], await self._reason(first))).marked(parts)
        if first.detail == COPY:
            if not await self._audience.wants_copy(first, approvals[0], now):
                return None
            return (await self._asking.draft(approvals[0], None)).marked(parts)
        if first.detail == DIGEST:
            shown = await self._audience.compose_digest(parts, approvals, now)
        else:
            shown = await self._audience.compose(first, approvals[0], now)
        if shown is None:
            return None
        return Draft.of(shown).marked(parts)

    async def _reason(self, delivery: Delivery) -> str | None:
        """Return why an operator gets a question; None: somebody gets what concerns them."""
        if delivery.detail != OPERATOR:
            return None
        question: Message | None = await self._engine.find_message(delivery.approval_id)
        return (question.reason if question is not None else None) or _UNUSABLE
