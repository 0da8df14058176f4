"""Values that one question of a graph hides, and another one shows."""

from __future__ import annotations

from collections.abc import Iterator

from bot.cards.secrets import is_secret
from orchestrator.graph import FormatKind, Graph
from orchestrator.graph.gates import Gate
from orchestrator.graph.views import EVERYTHING


def find_leaks(graph: Graph) -> Iterator[str]:
    """Say which questions name a value that is a secret elsewhere, and do not hide it."""
    gates = [
        (f"{kind} of {node.id!r}", gate)
        for node in graph.every_node()
        for kind, gate in getattr(node, "gates", ())
    ]
    hidden = {
        key: name
        for name, gate in reversed(gates)
        for key, shown in gate.formats.items()
        if shown.kind is FormatKind.SECRET
    }
    for name, gate in gates:
        for key, other in hidden.items():
            label = _find_label(gate, key)
            if label is not None:
                yield (
                    f"graph {graph.id!r}: the {name} shows {label!r} openly, and {key!r} is secret "
                    f"to the {other}; give it formats={{{key!r}: 'secret'}}, too"
                )


def _find_label(gate: Gate, key: str) -> str | None:
    """Return the label under which a gate shows a value or what is inside it; None: it does not."""
    labels = gate.reads if gate.review_keys == EVERYTHING else gate.review_keys
    for label in () if labels == EVERYTHING else labels:
        reaches = f"{key}.".startswith(f"{label}.") or label.startswith(f"{key}.")
        inner = max(label, key, key=len)
        if reaches and not is_secret(gate.formats, inner):
            return label
    return None
