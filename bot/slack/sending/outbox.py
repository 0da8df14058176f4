"""The sender: turns the engine's deliveries into messages, in order and each once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.slack.sending.asking import Asking
from bot.slack.sending.calls import OPEN, POST, UPDATE, CallError
from bot.slack.sending.pacing import Pacer
from bot.slack.sending.telling import Telling
from bot.slack.workspace.failures import Failure, Remedy
from orchestrator.core.effects import Purpose
from orchestrator.errors import ApprovalNotFoundError, RunNotFoundError, StoreError
from orchestrator.runtime import Clock, Engine, process_name
from orchestrator.store import DIGEST
from orchestrator.store.records import Backlog, Delivery

#: How long a delivery is hidden from other senders: longer than looking for a lost post, posting,
#: and posting more plainly take together, and short enough for who takes over after a crash.
LEASE = timedelta(seconds=20)
#: Deliveries that are being sent at once, each to another channel or person.
WIDTH = 6
_POLL = 1.0  # seconds between looks for rows of other processes
_FIRST_WAIT = 1.0  # seconds before a failed delivery is tried again
_LONGEST_WAIT = 60.0  # seconds
_PEOPLE_WAIT = 60.0  # seconds; somebody has to do something first
_LONGEST_PEOPLE_WAIT = 600.0  # seconds
_LONGEST_TRY = 18.0  # seconds; after its lease a delivery is anybody's
_PAUSE = 30.0  # seconds between looks whether a token is good again
#: A method is asked again a little after the delivery that it refused is due, which then is first.
_MARGIN = 0.02  # seconds

_OLD = timedelta(days=1)  # an edit or a reminder that was not taken for so long is given up
_EDITS = frozenset({Purpose.PROGRESS, Purpose.OUTCOME})
_POSTS = frozenset(Purpose) - _EDITS
_NEEDS = {POST: _POSTS, UPDATE: _EDITS, OPEN: frozenset({Purpose.DIRECT})}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStatistics:
    """What the sender has done and has to do, for health checks and tests."""

    workspace: str
    sent: int
    failed: int
    last_error: str | None
    #: What is being sent.
    under_way: int
    #: What waits, and since when the oldest of it; a second old at most while the sender runs.
    waiting: int
    oldest_at: datetime | None
    #: Why nothing is sent: Slack's error about the workspace's token; None: it is.
    paused: str | None

    @classmethod
    def sum(cls, parts: Sequence[SenderStatistics]) -> SenderStatistics:
        """Return what several senders have done together."""
        errors = [each.last_error for each in parts if each.last_error]
        pauses = [each.paused for each in parts if each.paused]
        return cls(
            workspace="",
            sent=sum(each.sent for each in parts),
            failed=sum(each.failed for each in parts),
            last_error=errors[-1] if errors else None,
            under_way=sum(each.under_way for each in parts),
            waiting=sum(each.waiting for each in parts),
            oldest_at=min((each.oldest_at for each in parts if each.oldest_at), default=None),
            paused=pauses[-1] if pauses else None,
        )


class Sender:
    """Claims the deliveries of a workspace and sends them, one at a time to each channel.

    What is not claimed can still be superseded by something newer.
    """

    def __init__(
        self,
        engine: Engine,
        asking: Asking,
        telling: Telling,
        *,
        clock: Clock,
        pacer: Pacer,
        workspace: str | None = None,
    ) -> None:
        """Set up.

        Args:
            engine: Where deliveries come from.
            asking: Sends questions and their edits.
            telling: Sends notices and direct messages.
            clock: The engine's.
            pacer: How fast; the same as those two have.
            workspace: Whose deliveries; None: all.
        """
        self._engine = engine
        self._asking = asking
        self._telling = telling
        self._clock = clock
        self._pacer = pacer
        self._workspace = workspace
        self._wake = asyncio.Event()
        self._owner = f"slack-{process_name()}"
        self._tasks: set[asyncio.Task[None]] = set()
        #: Deliveries by the number of tries of which Slack said itself that they had no effect.
        self._refused: dict[int, int] = {}
        self._complaints: set[str] = set()
        self._sent = 0
        self._failed = 0
        self._last_error: str | None = None
        self._backlog = Backlog(waiting=0)
        self._looked_at = float("-inf")
        self._paused: str | None = None
        self._paused_until = 0.0
        self._is_stopping = False

    def statistics(self) -> SenderStatistics:
        """Return what the sender has done and has to do."""
        return SenderStatistics(
            workspace=self._workspace or "",
            sent=self._sent,
            failed=self._failed,
            last_error=self._last_error,
            under_way=len(self._tasks),
            waiting=self._backlog.waiting,
            oldest_at=self._backlog.oldest_at,
            paused=self._paused,
        )

    def wake(self) -> None:
        """Look for deliveries now; called after a commit that added some."""
        self._wake.set()

    def resume(self) -> None:
        """Send again, because the workspace has a new token."""
        self._paused_until = 0.0
        self._wake.set()

    def stop(self) -> None:
        """End `run` after what is being sent."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. Errors of any kind are logged and outlived."""
        try:
            while not self._is_stopping:
                # Cleared before the look, so that a commit during the look is not missed.
                self._wake.clear()
                wait = _POLL
                try:
                    wait = await self._begin()
                except StoreError as exc:
                    _log.warning("outbox_database_away", error=str(exc))
                except Exception:  # noqa: BLE001 - the sender must outlive whatever a row does
                    _log.exception("outbox_failed")
                if wait > 0 and not self._is_stopping:
                    await self._rest(wait)
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _begin(self) -> float:
        """Begin to send what can be sent now; return the seconds until the next look."""
        await self._look()
        room = WIDTH - len(self._tasks)
        if self._paused is not None:
            # One delivery finds out whether the token is good again.
            room = 0 if self._tasks or time.monotonic() < self._paused_until else 1
        due = await self._engine.next_delivery_at(workspace=self._workspace) if room else None
        if due is None or due > self._clock.now():
            return _POLL
        waits = {method: self._pacer.blocked_for(method) for method in _NEEDS}
        without = frozenset[Purpose]().union(
            *(_NEEDS[method] for method, wait in waits.items() if wait)
        )
        claimed = await self._engine.claim_deliveries(
            owner=self._owner,
            limit=room,
            lease=LEASE,
            workspace=self._workspace,
            without=without,
            one_a_channel=True,
        )
        for delivery in claimed:
            task = asyncio.create_task(self._send(delivery), name=f"slack-delivery-{delivery.id}")
            self._tasks.add(task)
            task.add_done_callback(self._done)
        return 0.0 if claimed else min([_POLL, *(wait for wait in waits.values() if wait)])

    async def _look(self) -> None:
        if time.monotonic() - self._looked_at >= _POLL:
            self._backlog = await self._engine.backlog(workspace=self._workspace)
            self._looked_at = time.monotonic()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _send(self, delivery: Delivery) -> None:
        with structlog.contextvars.bound_contextvars(
            approval_id=delivery.approval_id,
            run_id=delivery.run_id,
            delivery=delivery.id,
            purpose=delivery.purpose.value,
        ):
            parts = [delivery]
            try:
                if delivery.purpose is Purpose.DIRECT and delivery.detail == DIGEST:
                    parts += await self._engine.claim_digest(
                        delivery, owner=self._owner, lease=LEASE
                    )
                try:
                    async with asyncio.timeout(_LONGEST_TRY):
                        await self._attempt(parts)
                except TimeoutError:
                    failure = Failure(code="too_slow", remedy=Remedy.RETRY)
                    await self._after_failure(parts, CallError("sending", failure))
            except StoreError as exc:
                _log.warning("outbox_database_away", error=str(exc))
            except Exception:  # noqa: BLE001 - the row is tried again after its lease
                _log.exception("outbox_failed")

    async def _attempt(self, parts: Sequence[Delivery]) -> None:
        delivery = parts[0]
        is_doubtful = delivery.attempts - 1 > self._refused.get(delivery.id, 0)
        try:
            match delivery.purpose:
                case Purpose.DIRECT:
                    await self._telling.tell(parts, is_doubtful=is_doubtful)
                case Purpose.STARTED:
                    await self._telling.say_started(delivery, is_doubtful=is_doubtful)
                case Purpose.ENDED:
                    await self._telling.say_ended(delivery)
                case _:
                    await self._bring(delivery, is_doubtful=is_doubtful)
        except (ApprovalNotFoundError, RunNotFoundError) as exc:
            for each in parts:
                await self._engine.drop_delivery(each, error=str(exc))
        except CallError as exc:
            await self._after_failure(parts, exc)
        else:
            self._refused.pop(delivery.id, None)
            self._complaints.clear()
            self._sent += 1
            self._last_error = self._paused = None

    async def _bring(self, delivery: Delivery, *, is_doubtful: bool) -> None:
        """Bring a question before people, or what they see of it up to date."""
        approval = await self._engine.get_approval(delivery.approval_id)
        match delivery.purpose:
            case Purpose.QUESTION:
                await self._asking.ask(delivery, approval, is_doubtful=is_doubtful)
            case Purpose.PROGRESS | Purpose.OUTCOME:
                await self._asking.update(delivery, approval, is_doubtful=is_doubtful)
            case _:
                await self._telling.notify(delivery, approval, is_doubtful=is_doubtful)

    async def _after_failure(self, parts: Sequence[Delivery], exc: CallError) -> None:
        delivery, failure = parts[0], exc.failure
        self._failed += 1
        self._last_error = str(exc)
        if failure.remedy is not Remedy.RETRY:
            self._refused[delivery.id] = self._refused.get(delivery.id, 0) + 1
        if failure.remedy is Remedy.GONE or await self._is_hopeless(delivery, failure):
            _log.warning("slack_delivery_given_up", error=failure.code, fix=failure.fix)
            self._refused.pop(delivery.id, None)
            for each in parts:
                await self._engine.drop_delivery(each, error=str(exc))
            return
        not_before = self._clock.now() + timedelta(seconds=self._wait(delivery, exc))
        for each in parts:
            await self._engine.retry_delivery(each, not_before=not_before, error=str(exc))

    async def _is_hopeless(self, delivery: Delivery, failure: Failure) -> bool:
        """Is there nothing to gain from trying again?"""
        if failure.remedy not in {Remedy.PEOPLE, Remedy.PLACE, Remedy.PLAINER}:
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
                wait = _FIRST_WAIT if failure.retry_after is None else failure.retry_after
                self._pacer.block(exc.method, wait + _MARGIN)
                return wait
            case Remedy.RETRY:
                wait = min(_FIRST_WAIT * growth, _LONGEST_WAIT)
                _log.warning("slack_call_failed", call=exc.method, error=exc.code, retry_in=wait)
                return wait
            case Remedy.CREDENTIAL:
                self._pause(failure)
                return 0.0
            case _:
                self._complain("slack_call_refused", failure)
                return min(_PEOPLE_WAIT * growth, _LONGEST_PEOPLE_WAIT)

    def _pause(self, failure: Failure) -> None:
        """Send nothing for a while: without a good token every call would be refused."""
        self._complain("slack_sender_paused", failure)
        self._paused = failure.code
        self._paused_until = time.monotonic() + _PAUSE

    def _complain(self, event: str, failure: Failure) -> None:
        """Log a failure that people have to mend, once and not every minute."""
        key = f"{event}:{failure.code}"
        if key not in self._complaints:
            self._complaints.add(key)
            workspace = self._workspace or None
            _log.error(event, error=failure.code, workspace=workspace, fix=failure.fix)
