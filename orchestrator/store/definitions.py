"""The definitions that runs have followed, kept so that a later version can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from orchestrator.graph.graph import Graph
from orchestrator.store import codec
from orchestrator.store.reader import Reader
from orchestrator.store.statements import insert_new
from orchestrator.store.tables import graphs


def save(connection: Connection, now: datetime, graph: Graph) -> None:
    """Keep a graph's definition, unless this version of it is known."""
    row = {
        "id": graph.id,
        "version": graph.version,
        "definition": codec.to_text(graph.definition),
        "first_seen_at": now,
    }
    insert_new(connection, graphs, ("id", "version"), row)


async def find(reader: Reader, graph_id: str, version: str) -> Mapping[str, Any] | None:
    """Return the definition of a graph's version; None if no run has followed it."""
    query = select(graphs.c.definition).where(graphs.c.id == graph_id, graphs.c.version == version)
    for row in await reader.fetch(query):
        found: Mapping[str, Any] = json.loads(row.definition)
        return found
    return None
