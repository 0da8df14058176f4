"""The picture of a graph (row G10)."""

from __future__ import annotations

import re

from inline_snapshot import snapshot

from orchestrator import Block, GraphBuilder, gate
from tests.unit.graph.flows import pay, pick
from tests.unit.graph.small import ALL, one


def small():
    """Declare a graph with a bit of everything that a picture shows."""
    return (
        GraphBuilder("g", operators="U9")
        .task("write", pay, review="U1")
        .approval(
            "ask",
            approvers="U1",
            rejection="write",
            timeout="1d",
            on_timeout="route",
            timeout_route="late",
        )
        .router("fork")
        .parallel("both", {"a": Block().task("x", pay).task("y", pay), "b": Block().task("x", pay)})
        .wait("nap", signal="paid")
        .end("late")
        .end("done")
        .edge("write", "ask")
        .edge("ask", "fork")
        .edge("fork", "both", 'state.size > 3 && state.name != "<b>"')
        .edge("fork", "nap")
        .sequence("both", "nap", "done")
        .start("write")
        .build()
    )


def test_g10_the_picture_of_a_graph():
    """Shapes by kind, badges for gates, texts of conditions, dotted routes, marked places."""
    drawn = small().mermaid(["both[a]/y#2", "ask", "nowhere"])

    assert drawn == snapshot("""\
flowchart TD
    begin(("start"))
    n1["write<br/>✋ review"]
    n2{{"ask"}}
    n3{"fork"}
    subgraph n4["both<br/>parallel"]
        subgraph n5["a"]
            n6["x"]
            n7["y"]
            n6 --> n7
        end
        subgraph n8["b"]
            n9["x"]
        end
    end
    n10(["nap<br/>wait for paid"])
    n11((("late")))
    n12((("done")))
    n1 --> n2
    n2 --> n3
    n2 -. "rejected" .-> n1
    n2 -. "too late" .-> n11
    n3 -->|"state.size #gt; 3 #amp;#amp; state.name != #quot;#lt;b#gt;#quot;"| n4
    n3 --> n10
    n4 --> n10
    n10 --> n12
    begin --> n1
    classDef here fill:#fff3bf,stroke:#e67700,stroke-width:3px,color:#000
    class n7,n2 here
""")


def test_g10_the_same_graph_is_drawn_the_same():
    """Nothing of chance is in a picture; the places are all that changes."""
    plain = small().mermaid()

    assert plain == small().mermaid()
    assert "classDef" not in plain
    assert small().mermaid(["write"]).startswith(plain)


def test_g10_every_kind_of_node_is_drawn():
    """Each line is of the few forms that Mermaid knows, and every body is closed."""
    forms = re.compile(
        r'flowchart TD|begin\(\("start"\)\)|subgraph n\d+\["[^"]*"\]|end'
        r'|n\d+(\["[^"]*"\]|\{"[^"]*"\}|\{\{"[^"]*"\}\}|\(\["[^"]*"\]\)|\(\(\("[^"]*"\)\)\))'
        r'|(n\d+|begin) (-->|-\.->|-->\|"[^"]*"\||-\. "[^"]*" \.->) n\d+'
    )
    for kind in ALL:
        lines = [each.strip() for each in one(kind).build().mermaid().splitlines()]
        assert [each for each in lines if not forms.fullmatch(each)] == []
        assert lines.count("end") == sum(each.startswith("subgraph") for each in lines)


def test_g10_no_text_of_an_author_gets_out_of_its_label():
    """Quotes, brackets and marks of Mermaid are written as entities; long texts are cut."""
    text = 'state.name == "x\\"] --> evil[\\"" || state.other == "`#35;`"' + " || state.more" * 9
    graph = (
        GraphBuilder("g").router("it").end("a").edge("it", "a", text).start("it").build().mermaid()
    )
    (label,) = re.findall(r'\|"(.*)"\|', graph)

    assert not set('"<>`') & set(label)
    assert len(label) < 160
    assert label.endswith("…")


def test_g10_functions_are_drawn_by_their_names():
    """Where a condition is a function its name stands for it."""
    graph = (
        GraphBuilder("g")
        .router("it", pick, confirm=gate(approvers="U1", rejection="b"))
        .end("a")
        .end("b")
        .edge("it", "a")
        .start("it")
        .build()
        .mermaid()
    )

    assert "it<br/>select pick<br/>✋ confirm" in graph
    assert 'n1 -. "confirm rejected" .-> n3' in graph
