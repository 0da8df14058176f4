"""Graphs declared in YAML, one to a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import GraphError
from orchestrator.graph.graph import Graph
from orchestrator.graph.yaml_source import read_documents


def load_yaml(source: str | Path, *, allow: Sequence[str]) -> list[Graph]:
    """Build the graphs of a YAML file, or of a text; the same declared in Python is equal.

    Args:
        source: The file, or the text itself.
        allow: Modules whose functions and classes the graphs may name, exact (`flows.tasks`) or
            as `flows.*` for all inside a package. Nothing else is imported.

    Raises:
        GraphError: The file cannot be read, or is no YAML, or declares no graph.
        GraphValidationError: A graph has problems; all of them are listed with file and line.
    """
    from orchestrator.graph.yaml_graph import build_graph  # noqa: PLC0415 - slow to import

    name = str(source) if isinstance(source, Path) else "<text>"
    graphs = [build_graph(document, allow) for document in read_documents(_text(source), name)]
    if not graphs:
        raise GraphError(f"{name}:1: there is no graph; declare one, beginning with its id")
    return graphs


def _text(source: str | Path) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise GraphError(f"{source}: cannot be read ({exc}); check the file") from exc
