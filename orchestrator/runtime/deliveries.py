"""What a chat surface asks of the engine: what to show, and where it came to stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.effects import Purpose
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.patience import persist
from orchestrator.store import Delivery, Message, Step


class Deliveries(Desk):
    """The part of the engine that a chat surface uses."""

    def on_delivery(self, callback: Callable[[], None]) -> None:
        """Have a function called, on the event loop, after a commit that added deliveries.

        Deliveries that other processes add are not told; look once a second for those.
        """
        self._kernel.on_delivery = callback

    async def claim_deliveries(self, *, owner: str, limit: int, lease: timedelta) -> list[Delivery]:
        """Take deliveries, oldest first, and hide them from other senders for `lease`.

        A delivery is not given out before all older ones about the same approval are done, and of
        several edits that wait only the newest is given out.
        """
        return await self._store.claim_deliveries(owner=owner, limit=limit, lease=lease)

    async def finish_delivery(
        self,
        delivery: Delivery,
        *,
        channel: str | None = None,
        ts: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Mark a delivery as sent; waits for the database as long as it takes.

        For a question, `channel` and `ts` say where its message stands, and the approval's clock
        starts at `at` (default: now), in the same commit.
        """
        if delivery.purpose is not Purpose.QUESTION or channel is None or ts is None:
            await persist(lambda: self._store.finish_delivery(delivery))
            return
        place, message = channel, ts
        command = c.MarkDelivered(
            approval_id=delivery.approval_id, surface="slack", at=at or self._clock.now()
        )

        async def through(step: Step) -> Advance | r.Refusal:
            return await self._store.save_question(
                delivery.run_id, step, delivery, channel=place, ts=message
            )

        await persist(lambda: self._kernel.commit_anyhow(delivery.run_id, command, through=through))

    async def retry_delivery(self, delivery: Delivery, *, not_before: datetime, error: str) -> None:
        """Have a delivery tried again later."""
        await persist(
            lambda: self._store.put_off_delivery(delivery, not_before=not_before, error=error)
        )

    async def drop_delivery(self, delivery: Delivery, *, error: str) -> None:
        """Give a delivery up; it stays in the database as failed."""
        await persist(lambda: self._store.give_up_delivery(delivery, error=error))

    async def find_message(self, approval_id: str) -> Message | None:
        """Return where the message about an approval stands."""
        return await self._store.find_message(approval_id)

    async def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery may be claimed; None: none waits."""
        return await self._store.next_delivery_at()
