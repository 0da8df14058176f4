"""What people do about an open approval beside deciding it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from orchestrator.core import commands as c
from orchestrator.core.policy import handed_to
from orchestrator.errors import (
    ApproversError,
    NotPossibleError,
    OrchestratorError,
)
from orchestrator.graph.policy import Approver, Policy, parse_approvers
from orchestrator.runtime.desk import Desk
from orchestrator.store import Question, Run


class Upkeep(Desk):
    """The part of the engine that looks after open approvals.

    Every method takes a full id or a short reference, is durable when it returns, returns the run
    as it left it, and raises, beside what it says itself, what is listed below. With
    a `key`, the same text for every delivery of a request, one that comes again changes nothing
    and returns normally.

        ApprovalNotFoundError: There is no such approval.
        ApprovalClosedError: It was resolved or its deadline passed first.
        NotPermittedError: The person may not do that; it says who may.
        NotPossibleError: The approval does not allow that, whoever asks.
        DirectoryError: Who may do that could not be looked up.
        StoreUnavailableError: Nothing was recorded.
    """

    async def withdraw(
        self,
        approval: str,
        *,
        by: str,
        reason: str = "",
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Take a question back; the run goes on as if it had been rejected.

        Args:
            approval: The approval.
            by: The run's requester, or an operator.
            reason: Why.
            surface: Where it was done.
            key: The same text for every delivery of the request.
        """
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Withdraw:
            return c.Withdraw(approval_id=question.approval_id, by=person, reason=reason, key=key)

        return await self._once(question, command, by, surface, key, needs_graph=True)

    async def reassign(
        self,
        approval: str,
        approvers: str | Iterable[str | Approver] | Policy,
        *,
        by: str,
        reason: str = "",
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Ask other people; what has been answered so far is void.

        Args:
            approval: The approval.
            approvers: Other people, under the rules that the question has; or a policy.
            by: An approver, or an operator.
            reason: Why.
            surface: Where it was done.
            key: The same text for every delivery of the request.

        Raises:
            ApproversError: Somebody is named who stands for nobody, or nobody is named.
        """
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Reassign:
            if isinstance(approvers, Policy):
                policy = approvers
            else:
                policy = handed_to(question.policy, _parse(approvers))
            for approver in policy.everybody():
                await self._directory.members(approver, workspace=question.workspace)
            return c.Reassign(
                approval_id=question.approval_id,
                by=person,
                policy=policy,
                reason=reason,
                key=key,
            )

        return await self._once(question, command, by, surface, key)

    async def delegate(
        self, approval: str, *, by: str, to: str, surface: str = "python", key: str | None = None
    ) -> Run:
        """Let another person answer in one's place.

        Args:
            approval: The approval.
            by: Somebody who may decide it.
            to: The other person's id or e-mail address.
            surface: Where it was done.
            key: The same text for every delivery of the request.

        Raises:
            ApproversError: Nobody is called that.
        """
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Delegate:
            deputy = await self._deputy(to, question.workspace)
            return c.Delegate(approval_id=question.approval_id, by=person, to=deputy, key=key)

        return await self._once(question, command, by, surface, key)

    async def _deputy(self, name: str, workspace: str) -> str:
        """Return the id of the one person that a name stands for."""
        (approver, *others) = _parse(name)
        members = await self._directory.members(approver, workspace=workspace)
        if others or len(members) != 1:
            raise NotPossibleError(f"{name!r} is not one person; name the one who answers instead")
        return next(iter(members))

    async def snooze(
        self,
        approval: str,
        *,
        by: str,
        until: datetime | timedelta,
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Have one person not be reminded for a while.

        Args:
            approval: The approval.
            by: The person.
            until: When reminders begin again, or in how long.
            surface: Where it was done.
            key: The same text for every delivery of the request.
        """
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Snooze:
            at = _aware(until) if isinstance(until, datetime) else _later(self._clock.now(), until)
            return c.Snooze(approval_id=question.approval_id, by=person, until=at, key=key)

        return await self._once(question, command, by, surface, key)

    async def extend(
        self,
        approval: str,
        *,
        by: str,
        until: datetime | timedelta,
        reason: str = "",
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Move a question's deadline.

        Args:
            approval: The approval.
            by: An approver, or an operator.
            until: The new deadline, or how much later than the present one.
            reason: Why.
            surface: Where it was done.
            key: The same text for every delivery of the request.
        """
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Extend:
            at = until
            if isinstance(at, timedelta):
                found = await self._store.get_approval(question.approval_id)
                at = _later(found.due_at or self._clock.now(), at)
            return c.Extend(
                approval_id=question.approval_id,
                by=person,
                until=_aware(at),
                reason=reason,
                key=key,
            )

        return await self._once(question, command, by, surface, key)

    async def comment(
        self,
        approval: str,
        text: str,
        *,
        by: str,
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Write something beside a decision.

        Args:
            approval: The approval.
            text: What is written.
            by: An approver, the run's requester, or an operator.
            surface: Where it was written.
            key: The same text for every delivery of the request.
        """
        return await self._write(approval, text, by, surface, key, wants_answer=False)

    async def request_info(
        self,
        approval: str,
        text: str,
        *,
        by: str,
        surface: str = "python",
        key: str | None = None,
    ) -> Run:
        """Ask the run's requester something; the approval stays open.

        Args:
            approval: The approval.
            text: What is asked.
            by: An approver, or an operator.
            surface: Where it was asked.
            key: The same text for every delivery of the request.
        """
        return await self._write(approval, text, by, surface, key, wants_answer=True)

    async def _write(
        self,
        approval: str,
        text: str,
        by: str,
        surface: str,
        key: str | None,
        *,
        wants_answer: bool,
    ) -> Run:
        question = await self._store.get_question(approval)

        async def command(person: c.Person) -> c.Comment:
            return c.Comment(
                approval_id=question.approval_id,
                by=person,
                text=text,
                wants_answer=wants_answer,
                key=key,
            )

        return await self._once(question, command, by, surface, key)

    async def was_done(self, approval: str, key: str) -> bool:
        """Was a request of this key recorded, here or in another process?"""
        return key in (await self._store.get_question(approval)).keys

    async def _once(
        self,
        question: Question,
        command: Callable[[c.Person], Awaitable[c.Command]],
        by: str,
        surface: str,
        key: str | None,
        *,
        needs_graph: bool = False,
    ) -> Run:
        """Do something about an open approval, unless it was done when this key came before."""
        if key is not None and key in question.keys:
            return await self._store.get_run(question.run_id)
        try:
            person, _ = await self._person(question, by, surface, asks_operators=True)
            return await self._change(question, await command(person), needs_graph=needs_graph)
        except OrchestratorError:
            if key is None:
                raise
            # Another process may have done it meanwhile, after which nobody may do it again.
            now = await self._store.get_question(question.approval_id)
            if key not in now.keys:
                raise
            return await self._store.get_run(question.run_id)


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
