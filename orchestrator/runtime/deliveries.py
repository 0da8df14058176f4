"""What a chat surface asks of the engine: what to show, and where it came to stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.effects import Purpose
from orchestrator.errors import NotPermittedError, NotPossibleError
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.patience import persist
from orchestrator.store import (
    Anew,
    Approval,
    Backlog,
    Delivery,
    DirectMessage,
    Message,
    Run,
    Step,
    SurfaceValues,
    Then,
)


class Deliveries(Desk):
    """The part of the engine that a chat surface uses."""

    def on_delivery(self, callback: Callable[[], None]) -> None:
        """Have a function called, on the event loop, after a commit that added deliveries.

        Deliveries that other processes add are not told; look once a second for those.
        """
        self._kernel.on_delivery = callback

    @property
    def values(self) -> SurfaceValues:
        """What chat surfaces keep for themselves, by scope and name."""
        return self._store.values

    async def claim_deliveries(
        self,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        workspace: str | None = None,
        without: Collection[Purpose] = (),
        one_a_channel: bool = False,
    ) -> list[Delivery]:
        """Take deliveries, oldest first, and hide them from other senders for `lease`.

        A delivery is not given out before all older ones about the same message are done, and of
        several edits that wait only the newest is given out. With the edit of a question come the
        edits of its copies, as deliveries with a `person`.

        Args:
            owner: Who takes them.
            limit: The most that are taken.
            lease: For how long.
            workspace: Of which workspace; None: of any.
            without: Purposes that are left where they are.
            one_a_channel: Take no two for one channel or person at a time.
        """
        return await self._store.claim_deliveries(
            owner=owner,
            limit=limit,
            lease=lease,
            workspace=workspace,
            without=without,
            one_a_channel=one_a_channel,
        )

    async def claim_digest(
        self, first: Delivery, *, owner: str, lease: timedelta
    ) -> list[Delivery]:
        """Take everything else that is due for the digest of which one part was claimed."""
        return await self._store.claim_digest(first, owner=owner, lease=lease)

    async def gathered_for(self, person: str, *, workspace: str = "") -> list[Delivery]:
        """Return what waits for a person's next digest and is not due yet."""
        return await self._store.gathered_for(person, workspace)

    async def move_gathered(self, moves: Sequence[tuple[Delivery, DirectMessage]]) -> None:
        """Have what waits for a digest told at another time, in a digest or as a question."""
        await self._store.move_gathered(moves)
        self._kernel.on_delivery()

    async def finish_delivery(  # noqa: PLR0913 - what is stored together, by keyword
        self,
        delivery: Delivery,
        *,
        channel: str | None = None,
        ts: str | None = None,
        at: datetime | None = None,
        directs: Sequence[DirectMessage] = (),
        reason: str | None = None,
        leaves: bool = False,
    ) -> None:
        """Mark a delivery as sent; waits for the database as long as it takes.

        Args:
            delivery: What was sent.
            channel: Where its message stands, if that is a question or a copy of one.
            ts: Which message there.
            at: When a question came before people, from when its approval's clock counts;
                default: now.
            directs: Who is also told in a direct message, by deliveries of their own that are
                stored in the same commit.
            reason: Why a question stands elsewhere than where it was to be asked.
            leaves: Keep the message that the question had before as a copy, to be edited when
                its channel takes edits again.
        """
        store = self._store
        if delivery.purpose is not Purpose.QUESTION or channel is None or ts is None:
            await persist(
                lambda: store.finish_delivery(delivery, channel=channel, ts=ts, directs=directs)
            )
            self._touch(delivery)
            return
        place, message = channel, ts
        command = c.MarkDelivered(
            approval_id=delivery.approval_id, surface="slack", at=at or self._clock.now()
        )

        async def through(step: Step, then: Then) -> Advance | r.Refusal:
            return await store.save_question(
                delivery.run_id,
                step,
                delivery,
                channel=place,
                ts=message,
                directs=directs,
                reason=reason,
                leaves=leaves,
                then=then,
            )

        await persist(lambda: self._kernel.commit_anyhow(delivery.run_id, command, through=through))
        self._touch(delivery)

    def _touch(self, delivery: Delivery) -> None:
        """Tell those who look at all changes of what was sent; another process may have made it."""
        if delivery.person is None:
            self._kernel.watchers.touch(delivery.run_id, is_news=True)

    async def finish_digest(
        self, parts: Sequence[Delivery], *, channel: str | None = None, ts: str | None = None
    ) -> None:
        """Mark deliveries that went out as one message as sent, and remember where it stands."""
        await persist(lambda: self._store.finish_digest(parts, channel=channel, ts=ts))

    async def retry_delivery(self, delivery: Delivery, *, not_before: datetime, error: str) -> None:
        """Have a delivery tried again later."""
        await persist(
            lambda: self._store.put_off_delivery(delivery, not_before=not_before, error=error)
        )

    async def drop_delivery(self, delivery: Delivery, *, error: str) -> None:
        """Give a delivery up; it stays in the database as failed."""
        await persist(lambda: self._store.give_up_delivery(delivery, error=error))

    async def hurry_deliveries(self, *, workspace: str = "") -> None:
        """Have what was put off tried now, because what was in its way is gone."""
        await self._store.hurry_deliveries(workspace)
        self._kernel.on_delivery()

    async def repost(self, approval: str, *, by: str) -> bool:
        """Have an open question posted anew; False: that is under way already.

        Args:
            approval: The approval, by its id or short reference.
            by: Who wants it: the requester, an approver, or an operator.

        Raises:
            ApprovalNotFoundError: There is no such approval.
            ApprovalClosedError: It is not open any more.
            NotPossibleError: Questions are shown in no chat.
            NotPermittedError: The person has nothing to do with it; says who has.
            DirectoryError: Who may do that could not be looked up.
            StoreUnavailableError: Nothing was recorded.
        """
        if not self._store.has_chat:
            raise NotPossibleError("questions are shown in no chat, so none can be posted anew")
        question = await self._store.get_question(approval)
        closed = await self._find_closed(question.approval_id)
        if closed is not None:
            raise closed
        person, _ = await self._person(question, by, "slack", asks_operators=True)
        found = await self._store.get_approval(question.approval_id)
        if not self._is_concerned(question, person, found.requester):
            allowed = "the requester, an approver, or an operator"
            message = f"{by} may not have {found.ref} posted anew; {allowed} may"
            raise NotPermittedError(by, message)
        answer = await self._store.ask_again(_question(found))
        self._kernel.on_delivery()
        return answer is Anew.ADDED

    async def post_anew(
        self,
        approval_id: str,
        *,
        instead: Delivery | None = None,
        because: str | None = None,
        at_most: int | None = None,
        directs: Sequence[DirectMessage] = (),
    ) -> bool:
        """Have a question posted anew whose message cannot be used any more.

        Args:
            approval_id: Which.
            instead: The delivery that could not be sent there; it is finished with it.
            because: GONE or MOVED; None: it is put up on purpose.
            at_most: How often that may have been done for the same reason since the question was
                last put up on purpose; None: ever so often.
            directs: See `finish_delivery`.

        Returns:
            Whether it will stand anew; if not, the delivery is as it was.
        """
        found = await self._store.get_approval(approval_id)
        answer = await persist(
            lambda: self._store.ask_again(
                _question(found),
                instead=instead,
                because=because,
                at_most=at_most,
                directs=directs,
            )
        )
        self._kernel.on_delivery()
        return answer is not Anew.ENOUGH

    async def tell_thread(self, run: Run, *, channel: str, ts: str) -> None:
        """Have the thread that a run was started from told of it; once, however often asked for.

        Args:
            run: The run.
            channel: Where the thread is.
            ts: The message that the thread is of.

        Raises:
            StoreUnavailableError: Nothing was recorded.
        """
        start = {
            "run_id": run.id,
            "workspace": run.workspace,
            "channel": channel,
            "detail": ts,
        }
        await self._store.tell_thread(start)
        self._kernel.on_delivery()

    async def move_messages(self, old: str, new: str) -> None:
        """Follow a channel whose id has changed."""
        await persist(lambda: self._store.move_messages(old, new))

    async def find_message(self, approval_id: str, *, person: str | None = None) -> Message | None:
        """Return where the message about an approval stands, or a person's copy of it."""
        return await self._store.find_message(approval_id, person=person)

    async def messages_of(self, approval_id: str) -> list[Message]:
        """Return the message about an approval and its copies, the message first."""
        return await self._store.messages_of(approval_id)

    async def told_until(self, delivery: Delivery) -> datetime | None:
        """Return up to when an edit before this one has told everything; None: there was none."""
        return await self._store.told_until(delivery)

    async def led_from(self, approval_id: str) -> str | None:
        """Return the question of the same run whose outcome led to this one, if one did.

        Of many that came up together only the first few are said to have been led to.
        """
        return await self._store.led_from(approval_id)

    async def messages_at(self, channel: str, ts: str) -> list[Message]:
        """Return the approvals that a message is about: a digest is about several."""
        return await self._store.messages_at(channel, ts)

    async def questions_in(self, channel: str) -> list[Message]:
        """Return the messages about approvals that stand in a channel."""
        return await self._store.questions_in(channel)

    async def next_delivery_at(self, *, workspace: str | None = None) -> datetime | None:
        """Return when the next delivery may be claimed; None: none waits."""
        return await self._store.next_delivery_at(workspace=workspace)

    async def backlog(self, *, workspace: str | None = None) -> Backlog:
        """Return how many deliveries wait, and since when."""
        return await self._store.backlog(workspace=workspace)


def _question(approval: Approval) -> Mapping[str, Any]:
    return {
        "approval_id": approval.id,
        "run_id": approval.run_id,
        "workspace": approval.run.workspace,
        "channel": approval.channel,
    }
