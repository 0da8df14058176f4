"""Lists for people are read by an index, however many runs there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.store import Position, listings
from orchestrator.store.approvals import pending_query
from tests.store.test_reads import Plans

RUN = "0" * 32
NOW = datetime(2030, 1, 1, tzinfo=UTC)
HERE = Position(due_at=NOW, opened_at=NOW, id=RUN)


class AllPlans(Plans):
    """Keeps the plans of all queries."""

    async def fetch(self, query: Any, **values: Any) -> list[Any]:
        """Add the plan of a query; find nothing."""
        before = self.plan
        await super().fetch(query, **values)
        self.plan = f"{before}\n{self.plan}"
        return []


async def newest(reader: AllPlans, **filters: Any) -> object:
    """Ask for a page of runs."""
    query = listings._newest_query(filters, (NOW, RUN), 10)
    return await reader.fetch(query)


@pytest.mark.parametrize(
    ("ask_for", "index"),
    [
        (
            lambda reader: newest(reader, requester="BOB", is_finished=True),
            "runs USING INDEX ix_runs_requester_started_at_id",
        ),
        (
            lambda reader: newest(reader, graph="publish", is_finished=True),
            "runs USING INDEX ix_runs_graph_started_at_id",
        ),
        (
            lambda reader: newest(reader, is_finished=True),
            "runs USING INDEX ix_runs_started_at_id",
        ),
        (
            lambda reader: listings.Listings(reader).list_decided("BOB"),
            "decisions USING INDEX ix_decisions_by_at",
        ),
        (
            lambda reader: listings.Listings(reader).list_asked("BOB"),
            "runs USING COVERING INDEX ix_runs_requester_started_at_id",
        ),
        (
            lambda reader: listings.Listings(reader).list_asked("BOB"),
            "approvals USING INDEX ix_approvals_run_id",
        ),
        (
            lambda reader: reader.fetch(pending_query(after=HERE)),
            "ix_approvals_pending (status=? AND (due_at,opened_at,id)>(?,?,?))",
        ),
        (
            lambda reader: reader.fetch(pending_query(after=HERE.without_deadline())),
            "ix_approvals_pending (status=? AND due_at=? AND (opened_at,id)>(?,?))",
        ),
        (
            lambda reader: reader.fetch(pending_query(graph="publish")),
            "approvals USING INDEX ix_approvals_pending",
        ),
    ],
)
async def test_lists_for_people_use_an_index(
    file: Path, ask_for: Callable[[Any], Awaitable[object]], index: str
) -> None:
    """No list reads a table from one end to the other."""
    reader = AllPlans(file)

    await ask_for(reader)

    assert index in reader.plan
    assert "SCAN runs\n" not in f"{reader.plan}\n"
    assert "SCAN decisions" not in reader.plan
    assert "SCAN approvals" not in reader.plan
