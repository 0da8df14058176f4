"""Graphs declared in YAML, one to a document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import GraphError, GraphValidationError
from orchestrator.graph.graph import Graph
from orchestrator.graph.yaml_source import read_documents

if TYPE_CHECKING:
    from orchestrator.graph.yaml_drafts import Draft


def load_yaml(
    source: str | Path, *, allow: Sequence[str], graphs: Iterable[Graph] = ()
) -> list[Graph]:
    """Build the graphs of a YAML file, or of a text; the same declared in Python is equal.

    Args:
        source: The file, or the text itself.
        allow: Modules whose functions and classes the graphs may name, exact (`flows.tasks`) or
            as `flows.*` for all inside a package. Nothing else is imported.
        graphs: Graphs that may run inside these by their id, besides those of the same source.

    Raises:
        GraphError: The file cannot be read, or is no YAML, or declares no graph.
        GraphValidationError: A graph has problems; all of them are listed with file and line.
    """
    drafts = read_drafts(source)
    known = {graph.id: graph for graph in graphs}
    for draft in in_order(drafts):
        known[draft.id] = build(draft, allow, known, drafts)
    return [known[draft.id] for draft in drafts]


def read_drafts(source: str | Path) -> list[Draft]:
    """Read the documents of a YAML file, or of a text, and check their shape.

    Raises:
        GraphError: See `load_yaml`; nothing is imported, and no name looked up, yet.
    """
    from orchestrator.graph.yaml_drafts import read_draft  # noqa: PLC0415 - slow to import

    name = str(source) if isinstance(source, Path) else "<text>"
    drafts: dict[str, Draft] = {}
    for document in read_documents(_text(source), name):
        draft = read_draft(document)
        if draft.id in drafts:
            line = document.line(("id",))
            raise GraphError(
                f"{name}:{line}: graph {draft.id!r} is there twice; rename one of them"
            )
        drafts[draft.id] = draft
    if not drafts:
        raise GraphError(f"{name}:1: there is no graph; declare one, beginning with its id")
    return list(drafts.values())


def build(
    draft: Draft, allow: Sequence[str], graphs: Mapping[str, Graph], drafts: Iterable[Draft]
) -> Graph:
    """Build a graph; `graphs` may run inside it, and `drafts` are all there are, for messages.

    Raises:
        GraphValidationError: It has problems; all of them are listed with file and line.
    """
    from orchestrator.graph.yaml_graph import build_graph  # noqa: PLC0415 - slow to import

    names = {each.id for each in drafts} | graphs.keys()
    return build_graph(draft, allow, graphs, names - {draft.id})


def in_order(drafts: Collection[Draft]) -> list[Draft]:
    """Return the drafts so that each comes after those that run inside it.

    Raises:
        GraphValidationError: A graph would run inside itself.
    """
    by_id = {draft.id: draft for draft in drafts}
    ordered: dict[str, Draft] = {}

    def visit(draft: Draft, around: tuple[str, ...]) -> None:
        if draft.id in ordered:
            return
        for inner, path in draft.needs():
            if inner in (*around, draft.id):
                way = " -> ".join((*around, draft.id, inner))
                place = f"{draft.document.name}:{draft.document.line(path)}"
                text = f"graph {inner!r} would run inside itself ({way}); take one of these out"
                raise GraphValidationError(draft.id, [f"{place}: {text}"])
            if inner in by_id:
                visit(by_id[inner], (*around, draft.id))
        ordered[draft.id] = draft

    for draft in drafts:
        visit(draft, ())
    return list(ordered.values())


def _text(source: str | Path) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise GraphError(f"{source}: cannot be read ({exc}); check the file") from exc
