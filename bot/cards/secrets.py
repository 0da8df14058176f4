"""What of a payload may be seen: secrets are taken out before anything else looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.graph import Graph
from orchestrator.graph.formats import Format, FormatKind, find_format
from orchestrator.graph.secrets import HIDDEN
from orchestrator.store.records import Approval

__all__ = [
    "HIDDEN",
    "formats_of_answer",
    "is_secret",
    "visible",
    "visible_in_run",
    "visible_payload",
    "visible_values",
    "without_secrets",
]


def visible_payload(approval: Approval) -> dict[str, Any]:
    """Return what an approval shows, without its secrets."""
    return visible_values(approval.payload, approval.formats)


def visible_values(values: Mapping[str, Any], formats: Mapping[str, Format]) -> dict[str, Any]:
    """Return values by label, without the secrets that the formats name."""
    return {label: visible(value, formats, str(label)) for label, value in values.items()}


def visible(value: Any, formats: Mapping[str, Format], key: str) -> Any:
    """Return the value under a label or dotted key, without the secrets that are in it."""
    if is_secret(formats, key):
        return HIDDEN
    inside = f"{key}." if key else ""
    for each, shown in formats.items():
        if shown.kind is FormatKind.SECRET and each.startswith(inside):
            value = _without(value, each[len(inside) :].split("."))
    return value


def is_secret(formats: Mapping[str, Format], key: str) -> bool:
    """Is the value under a label or dotted key a secret, or inside one?"""
    found = find_format(formats, key)
    return found is not None and found.kind is FormatKind.SECRET


def formats_of_answer(approval: Approval) -> dict[str, Format]:
    """Return the formats as they hold for what an answer or an edit brings.

    Labels may name more of the way to a value than the answer does: `draft.pin` is `pin` in the
    output of the node that made the draft. In doubt more is hidden.
    """
    return _reaching_in(approval.formats)


def _reaching_in(formats: Mapping[str, Format]) -> dict[str, Format]:
    found = dict(formats)
    for key, shown in formats.items():
        inner = key
        while shown.kind is FormatKind.SECRET and "." in inner:
            inner = inner.partition(".")[2]
            found.setdefault(inner, shown)
    return found


def without_secrets(approval: Approval) -> Approval:
    """Return an approval as people may see it: its payload, edits and answers."""
    if not any(shown.kind is FormatKind.SECRET for shown in approval.formats.values()):
        return approval
    formats = formats_of_answer(approval)
    before = approval.before_edit
    return replace(
        approval,
        payload=visible_payload(approval),
        before_edit=None if before is None else visible_values(before, approval.formats),
        edits=visible(approval.edits, formats, ""),
        answers=tuple(
            replace(each, values=visible(each.values, formats, "")) for each in approval.answers
        ),
    )


def visible_in_run(
    values: Mapping[str, Any], approvals: Iterable[Approval], graph: Graph | None = None
) -> dict[str, Any]:
    """Return the input or output of a run without what its questions name as secrets.

    Those of the graph count before they are asked, and where they never are.
    """
    nodes = graph.every_node() if graph is not None else ()
    gates = [gate for node in nodes for _, gate in getattr(node, "gates", ())]
    formats: dict[str, Format] = {}
    for each in (*gates, *approvals):
        for key, shown in _reaching_in(each.formats).items():
            # A secret of one question is a secret to all.
            if shown.kind is FormatKind.SECRET or key not in formats:
                formats[key] = shown
    return visible_values(values, formats)


def _without(value: Any, way: list[str]) -> Any:
    if isinstance(value, list | tuple):
        return [_without(each, way) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = dict(value)
    for length in range(1, len(way) + 1):  # a key may have dots itself
        name = ".".join(way[:length])
        if name in found:
            rest = way[length:]
            found[name] = _without(found[name], rest) if rest else HIDDEN
    return found
