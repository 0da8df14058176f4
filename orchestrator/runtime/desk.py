"""What the parts of the engine share: the store, the kernel, and facts about people."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.errors import (
    ApprovalClosedError,
    ApproversError,
    NotAnApproverError,
    OrchestratorError,
)
from orchestrator.graph.policy import Approver, ApproverKind, any_of
from orchestrator.runtime.attendance import Attendance
from orchestrator.runtime.kernel import Kernel
from orchestrator.runtime.people import facts
from orchestrator.runtime.ports import Clock, Directory
from orchestrator.runtime.refusals import to_error
from orchestrator.runtime.summary import to_run
from orchestrator.store import Question, Run, Store


class Desk:
    """What every part of the engine has at hand."""

    def __init__(self, store: Store, kernel: Kernel, clock: Clock, directory: Directory) -> None:
        self._store = store
        self._kernel = kernel
        self._clock = clock
        self._directory = directory
        self._attendance = Attendance(store, kernel, clock, lambda: self._directory)
        kernel.on_question = self._attendance.note

    async def _person(
        self,
        question: Question,
        by: str,
        surface: str,
        *,
        recorded_by: str | None = None,
        asks_operators: bool = False,
    ) -> tuple[c.Person, Mapping[str, tuple[str, ...]]]:
        """Return what the core must know of a person, and the members of named groups.

        Raises:
            NotAnApproverError: The person answers in the place of somebody who may not any more.
            DirectoryError: It could not be looked up.
        """
        via, roster = await facts(
            question.policy, by, self._directory, workspace=question.workspace
        )
        if not via and question.is_open and by in question.delegations:
            await self._check_deputy(question, by)
        is_outsider = await self._directory.is_outsider(by, workspace=question.workspace)
        if is_outsider:  # who is in a group or a channel is not named by that
            via = tuple(name for name in via if name == by)
        is_operator = asks_operators and await self._is_operator(
            question, by, is_outsider=is_outsider
        )
        person = c.Person(
            id=by,
            surface=surface,
            via=via,
            is_operator=is_operator,
            is_outsider=is_outsider,
            recorded_by=recorded_by,
        )
        return person, roster

    @staticmethod
    def _is_concerned(question: Question, person: c.Person, requester: str) -> bool:
        """Is it the requester, an operator, or an approver who may decide?"""
        is_barred = person.is_outsider and not question.policy.outsiders
        is_approver = bool(person.via) and not is_barred
        return is_approver or person.is_operator or person.id == requester

    async def _check_deputy(self, question: Question, deputy: str) -> None:
        seat, workspace = question.delegations[deputy].seat, question.workspace
        via, _ = await facts(question.policy, seat, self._directory, workspace=workspace)
        try:
            await self._directory.members(Approver(ApproverKind.USER, deputy), workspace=workspace)
            is_known = True
        except ApproversError:
            is_known = False
        if not via or not is_known:
            gone = deputy if via else f"{seat}, in whose place {deputy} would answer,"
            names = question.approvers
            message = f"{gone} may not decide this any more; it takes one of {', '.join(names)}"
            raise NotAnApproverError(deputy, names, message)

    async def _is_operator(self, question: Question, person: str, *, is_outsider: bool) -> bool:
        """Is it an operator? Bots, guests and people from outside only by their own id."""
        graph = self._kernel.graphs.get(question.graph)
        operators = graph.operators if graph is not None else ()
        if is_outsider:
            operators = tuple(each for each in operators if str(each) == person)
        if not operators:
            return False
        via, _ = await facts(
            any_of(operators), person, self._directory, workspace=question.workspace
        )
        return bool(via)

    async def _carry_out(
        self, run_id: str, command: c.Command, *, needs_graph: bool = True
    ) -> Advance | r.Refusal:
        """Commit a command; one that only records also sees to what it asked people."""
        commit = self._kernel.commit if needs_graph else self._kernel.commit_anyhow
        answer = await commit(run_id, command)
        if not self._kernel.is_serving:
            await self._attendance.settle()
        return answer

    async def _change(
        self, question: Question, command: c.Command, *, needs_graph: bool = False
    ) -> Run:
        """Do something about an open approval; return the run as that left it."""
        answer = await self._carry_out(question.run_id, command, needs_graph=needs_graph)
        if isinstance(answer, Advance):
            return to_run(answer.state, answer.records[-1].at)
        raise await self._closed_or(question, answer)

    async def _closed_or(self, question: Question, refusal: r.Refusal) -> OrchestratorError:
        """Return what a refusal says, or what became of the approval if it is over."""
        if not isinstance(refusal, (r.NotOpen, r.TooLate, r.Finished)):
            return to_error(question.run_id, refusal)
        closed = await self._find_closed(question.approval_id)
        if closed is not None:
            return closed
        found = await self._store.get_approval(question.approval_id)
        return ApprovalClosedError(found.ref, outcome="expired", by=None, at=found.due_at)

    async def _find_closed(self, approval_id: str) -> ApprovalClosedError | None:
        """Return what became of an approval that is not open any more."""
        found = await self._store.get_approval(approval_id)
        if found.is_open:
            return None
        return ApprovalClosedError(
            found.ref, outcome=found.status, by=found.resolved_by, at=found.resolved_at
        )
