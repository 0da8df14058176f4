"""Questions that have just been asked: who has answered them in advance, and is anybody there?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from orchestrator.core import commands as c
from orchestrator.core.advance import Advance
from orchestrator.core.policy import users_of
from orchestrator.core.state import State
from orchestrator.core.times import is_past
from orchestrator.errors import (
    ApproversError,
    DirectoryError,
    OrchestratorError,
    StoreUnavailableError,
)
from orchestrator.graph.graph import address_of
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.graph.policy import ApproverKind, Policy
from orchestrator.runtime.kernel import Kernel
from orchestrator.runtime.people import facts, why_unanswerable
from orchestrator.runtime.ports import Clock, Directory
from orchestrator.runtime.versions import differences_at
from orchestrator.store import Rule, Store

#: When to look again after the directory or the database was away.
AGAIN = timedelta(seconds=30)
#: How many open questions are looked at when an engine starts to serve.
PAGE = 1000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An open question."""

    approval_id: str
    run_id: str
    graph: str
    path: str
    kind: ApprovalKind
    policy: Policy
    requester: str
    workspace: str
    #: It is about a changed graph, which may have been changed back meanwhile.
    is_held: bool = False

    def matches(self, rule: Rule) -> bool:
        """Is it a question that a rule is about?"""
        return (rule.graph, rule.node, rule.kind, rule.run_id or self.run_id) == (
            self.graph,
            address_of(self.path),
            self.kind,
            self.run_id,
        )


class Attendance:
    """Looks at questions in the order in which they were asked, beside everything else."""

    def __init__(
        self,
        store: Store,
        kernel: Kernel,
        clock: Clock,
        directory: Callable[[], Directory],
    ) -> None:
        self._store = store
        self._kernel = kernel
        self._clock = clock
        self._directory = directory
        self._waiting: list[_Asked] = []
        self._later: list[tuple[datetime, _Asked]] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, state: State, opened: Iterable[str]) -> None:
        """Look at approvals of a run that have just been opened."""
        self._add(
            _Asked(
                approval_id=approval.opened.approval_id,
                run_id=state.run_id,
                graph=state.graph,
                path=approval.opened.path,
                kind=approval.opened.kind,
                policy=approval.policy,
                requester=state.requester,
                workspace=state.workspace,
            )
            for approval_id in opened
            if (approval := state.approvals.get(approval_id)) is not None
        )

    async def begin(self) -> None:
        """Look at what is open already; for an engine that starts to serve."""
        self._add(
            _Asked(
                approval_id=approval.id,
                run_id=approval.run_id,
                graph=approval.graph,
                path=approval.path,
                kind=approval.kind,
                policy=approval.policy,
                requester=approval.requester,
                workspace=approval.run.workspace,
                is_held=approval.id == approval.run.held,
            )
            for approval in await self._store.list_pending(limit=PAGE)
        )

    def again(self) -> None:
        """Look again at what could not be looked at before, if it is time."""
        now = self._clock.now()
        due = [asked for at, asked in self._later if at <= now]
        self._later = [(at, asked) for at, asked in self._later if at > now]
        self._add(due)

    async def settle(self) -> None:
        """Wait until everything has been looked at that was asked."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def stop(self) -> None:
        """Look at nothing more; what is under way is finished."""
        self._waiting.clear()
        self._later.clear()
        await self.settle()

    def _add(self, asked: Iterable[_Asked]) -> None:
        self._waiting.extend(asked)
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._work(), name="signoff-attendance")

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    rules = await self._store.list_rules()
                except StoreUnavailableError:
                    self._put_off(batch)
                    continue
                for asked in batch:
                    await self._look(asked, rules)
        finally:
            self._task = None

    async def _look(self, asked: _Asked, rules: list[Rule]) -> None:
        try:
            if asked.is_held:
                await self._kernel.reconsider(asked.run_id)
                return
            for rule in rules:
                if asked.matches(rule) and await self._decide(asked, rule):
                    return
            await self._check(asked)
        except (DirectoryError, StoreUnavailableError) as error:
            _log.info(
                "a question will be looked at again",
                approval_id=asked.approval_id,
                reason=str(error),
            )
            self._put_off([asked])
        except OrchestratorError as error:
            _log.info("a question stays as it is", approval_id=asked.approval_id, reason=str(error))
        except Exception:  # noqa: BLE001 - one question must not keep the others waiting
            _log.exception("a question was not looked at", approval_id=asked.approval_id)

    def _put_off(self, asked: Iterable[_Asked]) -> None:
        at = self._clock.now() + AGAIN
        self._later.extend((at, each) for each in asked)

    async def _decide(self, asked: _Asked, rule: Rule) -> bool:
        """Approve on behalf of the person who granted a rule, if they still may."""
        directory = self._directory()
        via, roster = await facts(asked.policy, rule.by, directory, workspace=asked.workspace)
        person = c.Person(
            id=rule.by,
            surface="rule",
            via=via,
            is_outsider=await directory.is_outsider(rule.by, workspace=asked.workspace),
        )
        if not await self._holds(asked, rule):
            return False
        command = c.Decide(
            approval_id=asked.approval_id,
            decision=Decision.APPROVE.value,
            by=person,
            comment=f"by the standing rule {rule.ref}",
            roster=roster,
            rule=rule.id,
            key=f"rule/{rule.id}/{asked.approval_id}",
        )
        answer = await self._kernel.commit(asked.run_id, command)
        if not isinstance(answer, Advance):
            _log.info(
                "a standing rule did not decide",
                approval_id=asked.approval_id,
                rule=rule.id,
                reason=type(answer).__name__,
            )
            return False
        return asked.approval_id not in answer.state.approvals

    async def _holds(self, asked: _Asked, rule: Rule) -> bool:
        """Is a rule still in force, and is what it was granted for the same as then?"""
        now = await self._store.get_rule(rule.id)
        if now.revoked_at is not None or is_past(now.expires_at, self._clock.now()):
            return False
        granted = await self._store.get_run(rule.granted_in)
        if granted.workspace != asked.workspace:
            return False  # the same id may be somebody else there
        loaded = self._kernel.versions.get_loaded(asked.graph)
        if granted.version == loaded.version:
            return True
        old = await self._kernel.versions.find_definition(asked.graph, granted.version)
        return old is not None and not differences_at(old, loaded, asked.path)

    async def _check(self, asked: _Asked) -> None:
        """Have the operators asked when nobody stands behind a question's names."""
        if asked.kind is ApprovalKind.ERROR:
            return
        members = dict(users_of(asked.policy))
        for approver in asked.policy.approvers():
            if approver.kind is ApproverKind.USER:
                continue
            try:
                found = await self._directory().members(approver, workspace=asked.workspace)
                members[str(approver)] = found
            except ApproversError:
                members[str(approver)] = frozenset()
        reason = await why_unanswerable(
            asked.policy,
            members,
            self._directory(),
            requester=asked.requester,
            workspace=asked.workspace,
        )
        if reason is not None:
            command = c.ReportUnanswerable(approval_id=asked.approval_id, reason=reason)
            await self._kernel.commit(asked.run_id, command)
