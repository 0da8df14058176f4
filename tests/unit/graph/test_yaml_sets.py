"""Graphs in YAML run other graphs of the same files inside themselves, by id (row G1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator import GraphError, GraphValidationError, load_graphs, load_yaml
from orchestrator.graph import SubgraphNode
from tests.unit.graph import yaml_flows as flows

ALLOW = [flows.MODULE]
LEAF = f"id: leaf\nnodes:\n  work: {{kind: task, run: '{flows.MODULE}:check'}}\n"


def outer(name: str = "outer", inner: str = "leaf") -> str:
    """Return a document that runs another graph, deep inside."""
    return (
        f"id: {name}\nnodes:\n  each:\n    kind: map\n    over: state.items\n    body:\n"
        f"      nodes:\n        inner: {{kind: subgraph, graph: {inner}}}\n"
    )


def test_g1_a_document_runs_another_one_wherever_it_stands() -> None:
    """Its version depends on the inner graph's definition; the order stays the files'."""
    first, second = load_yaml(outer() + "---\n" + LEAF, allow=ALLOW)
    (other, _) = load_yaml(outer() + "---\n" + LEAF + "version: 2\n", allow=ALLOW)
    inner = first.get_node("each/inner")

    assert [first.id, second.id] == ["outer", "leaf"]
    assert isinstance(inner, SubgraphNode)
    assert inner.graph is second
    assert first.version != other.version


def test_g1_graphs_built_elsewhere_can_be_handed_in() -> None:
    """What is no document of the source may be named, too."""
    (graph,) = load_yaml(outer(inner="inner"), allow=ALLOW, graphs=[flows.INNER])

    assert graph.find_node("each/inner/work") is not None


def test_g1_documents_run_graphs_of_other_files(tmp_path: Path) -> None:
    """Of YAML and Python, in other folders, whatever the order of the files."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "outer.yaml").write_text(outer())
    (tmp_path / "a" / "third.yaml").write_text(outer("third", "inner"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "near.py").write_text("def work(context): ...\n")
    (tmp_path / "b" / "leaf.yaml").write_text(
        LEAF.replace(flows.MODULE, "near").replace(":check", ":work")
    )
    (tmp_path / "b" / "made.py").write_text(
        "from tests.unit.graph.yaml_flows import INNER as graph\n"
    )
    graphs = load_graphs([tmp_path / "a", tmp_path / "b"], allow=["near"])

    assert list(graphs) == ["outer", "third", "leaf", "inner"]
    assert graphs["outer"].find_node("each/inner/work") == graphs["leaf"].nodes["work"]


def test_g6_a_graph_that_is_not_there_is_named_with_those_that_are() -> None:
    """The line is that of the name."""
    with pytest.raises(GraphValidationError) as caught:
        load_yaml(outer(inner="gone") + "---\n" + LEAF, allow=ALLOW)

    assert list(caught.value.problems) == [
        "<text>:8: graph 'gone' is not loaded; known are leaf; load its file together with this one"
    ]


def test_g6_a_name_that_leads_to_no_graph_is_told() -> None:
    """A builder that was not built is the usual mistake."""
    text = outer(inner=f"{{run: '{flows.MODULE}:HOURS'}}")
    with pytest.raises(GraphValidationError, match="is WorkingHours, no built graph; name what"):
        load_yaml(text, allow=ALLOW)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (outer("a", "a"), "<text>:8: graph 'a' would run inside itself (a -> a)"),
        (
            outer("a", "b") + "---\n" + outer("b", "a"),
            "<text>:17: graph 'a' would run inside itself (a -> b -> a)",
        ),
    ],
)
def test_g6_a_graph_inside_itself_is_refused(text: str, way: str) -> None:
    """Directly, or by way of another."""
    with pytest.raises(GraphValidationError) as caught:
        load_yaml(text, allow=ALLOW)

    assert [each.partition(";")[0] for each in caught.value.problems] == [way]


def test_g6_two_documents_of_one_id_are_refused() -> None:
    """Otherwise it would not be clear which one runs inside others."""
    with pytest.raises(GraphError, match="<text>:5: graph 'leaf' is there twice; rename one"):
        load_yaml(LEAF + "---\n" + LEAF, allow=ALLOW)
