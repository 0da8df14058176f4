"""Text that is no plain YAML is refused before it can do harm (row G6)."""

from __future__ import annotations

import pytest

from orchestrator import GraphError, load_yaml

#: Nine aliases of nine aliases, nine deep: 43 million values once they are followed.
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)

#: Merges of merges, nine each: as many entries, if all of them were kept.
MERGES = "a0: &a0 {x: y}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 19)
)

#: Five times thirty deep.
DEEP = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}\n" for n in range(1, 6))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "<text>:1: there is no graph; declare one"),
        ("---\n---\n", "<text>:1: there is no graph; declare one"),
        ("id: [", "<text>:1: this is no YAML: .*; correct it"),
        ("id: a\nid: b", "<text>:2: there is the key 'id' for the second time; rename or drop one"),
        ("id: a\n1: b", "<text>:2: there is the key '1', which is no text; put it in quotes"),
        (
            "id: !!python/name:os.system x",
            "<text>:1: there is the tag '!!python/name:os.system'; write plain values without it",
        ),
        ("id: !!binary aGk=", "<text>:1: there is the tag '!!binary'; write plain values"),
        ("id: x\na: !mine [1]", "<text>:2: there is the tag '!mine'; write plain values"),
        ("id: &a {<<: *a}", "<text>:1: there is an alias that leads into itself; write the part"),
        ("id: &a {<<: [*a]}", "<text>:1: there is an alias that leads into itself; write the part"),
        ("id: {<<: 3}", "<text>:1: there is a merge of what is no mapping; merge mappings only"),
        ("id: {? [a] : b}", "<text>:1: there is a key that is a list or a mapping; write a text"),
        (f"id: {'9' * 5000}", "<text>:1: there is a value that cannot be read .*; put it in"),
        ("id: " + "[" * 101, "<text>:1: there is nesting deeper than 100; make graphs of inner"),
        ("id: " + "[" * 99_999, "<text>:1: there is nesting deeper than 100; make graphs of inner"),
        (DEEP, r"<text>:\d+: there is nesting deeper than 100; use fewer aliases"),
        ("id: &a [*a]", "<text>:1: there is an alias that leads into itself; write the part out"),
        ("id: \x07", "<text>:1: this is no YAML: unacceptable character"),
        ("- a", "<text>:1: the document must be a mapping"),
        (
            BOMB,
            r"<text>:\d+: there is more than 50000 values; make the file smaller",
        ),
        (MERGES, "<text>:1: a0 is unknown"),
    ],
)  # fmt: skip
def test_g6_refuses_what_is_no_graph(text, said):
    """Broken text, twins of keys, objects of Python's and bombs are refused with the line."""
    with pytest.raises(GraphError, match=said):
        load_yaml(text, allow=[])
