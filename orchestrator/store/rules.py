"""Queries of standing rules: approvals that somebody gave in advance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from orchestrator.core.events import ApprovalKind
from orchestrator.core.state import FINISHED
from orchestrator.errors import RuleNotFoundError
from orchestrator.graph.graph import address_of
from orchestrator.store.reader import Reader
from orchestrator.store.reads import matches
from orchestrator.store.records import Rule
from orchestrator.store.tables import AnyRow, Instant, rules, runs


def active_query(graph: str, node: str, kind: str, run_id: str, now: datetime) -> Select[Any]:
    """Return the query for the rules that hold for a question, the oldest first.

    Args:
        graph: The run's graph.
        node: The path of the question's place, with or without numbers.
        kind: The question's kind.
        run_id: The run.
        now: The instant at which they hold.
    """
    return (
        select(rules)
        .where(
            rules.c.graph == graph,
            rules.c.node == address_of(node),
            rules.c.kind == kind,
            rules.c.revoked_at.is_(None),
            or_(rules.c.run_id == run_id, rules.c.expires_at > now),
        )
        .order_by(rules.c.granted_at, rules.c.id)
    )


_EVERY = select(rules).order_by(rules.c.granted_at.desc(), rules.c.id.desc())
_ENDED = select(runs.c.id).where(
    runs.c.id == rules.c.run_id, runs.c.status.in_([status.value for status in FINISHED])
)
_HOLDING = _EVERY.where(
    rules.c.revoked_at.is_(None),
    or_(rules.c.expires_at > bindparam("now", None, Instant), rules.c.expires_at.is_(None)),
    ~_ENDED.exists(),
)


async def list_rules(reader: Reader, now: datetime, *, include_over: bool = False) -> list[Rule]:
    """Return all rules, the newest first.

    Args:
        reader: Where to look.
        now: The instant at which they hold.
        include_over: Also those that were revoked, have expired, or whose run has ended.
    """
    if include_over:
        return await fetch_rules(reader, _EVERY)
    return [_to_rule(row) for row in await reader.fetch(_HOLDING, now=now)]


async def fetch_rules(reader: Reader, query: Select[Any]) -> list[Rule]:
    """Return the rules that a query of the table selects, in its order."""
    return [_to_rule(row) for row in await reader.fetch(query)]


async def get_rule(reader: Reader, reference: str) -> Rule:
    """Return a rule by its id or short reference.

    Raises:
        RuleNotFoundError: There is none, or the short reference fits several.
    """
    condition = matches(rules, "s", reference)
    query = None if condition is None else select(rules).where(condition).limit(5)
    found = [] if query is None else await fetch_rules(reader, query)
    if not found:
        raise RuleNotFoundError(reference)
    if len(found) > 1:
        names = ", ".join(each.id for each in found)
        raise RuleNotFoundError(
            reference, f"{reference} fits several rules: {names}; use a full id"
        )
    return found[0]


def _to_rule(row: AnyRow) -> Rule:
    return Rule(
        id=row.id,
        graph=row.graph,
        node=row.node,
        kind=ApprovalKind(row.kind),
        run_id=row.run_id,
        by=row.by,
        surface=row.surface,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
        approval_id=row.approval_id,
        granted_in=row.granted_in,
    )
