"""Several processes: timers are leased to who fires them, and the schema says who may go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.tables import Instant, characters

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.add_column("timers", sa.Column("leased_until", Instant(), nullable=True))
    floor = op.create_table(
        "schema_floor",
        sa.Column("version", characters(32), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_schema_floor"),
    )
    # The first version that looks at it.
    op.bulk_insert(floor, [{"version": revision}])


def downgrade() -> None:
    """Take back."""
    op.drop_table("schema_floor")
    op.drop_column("timers", "leased_until")
