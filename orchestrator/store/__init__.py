"""The database: tables, migrations, the group-commit writer, and queries."""

from __future__ import annotations

from orchestrator.store.batch import Step, Then
from orchestrator.store.database import News
from orchestrator.store.opening import open_store
from orchestrator.store.outbox import (
    COPIES,
    COPY,
    DIGEST,
    GONE,
    MOVED,
    OPERATOR,
    Anew,
    DirectMessage,
)
from orchestrator.store.places import Position
from orchestrator.store.records import (
    Answer,
    Approval,
    Backlog,
    Comment,
    Delivery,
    Message,
    Pause,
    Question,
    Rule,
    Run,
    Verification,
)
from orchestrator.store.schema import migrate
from orchestrator.store.scoped import within
from orchestrator.store.store import Store
from orchestrator.store.surface_values import SurfaceValues
from orchestrator.store.writer import no_hook

__all__ = [
    "COPIES",
    "COPY",
    "DIGEST",
    "GONE",
    "MOVED",
    "OPERATOR",
    "Anew",
    "Answer",
    "Approval",
    "Backlog",
    "Comment",
    "Delivery",
    "DirectMessage",
    "Message",
    "News",
    "Pause",
    "Position",
    "Question",
    "Rule",
    "Run",
    "Step",
    "Store",
    "SurfaceValues",
    "Then",
    "Verification",
    "migrate",
    "no_hook",
    "open_store",
    "within",
]
