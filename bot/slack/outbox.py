"""The sender: turns the engine's deliveries into messages, in order and each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.cards import Card, outcome_card, question_card
from bot.slack.calls import POST, UPDATE, CallError, Calls
from bot.slack.failures import Failure, Remedy, describe
from bot.slack.history import History
from bot.slack.pacing import Pacer
from bot.slack.threads import Threads
from orchestrator.core.effects import Purpose
from orchestrator.errors import ApprovalNotFoundError, StoreError
from orchestrator.graph.gates import NO_GATES
from orchestrator.runtime import Clock, Engine, process_name
from orchestrator.store.records import Approval, Delivery, Message

#: How long a delivery is hidden from other senders: longer than looking for a lost post, posting,
#: and posting more plainly take together, and short enough for who takes over after a crash.
LEASE = timedelta(seconds=20)
_POLL = 1.0  # seconds between looks for rows of other processes
_FIRST_WAIT = 1.0  # seconds before a failed delivery is tried again
_LONGEST_WAIT = 60.0  # seconds
_PEOPLE_WAIT = 60.0  # seconds; somebody has to do something first
_LONGEST_PEOPLE_WAIT = 600.0  # seconds

_OLD = timedelta(days=1)  # an edit or a reminder that was not taken for so long is given up
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStatistics:
    """What the sender has done, for health checks and tests."""

    sent: int
    failed: int
    last_error: str | None


class Sender:
    """Claims deliveries one at a time and sends them.

    One at a time is no loss, for a channel takes one message a second; and what is not claimed
    can still be superseded by something newer.
    """

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        engine: Engine,
        calls: Calls,
        history: History,
        threads: Threads,
        *,
        channel: str,
        clock: Clock,
        pacer: Pacer,
        hook: Callable[[str], None],
    ) -> None:
        """Set up.

        Args:
            engine: Where deliveries come from.
            calls: Posts and edits.
            history: Finds posts whose answer was lost.
            threads: Writes what is posted into threads.
            channel: Where questions go, an id or `#name`.
            clock: The engine's.
            pacer: How fast.
            hook: Called with `after_post` between a post and its record.
        """
        self._engine = engine
        self._calls = calls
        self._history = history
        self._threads = threads
        self._channel = channel
        self._clock = clock
        self._pacer = pacer
        self._hook = hook
        self._wake = asyncio.Event()
        self._owner = f"slack-{process_name()}"
        #: Deliveries by the number of tries of which Slack said itself that they had no effect.
        self._refused: dict[int, int] = {}
        self._complaints: set[str] = set()
        self._sent = 0
        self._failed = 0
        self._last_error: str | None = None
        self._is_stopping = False

    def statistics(self) -> SenderStatistics:
        """Return what the sender has done."""
        return SenderStatistics(sent=self._sent, failed=self._failed, last_error=self._last_error)

    def wake(self) -> None:
        """Look for deliveries now; called after a commit that added some."""
        self._wake.set()

    def stop(self) -> None:
        """End `run` after what is being sent."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. Errors of any kind are logged and outlived."""
        while not self._is_stopping:
            # Cleared before the look, so that a commit during the look is not missed.
            self._wake.clear()
            try:
                has_sent = await self._send_next()
            except StoreError as exc:
                _log.warning("outbox_database_away", error=str(exc))
                has_sent = False
            except Exception:  # noqa: BLE001 - the sender must outlive whatever a row does to it
                _log.exception("outbox_failed")
                has_sent = False
            if not has_sent and not self._is_stopping:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send_next(self) -> bool:
        due = await self._engine.next_delivery_at()
        if due is None or due > self._clock.now():
            return False
        claimed = await self._engine.claim_deliveries(owner=self._owner, limit=1, lease=LEASE)
        for delivery in claimed:
            with structlog.contextvars.bound_contextvars(
                approval_id=delivery.approval_id,
                run_id=delivery.run_id,
                delivery=delivery.id,
                purpose=delivery.purpose.value,
            ):
                await self._attempt(delivery)
        return bool(claimed)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            approval = await self._engine.get_approval(delivery.approval_id)
            match delivery.purpose:
                case Purpose.QUESTION:
                    await self._ask(delivery, approval)
                case Purpose.PROGRESS | Purpose.OUTCOME:
                    await self._update(delivery, approval)
                case Purpose.REMINDER | Purpose.NOTICE:
                    await self._tell(delivery, approval)
        except ApprovalNotFoundError as exc:
            await self._engine.drop_delivery(delivery, error=str(exc))
        except CallError as exc:
            await self._after_failure(delivery, exc)
        else:
            self._refused.pop(delivery.id, None)
            self._complaints.clear()
            self._sent += 1
            self._last_error = None

    async def _ask(self, delivery: Delivery, approval: Approval) -> None:
        if delivery.attempts - 1 > self._refused.get(delivery.id, 0):
            found = await self._find_lost(delivery)
            if found is not None:
                channel, ts = found
                _log.info("question_found_again", channel=channel, ts=ts)
                at = datetime.fromtimestamp(float(ts), UTC)
                await self._engine.finish_delivery(delivery, channel=channel, ts=ts, at=at)
                return
        await self._patience(POST)
        async with self._pacer.turn(self._channel):
            # Read again: while this waited for its turn, the question may have been answered.
            approval = await self._engine.get_approval(approval.id)
            at = self._clock.now()
            posted = await self._calls.post(self._card(approval, at), channel=self._channel)
        self._hook("after_post")
        await self._engine.finish_delivery(delivery, channel=posted.channel, ts=posted.ts, at=at)
        _log.info("question_posted", channel=posted.channel, ts=posted.ts)

    def _card(self, approval: Approval, now: datetime) -> Card:
        if not approval.is_open:
            return outcome_card(approval)
        due_at = approval.due_at
        if approval.delivered_at is None and due_at is not None:
            # The clock starts when people can see the question, which is now.
            due_at = self._deadline(approval, now) or due_at
        return question_card(approval, due_at=due_at)

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

    async def _find_lost(self, delivery: Delivery) -> tuple[str, str] | None:
        try:
            channel = await self._history.channel_id(self._channel)
            ts = await self._history.find_question(
                channel, approval_id=delivery.approval_id, since=delivery.created_at
            )
        except Exception as exc:
            failure = describe(exc)
            if failure.remedy is Remedy.PEOPLE:
                # The channel cannot be read at all. A question that is asked twice is better than
                # one that nobody sees.
                self._complain("slack_history_unreadable", failure)
                return None
            raise CallError("conversations.history", failure) from exc
        return (channel, ts) if ts else None

    async def _update(self, delivery: Delivery, approval: Approval) -> None:
        message = await self._engine.find_message(approval.id)
        if message is None:
            await self._engine.drop_delivery(delivery, error="its question was never shown")
            return
        await self._patience(UPDATE)
        async with self._pacer.turn(message.channel):
            # Read again: while this waited for its turn, something newer may have come.
            approval = await self._engine.get_approval(approval.id)
            await self._calls.update(self._card(approval, self._clock.now()), message)
        await self._engine.finish_delivery(delivery)

    async def _tell(self, delivery: Delivery, approval: Approval) -> None:
        message = await self._engine.find_message(approval.id)
        if message is None or await self._is_told(delivery, message):
            await self._engine.finish_delivery(delivery)
            return
        await self._patience(POST)
        async with self._pacer.turn(message.channel):
            approval = await self._engine.get_approval(approval.id)
            notice = await self._threads.find_notice(delivery, approval, self._clock.now())
            if notice is not None:
                await self._calls.notify(notice, message, delivery=delivery.id)
                _log.info("notice_posted", channel=message.channel, thread_ts=message.ts)
        await self._engine.finish_delivery(delivery)

    async def _is_told(self, delivery: Delivery, message: Message) -> bool:
        """Was it posted by a try whose answer was lost?"""
        is_doubtful = delivery.attempts - 1 > self._refused.get(delivery.id, 0)
        return is_doubtful and await self._was_reminded(delivery, message)

    async def _was_reminded(self, delivery: Delivery, message: Message) -> bool:
        try:
            found = await self._history.find_reminder(
                message.channel,
                message.ts,
                delivery=delivery.id,
                approval_id=delivery.approval_id,
                since=delivery.created_at,
            )
        except Exception as exc:
            failure = describe(exc)
            if failure.remedy is Remedy.PEOPLE:
                return False
            raise CallError("conversations.replies", failure) from exc
        return found is not None

    async def _patience(self, method: str) -> None:
        wait = self._pacer.blocked_for(method)
        if wait > 0:
            failure = Failure(code="ratelimited", remedy=Remedy.WAIT, retry_after=wait)
            raise CallError(method, failure)

    async def _after_failure(self, delivery: Delivery, exc: CallError) -> None:
        failure = exc.failure
        self._failed += 1
        self._last_error = str(exc)
        if failure.remedy is not Remedy.RETRY:
            self._refused[delivery.id] = self._refused.get(delivery.id, 0) + 1
        if failure.remedy is Remedy.GONE or await self._is_hopeless(delivery, failure):
            _log.warning("slack_delivery_given_up", error=failure.code, fix=failure.fix)
            self._refused.pop(delivery.id, None)
            await self._engine.drop_delivery(delivery, error=str(exc))
            return
        wait = self._wait(delivery, exc)
        not_before = self._clock.now() + timedelta(seconds=wait)
        await self._engine.retry_delivery(delivery, not_before=not_before, error=str(exc))

    async def _is_hopeless(self, delivery: Delivery, failure: Failure) -> bool:
        """Is there nothing to gain from trying again?"""
        if failure.remedy not in {Remedy.PEOPLE, Remedy.PLAINER}:
            return False
        if delivery.purpose is Purpose.QUESTION:
            return not (await self._engine.get_approval(delivery.approval_id)).is_open
        return self._clock.now() - delivery.created_at > _OLD

    def _wait(self, delivery: Delivery, exc: CallError) -> float:
        """Return the seconds until the next try."""
        failure = exc.failure
        growth: int = 2 ** min(delivery.attempts - 1, 10)
        match failure.remedy:
            case Remedy.WAIT:
                wait = failure.retry_after or _FIRST_WAIT
                self._pacer.block(exc.method, wait)
                return wait
            case Remedy.RETRY:
                wait = min(_FIRST_WAIT * growth, _LONGEST_WAIT)
                _log.warning("slack_call_failed", call=exc.method, error=exc.code, retry_in=wait)
                return wait
            case _:
                self._complain("slack_call_refused", failure)
                return min(_PEOPLE_WAIT * growth, _LONGEST_PEOPLE_WAIT)

    def _complain(self, event: str, failure: Failure) -> None:
        """Log a failure that people have to mend, once and not every minute."""
        key = f"{event}:{failure.code}"
        if key not in self._complaints:
            self._complaints.add(key)
            _log.error(event, error=failure.code, channel=self._channel, fix=failure.fix)
