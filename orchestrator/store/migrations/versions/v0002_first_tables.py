"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.tables import Instant, characters, words

revision = "0002"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "approvals",
        sa.Column("id", characters(64), nullable=False),
        sa.Column("ref", characters(16), nullable=False),
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("graph", characters(64), nullable=False),
        sa.Column("node", words(), nullable=False),
        sa.Column("path", words(), nullable=False),
        sa.Column("kind", characters(16), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", characters(32), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("reminded_at", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("action", characters(16), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index(
        "ix_approvals_pending", "approvals", ["status", "due_at", "opened_at", "id"], unique=False
    )
    op.create_index(
        "ix_approvals_pending_kind",
        "approvals",
        ["status", "kind", "due_at", "opened_at", "id"],
        unique=False,
    )
    op.create_index("ix_approvals_ref", "approvals", ["ref"], unique=False)
    op.create_index("ix_approvals_run_id", "approvals", ["run_id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("decision", characters(32), nullable=False),
        sa.Column("by", words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("key", words(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_decisions"),
    )
    op.create_index(
        "ix_decisions_approval_id_key", "decisions", ["approval_id", "key"], unique=False
    )

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("purpose", characters(16), nullable=False),
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("status", characters(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("owner", characters(64), nullable=True),
        sa.Column("error", words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_approval_id", "deliveries", ["approval_id"], unique=False)
    op.create_index(
        "ix_deliveries_status_not_before", "deliveries", ["status", "not_before"], unique=False
    )

    op.create_table(
        "events",
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", characters(32), nullable=False),
        sa.Column("body", words(), nullable=False),
        sa.Column("hash", characters(64), nullable=False),
        sa.Column("approval_id", characters(64), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_events"),
    )
    op.create_index(
        "ix_events_approval_id_seq",
        "events",
        ["approval_id", "seq"],
        unique=False,
        sqlite_where=sa.text("approval_id IS NOT NULL"),
        postgresql_where=sa.text("approval_id IS NOT NULL"),
    )

    op.create_table(
        "graphs",
        sa.Column("id", characters(64), nullable=False),
        sa.Column("version", characters(64), nullable=False),
        sa.Column("definition", words(), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_graphs"),
    )
    op.create_table(
        "jobs",
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("path", words(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", characters(64), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("ready_at", Instant(), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "path", name="pk_jobs"),
    )
    op.create_index("ix_jobs_owner_lease_until", "jobs", ["owner", "lease_until"], unique=False)

    op.create_table(
        "messages",
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("channel", characters(64), nullable=False),
        sa.Column("ts", characters(32), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name="pk_messages"),
    )
    op.create_table(
        "rules",
        sa.Column("id", characters(64), nullable=False),
        sa.Column("ref", characters(16), nullable=False),
        sa.Column("graph", characters(64), nullable=False),
        sa.Column("node", words(), nullable=False),
        sa.Column("kind", characters(16), nullable=False),
        sa.Column("run_id", characters(64), nullable=True),
        sa.Column("by", words(), nullable=False),
        sa.Column("surface", characters(32), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", words(), nullable=True),
        sa.Column("approval_id", characters(64), nullable=False),
        sa.Column("granted_in", characters(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rules"),
    )
    op.create_index("ix_rules_granted_at_id", "rules", ["granted_at", "id"], unique=False)
    op.create_index("ix_rules_graph_node_kind", "rules", ["graph", "node", "kind"], unique=False)
    op.create_index("ix_rules_ref", "rules", ["ref"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", characters(64), nullable=False),
        sa.Column("ref", characters(16), nullable=False),
        sa.Column("graph", characters(64), nullable=False),
        sa.Column("version", characters(64), nullable=False),
        sa.Column("status", characters(16), nullable=False),
        sa.Column("requester", words(), nullable=False),
        sa.Column("surface", characters(32), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("error", words(), nullable=True),
        sa.Column("labels", words(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", characters(64), nullable=False),
        sa.Column("checkpoint", words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_ref", "runs", ["ref"], unique=False)
    op.create_index("ix_runs_started_at_id", "runs", ["started_at", "id"], unique=False)
    op.create_index("ix_runs_status_started_at", "runs", ["status", "started_at"], unique=False)

    op.create_table(
        "timers",
        sa.Column("run_id", characters(64), nullable=False),
        sa.Column("kind", characters(16), nullable=False),
        sa.Column("subject", words(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "kind", "subject", name="pk_timers"),
    )
    op.create_index("ix_timers_due_at", "timers", ["due_at"], unique=False)


def downgrade() -> None:
    """Take back; the indexes go with their tables."""
    for name in (
        "timers",
        "runs",
        "rules",
        "messages",
        "jobs",
        "graphs",
        "events",
        "deliveries",
        "decisions",
        "approvals",
    ):
        op.drop_table(name)
