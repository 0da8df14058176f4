"""The tables.

`runs`, `approvals`, `decisions`, `rules`, `timers` and `jobs` can be rebuilt from `events`.
`surface_values` is what chat surfaces keep for themselves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.types import TypeEngine


@lru_cache(maxsize=256)
def to_instant_text(at: datetime) -> str:
    """Write an instant as sortable text in UTC, to the microsecond.

    Raises:
        ValueError: The instant has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no zone; use datetime.now(UTC)")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_instant(value: datetime | str) -> datetime:
    """Read an instant as a driver gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC: timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See TypeDecorator."""
        return dialect.type_descriptor(
            String(32) if dialect.name == "sqlite" else self.impl_instance
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse instants without a zone."""
        if value is None:
            return None
        text = to_instant_text(value)
        return text if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002 - the interface's
    ) -> datetime | None:
        """Return an aware instant."""
        return None if value is None else to_instant(value)


def characters(most: int) -> TypeEngine[Any]:
    """Return the type of short texts, which sort by code point everywhere, as Python sorts them.

    Their length is told and not enforced, on PostgreSQL as on SQLite.
    """
    return String(most).with_variant(TEXT(collation="C"), "postgresql")


def words() -> TypeEngine[Any]:
    """Return the type of texts of any length; see `characters`."""
    return Text().with_variant(TEXT(collation="C"), "postgresql")


_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
#: A row of any query: its columns are attributes.
AnyRow = Any
metadata = MetaData(naming_convention=_NAMES)

_ID = characters(64)
_REF = characters(16)

runs = Table(
    "runs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("ref", _REF, nullable=False, index=True),
    Column("graph", characters(64), nullable=False),
    Column("version", characters(64), nullable=False),
    Column("status", characters(16), nullable=False),
    Column("requester", words(), nullable=False),
    Column("surface", characters(32), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("error", words()),
    Column("labels", words(), nullable=False),
    #: Number and hash of the newest event.
    Column("seq", Integer, nullable=False),
    Column("head", characters(64), nullable=False),
    #: The state after that event, with references in place of values.
    Column("checkpoint", words(), nullable=False),
    #: The chat workspace whose people are asked; "" where there is only one.
    Column("workspace", _ID, nullable=False, server_default=text("''")),
    Index("ix_runs_started_at_id", "started_at", "id"),
    Index("ix_runs_requester_started_at_id", "requester", "started_at", "id"),
    Index("ix_runs_graph_started_at_id", "graph", "started_at", "id"),
    Index("ix_runs_status_started_at", "status", "started_at"),
)

events = Table(
    "events",
    metadata,
    Column("run_id", _ID, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", characters(32), nullable=False),
    Column("body", words(), nullable=False),
    Column("hash", characters(64), nullable=False),
    #: The approval that the event is about, as its body says.
    Column("approval_id", _ID),
)
Index(
    "ix_events_approval_id_seq",
    events.c.approval_id,
    events.c.seq,
    sqlite_where=events.c.approval_id.is_not(None),
    postgresql_where=events.c.approval_id.is_not(None),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("ref", _REF, nullable=False, index=True),
    Column("run_id", _ID, nullable=False, index=True),
    Column("graph", characters(64), nullable=False),
    Column("node", words(), nullable=False),
    Column("path", words(), nullable=False),
    Column("kind", characters(16), nullable=False),
    #: Number of the event that opened it.
    Column("seq", Integer, nullable=False),
    Column("status", characters(32), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("delivered_at", Instant),
    Column("reminded_at", Instant),
    Column("resolved_at", Instant),
    Column("action", characters(16)),
    Index("ix_approvals_pending", "status", "due_at", "opened_at", "id"),
    Index("ix_approvals_pending_kind", "status", "kind", "due_at", "opened_at", "id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("run_id", _ID, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("approval_id", _ID, nullable=False),
    Column("decision", characters(32), nullable=False),
    Column("by", words(), nullable=False),
    Column("at", Instant, nullable=False),
    Column("key", words()),
    Index("ix_decisions_approval_id_key", "approval_id", "key"),
    Index("ix_decisions_by_at", "by", "at"),
)

#: Approvals that somebody gave in advance.
rules = Table(
    "rules",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("ref", _REF, nullable=False, index=True),
    Column("graph", characters(64), nullable=False),
    #: Path of the node, without the numbers of visits, items and rounds.
    Column("node", words(), nullable=False),
    Column("kind", characters(16), nullable=False),
    #: The one run that it holds for; NULL: any, until `expires_at`.
    Column("run_id", _ID),
    Column("by", words(), nullable=False),
    Column("surface", characters(32), nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("revoked_by", words()),
    #: Where it was granted, and in whose log that stands.
    Column("approval_id", _ID, nullable=False),
    Column("granted_in", _ID, nullable=False),
    Index("ix_rules_graph_node_kind", "graph", "node", "kind"),
    Index("ix_rules_granted_at_id", "granted_at", "id"),
)

#: The definitions that runs have followed.
graphs = Table(
    "graphs",
    metadata,
    Column("id", characters(64), primary_key=True),
    Column("version", characters(64), primary_key=True),
    Column("definition", words(), nullable=False),
    Column("first_seen_at", Instant, nullable=False),
)

timers = Table(
    "timers",
    metadata,
    Column("run_id", _ID, primary_key=True),
    Column("kind", characters(16), primary_key=True),
    Column("subject", words(), primary_key=True),
    #: Order among timers that are due: expiries first, reminders last.
    Column("rank", Integer, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    #: Until when one process is at it, where several could be.
    Column("leased_until", Instant),
)

jobs = Table(
    "jobs",
    metadata,
    Column("run_id", _ID, primary_key=True),
    Column("path", words(), primary_key=True),
    #: Number of the try that runs; 0 while the node is ready and nobody has taken it on.
    Column("attempt", Integer, nullable=False),
    Column("owner", characters(64)),
    Column("lease_until", Instant),
    Column("ready_at", Instant, nullable=False),
    #: Its process is to stop it.
    Column("is_stopped", Boolean, nullable=False),
    Index("ix_jobs_owner_lease_until", "owner", "lease_until"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("purpose", characters(16), nullable=False),
    #: What it is about; the run where it is told of that itself, as when it asked nobody.
    Column("approval_id", _ID, nullable=False, index=True),
    Column("run_id", _ID, nullable=False),
    #: Number of the event that a reminder or notice is about.
    Column("seq", Integer),
    #: pending, sent or failed.
    Column("status", characters(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    #: Not to be claimed before; a claim moves it to the end of its lease.
    Column("not_before", Instant, nullable=False),
    Column("owner", characters(64)),
    Column("error", words()),
    Column("workspace", _ID, nullable=False, server_default=text("''")),
    #: Whom a direct message, or the edit of one, is for; NULL: it is for the question's channel.
    Column("person", words()),
    #: What kind of direct message it is; of a start, the thread that is told; of a question, why
    #: it is posted anew by itself.
    Column("detail", words()),
    #: Where a question is to be asked; NULL: where the workspace asks everything. Of a start,
    #: the channel of the thread.
    Column("channel", words()),
    Index("ix_deliveries_status_not_before", "status", "not_before"),
)

messages = Table(
    "messages",
    metadata,
    Column("approval_id", _ID, primary_key=True),
    Column("channel", characters(64), primary_key=True),
    Column("ts", characters(32), nullable=False),
    Column("posted_at", Instant, nullable=False),
    #: NULL: the question itself; else this person's copy of it.
    Column("person", words()),
    #: Why it stands elsewhere than where it was to be asked, as the chat surface calls it.
    Column("reason", words()),
    Index("ix_messages_channel", "channel"),
)

#: What chat surfaces keep: preferences, installations; opaque to the engine.
surface_values = Table(
    "surface_values",
    metadata,
    Column("scope", characters(32), primary_key=True),
    Column("name", words(), primary_key=True),
    Column("body", words(), nullable=False),
    Column("updated_at", Instant, nullable=False),
)

#: One row: the oldest version of the schema whose code may use this database beside newer code.
schema_floor = Table("schema_floor", metadata, Column("version", characters(32), primary_key=True))
