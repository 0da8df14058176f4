"""A store as one chat workspace sees it: what belongs to other workspaces is not there."""

from __future__ import annotations

from typing import Any

from orchestrator.errors import ApprovalNotFoundError, RuleNotFoundError, RunNotFoundError
from orchestrator.store.places import Position
from orchestrator.store.records import Approval, Question, Rule, Run
from orchestrator.store.store import Store


def within(store: Store, workspace: str) -> Store:
    """Return the store with only the runs of a workspace in it; it shares everything else."""
    view = _Scoped.__new__(_Scoped)
    vars(view).update(vars(store), workspace=workspace)
    return view


class _Scoped(Store):
    """Looks at a run's workspace wherever one is looked for by a reference or in a list."""

    workspace: str

    async def find_run_id(self, reference: str) -> str:
        """See Queries."""
        return (await self.get_run(reference)).id

    async def get_run(self, reference: str) -> Run:
        """See Queries."""
        found = await super().get_run(reference)
        if found.workspace != self.workspace:
            raise RunNotFoundError(reference)
        return found

    async def find_approval_id(self, reference: str) -> str:
        """See Queries."""
        return (await self.get_question(reference)).approval_id

    async def get_question(self, reference: str) -> Question:
        """See Queries."""
        found = await super().get_question(reference)
        if found.workspace != self.workspace:
            raise ApprovalNotFoundError(reference)
        return found

    async def get_approval(self, approval_id: str) -> Approval:
        """See Queries."""
        found = await super().get_approval(approval_id)
        if found.run.workspace != self.workspace:
            raise ApprovalNotFoundError(approval_id)
        return found

    async def get_rule(self, reference: str) -> Rule:
        """See Queries."""
        found = await super().get_rule(reference)
        if not await self._is_ours(found):
            raise RuleNotFoundError(reference)
        return found

    async def list_runs(self, *, before: str | None = None, **filters: Any) -> list[Run]:
        """See Queries."""
        return await super().list_runs(before=before, **filters, workspace=self.workspace)

    async def list_newest(
        self, *, before: str | None = None, limit: int = 50, **filters: Any
    ) -> list[Run]:
        """See Listings."""
        filters["workspace"] = self.workspace
        return await super().list_newest(before=before, limit=limit, **filters)

    async def list_pending(
        self,
        *,
        kind: str | None = None,
        run_id: str | None = None,
        graph: str | None = None,
        after: Position | None = None,
        limit: int = 50,
    ) -> list[Approval]:
        """See Queries."""
        wanted = {"kind": kind, "run_id": run_id, "graph": graph, "workspace": self.workspace}
        return await self._list_pending(wanted, after, limit)

    async def list_decided(self, person: str, *, limit: int = 50) -> list[Approval]:
        """See Listings."""
        return self._ours(await super().list_decided(person, limit=limit))

    async def list_asked(self, requester: str, *, limit: int = 50) -> list[Approval]:
        """See Listings."""
        return self._ours(await super().list_asked(requester, limit=limit))

    async def list_rules(self, *, include_over: bool = False) -> list[Rule]:
        """See Queries."""
        found = await super().list_rules(include_over=include_over)
        return [rule for rule in found if await self._is_ours(rule)]

    def _ours(self, found: list[Approval]) -> list[Approval]:
        return [each for each in found if each.run.workspace == self.workspace]

    async def _is_ours(self, rule: Rule) -> bool:
        return (await super().get_run(rule.granted_in)).workspace == self.workspace
