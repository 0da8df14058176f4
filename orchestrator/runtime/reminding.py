"""Reminding the approvers of a question by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from orchestrator.core import questions
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.state import State
from orchestrator.core.turn import Turn
from orchestrator.errors import NotPermittedError, RecentlyRemindedError
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.summary import to_run
from orchestrator.store import Run

#: How often the approvers of one question may be reminded by hand.
BETWEEN_REMINDERS = timedelta(minutes=1)


class Reminding(Desk):
    """The part of the engine that reminds."""

    async def remind(self, approval: str, *, by: str, surface: str = "python") -> Run:
        """Remind the approvers now, at most once a minute.

        Args:
            approval: The approval.
            by: The run's requester, an approver, or an operator.
            surface: Where it was asked for.

        Raises:
            ApprovalNotFoundError: There is no such approval.
            ApprovalClosedError: It was resolved or its deadline passed first.
            NotPermittedError: The person may not do that; it says who may.
            RecentlyRemindedError: They were reminded less than a minute ago.
            DirectoryError: Who may do that could not be looked up.
            StoreUnavailableError: Nothing was recorded.
        """
        question = await self._store.get_question(approval)
        person, _ = await self._person(question, by, surface, asks_operators=True)
        found = await self._store.get_approval(question.approval_id)
        if not found.is_open:
            raise await self._closed_or(question, r.NotOpen(approval_id=found.id))
        if not self._is_concerned(question, person, found.requester):
            raise NotPermittedError(
                by,
                f"{by} may not remind anybody of {found.ref}; that takes its requester, an "
                "approver or an operator",
            )
        if found.reminded_at is not None:
            wait = found.reminded_at + BETWEEN_REMINDERS - self._clock.now()
            if wait > timedelta(0):
                raise RecentlyRemindedError(found.ref, ceil(wait.total_seconds()))
        graph = self._kernel.versions.skeleton(question.graph, question.version)

        def step(state: State | None, now: datetime) -> Advance | r.Refusal:
            open_ = state.approvals.get(question.approval_id) if state is not None else None
            if state is None or open_ is None:
                return r.NotOpen(approval_id=question.approval_id)
            turn = Turn(
                graph=graph,
                now=now,
                terms=self._kernel.terms,
                current=state.copy(),
                run_id=state.run_id,
            )
            questions.remind(turn, open_)
            return Advance(tuple(turn.records), tuple(turn.effects), turn.state)

        answer = await self._kernel.act(question.run_id, step)
        if isinstance(answer, Advance):
            return to_run(answer.state, answer.records[-1].at)
        raise await self._closed_or(question, answer)
