"""Workspaces, direct messages, copies of questions, what chat surfaces keep, people's own lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.tables import Instant, characters, words

revision = "0003"
down_revision = "0002"

_DELIVERY_TEXTS = ("person", "detail", "channel")
_LISTS = (
    ("runs", ["requester", "started_at", "id"]),
    ("runs", ["graph", "started_at", "id"]),
    ("decisions", ["by", "at"]),
)


def upgrade() -> None:
    """Apply."""
    for table in ("runs", "deliveries"):
        op.add_column(
            table,
            sa.Column("workspace", characters(64), server_default=sa.text("''"), nullable=False),
        )
    for name in _DELIVERY_TEXTS:
        op.add_column("deliveries", sa.Column(name, words(), nullable=True))
    _rename_messages("messages_before")
    op.create_table(
        "messages",
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("channel", characters(64), nullable=False),
        sa.Column("ts", characters(32), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("person", words(), nullable=True),
        sa.Column("reason", words(), nullable=True),
        sa.PrimaryKeyConstraint("approval_id", "channel", name="pk_messages"),
    )
    op.create_index("ix_messages_channel", "messages", ["channel"], unique=False)
    op.execute(
        "INSERT INTO messages (approval_id, channel, ts, posted_at) "
        "SELECT approval_id, channel, ts, posted_at FROM messages_before"
    )
    op.drop_table("messages_before")
    op.create_table(
        "surface_values",
        sa.Column("scope", characters(32), nullable=False),
        sa.Column("name", words(), nullable=False),
        sa.Column("body", words(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name="pk_surface_values"),
    )
    for table, columns in _LISTS:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, unique=False)


def downgrade() -> None:
    """Take back; the copies of questions are forgotten."""
    for table, columns in _LISTS:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    op.drop_table("surface_values")
    _rename_messages("messages_after")
    op.create_table(
        "messages",
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("channel", characters(64), nullable=False),
        sa.Column("ts", characters(32), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name="pk_messages"),
    )
    op.execute(
        "INSERT INTO messages (approval_id, channel, ts, posted_at) "
        "SELECT approval_id, channel, ts, posted_at FROM messages_after WHERE person IS NULL"
    )
    op.drop_table("messages_after")
    for name in _DELIVERY_TEXTS:
        op.drop_column("deliveries", name)
    for table in ("deliveries", "runs"):
        op.drop_column(table, "workspace")


def _rename_messages(name: str) -> None:
    """Make room for a table of the same name, and for its key, which keeps its name elsewhere."""
    op.rename_table("messages", name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {name} RENAME CONSTRAINT pk_messages TO pk_{name}")
