"""What people do about an open approval beside deciding it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from orchestrator.core import commands as c
from orchestrator.core import questions
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.policy import handed_to
from orchestrator.core.state import State
from orchestrator.core.turn import Turn
from orchestrator.errors import (
    ApproversError,
    NotPermittedError,
    NotPossibleError,
    RecentlyRemindedError,
)
from orchestrator.graph.policy import Approver, Policy, parse_approvers
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.summary import to_run
from orchestrator.store import Question, Run

#: How often the approvers of one question may be reminded by hand.
BETWEEN_REMINDERS = timedelta(minutes=1)


class Upkeep(Desk):
    """The part of the engine that looks after open approvals.

    Every method takes a full id or a short reference, is durable when it returns, returns the run
    as it left it, and raises, beside what it says itself:

        ApprovalNotFoundError: There is no such approval.
        ApprovalClosedError: It was resolved or its deadline passed first.
        NotPermittedError: The person may not do that; it says who may.
        NotPossibleError: The approval does not allow that, whoever asks.
        DirectoryError: Who may do that could not be looked up.
        StoreUnavailableError: Nothing was recorded.
    """

    async def withdraw(
        self, approval: str, *, by: str, reason: str = "", surface: str = "python"
    ) -> Run:
        """Take a question back; the run goes on as if it had been rejected.

        Args:
            approval: The approval.
            by: The run's requester, or an operator.
            reason: Why.
            surface: Where it was done.
        """
        question, person = await self._asked(approval, by, surface)
        return await self._change(
            question,
            c.Withdraw(approval_id=question.approval_id, by=person, reason=reason),
            needs_graph=True,
        )

    async def reassign(
        self,
        approval: str,
        approvers: str | Iterable[str | Approver] | Policy,
        *,
        by: str,
        reason: str = "",
        surface: str = "python",
    ) -> Run:
        """Ask other people; what has been answered so far is void.

        Args:
            approval: The approval.
            approvers: Other people, under the rules that the question has; or a policy.
            by: An approver, or an operator.
            reason: Why.
            surface: Where it was done.

        Raises:
            ApproversError: Somebody is named who stands for nobody, or nobody is named.
        """
        question, person = await self._asked(approval, by, surface)
        if isinstance(approvers, Policy):
            policy = approvers
        else:
            policy = handed_to(question.policy, _parse(approvers))
        for approver in policy.everybody():
            await self._directory.members(approver, workspace=question.workspace)
        return await self._change(
            question,
            c.Reassign(approval_id=question.approval_id, by=person, policy=policy, reason=reason),
        )

    async def delegate(self, approval: str, *, by: str, to: str, surface: str = "python") -> Run:
        """Let another person answer in one's place.

        Args:
            approval: The approval.
            by: Somebody who may decide it.
            to: The other person's id or e-mail address.
            surface: Where it was done.

        Raises:
            ApproversError: Nobody is called that.
        """
        question, person = await self._asked(approval, by, surface)
        deputy = await self._deputy(to, question.workspace)
        return await self._change(
            question, c.Delegate(approval_id=question.approval_id, by=person, to=deputy)
        )

    async def _deputy(self, name: str, workspace: str) -> str:
        """Return the id of the one person that a name stands for."""
        (approver, *others) = _parse(name)
        members = await self._directory.members(approver, workspace=workspace)
        if others or len(members) != 1:
            raise NotPossibleError(f"{name!r} is not one person; name the one who answers instead")
        return next(iter(members))

    async def snooze(
        self, approval: str, *, by: str, until: datetime | timedelta, surface: str = "python"
    ) -> Run:
        """Have one person not be reminded for a while.

        Args:
            approval: The approval.
            by: The person.
            until: When reminders begin again, or in how long.
            surface: Where it was done.
        """
        question, person = await self._asked(approval, by, surface)
        at = _aware(until) if isinstance(until, datetime) else _later(self._clock.now(), until)
        return await self._change(
            question, c.Snooze(approval_id=question.approval_id, by=person, until=at)
        )

    async def extend(
        self,
        approval: str,
        *,
        by: str,
        until: datetime | timedelta,
        reason: str = "",
        surface: str = "python",
    ) -> Run:
        """Move a question's deadline.

        Args:
            approval: The approval.
            by: An approver, or an operator.
            until: The new deadline, or how much later than the present one.
            reason: Why.
            surface: Where it was done.
        """
        question, person = await self._asked(approval, by, surface)
        if isinstance(until, timedelta):
            found = await self._store.get_approval(question.approval_id)
            until = _later(found.due_at or self._clock.now(), until)
        command = c.Extend(
            approval_id=question.approval_id, by=person, until=_aware(until), reason=reason
        )
        return await self._change(question, command)

    async def comment(self, approval: str, text: str, *, by: str, surface: str = "python") -> Run:
        """Write something beside a decision.

        Args:
            approval: The approval.
            text: What is written.
            by: An approver, the run's requester, or an operator.
            surface: Where it was written.
        """
        return await self._write(approval, text, by, surface, wants_answer=False)

    async def request_info(
        self, approval: str, text: str, *, by: str, surface: str = "python"
    ) -> Run:
        """Ask the run's requester something; the approval stays open.

        Args:
            approval: The approval.
            text: What is asked.
            by: An approver, or an operator.
            surface: Where it was asked.
        """
        return await self._write(approval, text, by, surface, wants_answer=True)

    async def _write(
        self, approval: str, text: str, by: str, surface: str, *, wants_answer: bool
    ) -> Run:
        question, person = await self._asked(approval, by, surface)
        command = c.Comment(
            approval_id=question.approval_id, by=person, text=text, wants_answer=wants_answer
        )
        return await self._change(question, command)

    async def remind(self, approval: str, *, by: str, surface: str = "python") -> Run:
        """Remind the approvers now, at most once a minute.

        Args:
            approval: The approval.
            by: The run's requester, an approver, or an operator.
            surface: Where it was asked for.

        Raises:
            RecentlyRemindedError: They were reminded less than a minute ago.
        """
        question, person = await self._asked(approval, by, surface)
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

    async def _asked(self, approval: str, by: str, surface: str) -> tuple[Question, c.Person]:
        """Return an approval and what must be known of a person to whom it is about."""
        question = await self._store.get_question(approval)
        person, _ = await self._person(question, by, surface, asks_operators=True)
        return question, person


def _later(instant: datetime, length: timedelta) -> datetime:
    try:
        return instant + length
    except OverflowError:
        raise NotPossibleError(f"no calendar reaches as far as {length}; give less") from None


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise NotPossibleError(f"{instant} names no time zone; give an instant with an offset")
    return instant


def _parse(approvers: str | Iterable[str | Approver]) -> tuple[Approver, ...]:
    try:
        found = parse_approvers(approvers)
    except ValueError as error:
        raise ApproversError(str(error)) from error
    if not found:
        raise ApproversError("nobody is named; name at least one approver")
    return found
