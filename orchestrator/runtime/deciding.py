"""Decisions of people, and the standing rules that some of them grant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from uuid_utils.compat import uuid7

from orchestrator.core import commands as c
from orchestrator.core.advance import Advance
from orchestrator.core.ids import approval_ref
from orchestrator.errors import (
    ConfirmationError,
    DirectoryError,
    GraphError,
    NotPermittedError,
    OrchestratorError,
    ResponseError,
)
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import Policy, any_of
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.people import facts
from orchestrator.runtime.refusals import to_error
from orchestrator.runtime.summary import to_run
from orchestrator.runtime.values import to_updates, to_values
from orchestrator.store import Question, Rule, Run


class Deciding(Desk):
    """The part of the engine that takes decisions."""

    def _reached(self, point: str) -> None:
        """Say that a point was reached at which a process may be killed."""
        self._kernel.hook(point)

    async def decide(  # noqa: PLR0913 - what a decision is made of, all by keyword
        self,
        approval: str,
        decision: str,
        *,
        by: str,
        surface: str,
        comment: str = "",
        values: Any = None,
        updates: Mapping[str, Any] | None = None,
        digest: str | None = None,
        recorded_by: str | None = None,
        key: str | None = None,
        rule: Literal["run"] | timedelta | None = None,
        break_glass_confirm: str | None = None,
    ) -> Run:
        """Record one approver's decision and move the run on.

        Durable when this returns: the decision is in the run's log, and what it makes ready is
        taken on. Repeating a call with the same `key` changes nothing and returns normally.
        What it returns is the run as the decision left it.

        Args:
            approval: The approval.
            decision: One of the approval's decisions.
            by: Whose decision it is; must pass the approval's policy.
            surface: Where it was made.
            comment: What the person wrote.
            values: What an answer, a choice, a result or an edit brings.
            updates: Further state keys to set, inside the gate's `writes`.
            digest: Digest of the payload that the person saw.
            recorded_by: Who typed it, where that is not the approver.
            key: The same text for every delivery of this decision.
            rule: Approve questions like this one in advance, for the run or for a time.
            break_glass_confirm: Decide alone, against the policy, for the reason in the comment;
                must be the approval's reference, as a second confirmation.

        Raises:
            ApprovalNotFoundError: There is no such approval.
            ApprovalClosedError: It was resolved or its deadline passed first.
            UnknownDecisionError: It does not take this decision.
            NotAnApproverError: The person may not decide it; its subclasses say why not.
            NotPossibleError: The approval does not allow that, such as breaking the glass.
            ConfirmationError: `break_glass_confirm` is not the approval's reference.
            PayloadChangedError: The person saw something else than what is asked.
            InvalidValuesError: `values` do not fit; every problem is listed.
            ResponseError: `updates` names keys that this gate does not write, or is no JSON.
            DirectoryError: Who may decide could not be looked up.
            GraphChangedError: The run follows another version of the graph, which differs from
                the loaded one where the run is going.
            StoreUnavailableError: Nothing was recorded.
        """
        question = await self._store.get_question(approval)
        if break_glass_confirm is not None:
            _confirm(question, break_glass_confirm)
        if _may_stay_open(question.policy, decision) and await self._is_recorded(question, key):
            return await self._store.get_run(question.run_id)
        try:
            person, roster = await self._person(question, by, surface, recorded_by=recorded_by)
            command = c.Decide(
                approval_id=question.approval_id,
                decision=decision,
                by=person,
                comment=comment,
                values=to_values(values),
                updates=to_updates(updates or {}),
                digest=digest,
                roster=roster,
                breaks_glass=break_glass_confirm is not None,
                key=key,
                **self._granting(rule),
            )
            answer = await self._carry_out(question.run_id, command)
        except (DirectoryError, GraphError):
            if await self._is_recorded(question, key):
                return await self._store.get_run(question.run_id)
            closed = await self._find_closed(question.approval_id)
            if closed is not None:
                raise closed from None
            raise
        self._reached("after_decision")
        if isinstance(answer, Advance):
            return to_run(answer.state, answer.records[-1].at)
        if await self._is_recorded(question, key):
            return await self._store.get_run(question.run_id)
        raise await self._closed_or(question, answer)

    async def decide_many(
        self,
        approvals: Iterable[str],
        decision: str,
        *,
        by: str,
        surface: str,
        **options: Any,
    ) -> list[tuple[str, Run | OrchestratorError]]:
        """Record one approver's decision on several approvals, each by itself.

        What is refused for one of them does not keep the others from being decided.

        Args:
            approvals: The approvals.
            decision: The decision on each of them.
            by: Whose decision it is.
            surface: Where it was made.
            options: As in `decide`; a `key` is made the approval's own.

        Returns:
            Each approval as it was given, with the run as the decision left it, or the error.
        """
        key = options.pop("key", None)

        async def one(approval: str) -> tuple[str, Run | OrchestratorError]:
            own = f"{key}/{approval}" if key is not None else None
            try:
                return approval, await self.decide(
                    approval, decision, by=by, surface=surface, key=own, **options
                )
            except OrchestratorError as error:
                return approval, error

        return list(await asyncio.gather(*(one(each) for each in approvals)))

    async def break_glass(  # noqa: PLR0913 - all by keyword
        self,
        approval: str,
        *,
        by: str,
        reason: str,
        confirm: str,
        surface: str = "python",
        recorded_by: str | None = None,
        key: str | None = None,
    ) -> Run:
        """Approve alone, against the policy, where the policy names the person for that.

        All approvers are told, with the reason.

        Args:
            approval: The approval.
            by: Who does it.
            reason: Why; it is kept.
            confirm: The approval's reference, as a second confirmation.
            surface: Where it was done.
            recorded_by: Who typed it, where that is not the person.
            key: The same text for every delivery of this decision.

        Raises:
            ConfirmationError: `confirm` is not the approval's reference.
            NotPossibleError: The policy lets nobody do that.
            NotAnApproverError: It does not let this person do that.
            ResponseError: There is no reason.
            ApprovalError: As in `decide`.
        """
        return await self.decide(
            approval,
            Decision.APPROVE.value,
            by=by,
            surface=surface,
            comment=reason,
            recorded_by=recorded_by,
            key=key,
            break_glass_confirm=confirm,
        )

    async def list_rules(self, *, include_over: bool = False) -> list[Rule]:
        """Return the standing rules that hold, newest first; also those that are over, if asked."""
        return await self._store.list_rules(include_over=include_over)

    async def get_rule(self, rule: str) -> Rule:
        """Return a standing rule; raises RuleNotFoundError."""
        return await self._store.get_rule(rule)

    async def revoke_rule(self, rule: str, *, by: str, surface: str) -> Rule:
        """Have a standing rule hold no longer; one that was revoked stays as it is.

        Args:
            rule: The rule, by its id or short reference.
            by: Who revokes it: whoever granted it, or an operator or approver of the graph.
            surface: Where it was done.

        Raises:
            RuleNotFoundError: There is no such rule.
            NotPermittedError: The person may not revoke it.
            DirectoryError: Who may could not be looked up.
        """
        found = await self._store.get_rule(rule)
        if found.revoked_at is not None:
            return found
        await self._permit_revoking(found, by)
        command = c.RevokeRule(rule=found.id, by=by, surface=surface)
        answer = await self._carry_out(found.granted_in, command, needs_graph=False)
        if not isinstance(answer, Advance):
            raise to_error(found.granted_in, answer)
        return await self._store.get_rule(found.id)

    async def _permit_revoking(self, rule: Rule, by: str) -> None:
        graph = self._kernel.graphs.get(rule.graph)
        if by == rule.by or graph is None:
            return
        granted = await self._store.get_run(rule.granted_in)
        via, _ = await facts(
            any_of(graph.approvers), by, self._directory, workspace=granted.workspace
        )
        if not via:
            raise NotPermittedError(
                by,
                f"{by} may not revoke {rule.ref}; that takes {rule.by}, who granted it, or an "
                f"operator or approver of {rule.graph}",
            )

    async def _is_recorded(self, question: Question, key: str | None) -> bool:
        return key is not None and await self._store.has_decision(question.approval_id, key)

    def _granting(self, rule: object) -> dict[str, Any]:
        if rule is None:
            return {}
        if rule == "run":
            return {"grants_rule": uuid7().hex}
        if not isinstance(rule, timedelta) or rule <= timedelta(0):
            raise ResponseError(
                f"a standing rule cannot hold for {rule!r}; give 'run' or a time such as 4 hours"
            )
        try:
            expires_at = self._clock.now() + rule
        except OverflowError:
            raise ResponseError(f"no calendar reaches as far as {rule}; give less") from None
        return {"grants_rule": uuid7().hex, "rule_expires_at": expires_at}


def _confirm(question: Question, confirm: str) -> None:
    reference = approval_ref(question.approval_id)
    if confirm.strip().upper() != reference.upper():
        raise ConfirmationError(reference)


def _may_stay_open(policy: Policy, decision: str) -> bool:
    """May the approval still be open after this decision has been recorded?"""
    slots = [slot for stage in policy.stages for slot in stage.slots]
    takes_one = len(slots) == 1 and slots[0].count == 1 and policy.deny_threshold == 1
    return not takes_one or decision == Decision.EDIT
