"""Graphs out of files and folders (row G1)."""

from __future__ import annotations

import sys
from itertools import count

import pytest

from orchestrator import GraphError, GraphValidationError, load_graphs

PYTHON = """
from orchestrator import GraphBuilder
{imports}

def work(context):
    {body}

graph = GraphBuilder("{id}").task("work", work).start("work").ends("work").build()
"""
YAML = """
id: {id}
start: work
ends: work
nodes:
  work: {{kind: task, run: "{run}"}}
"""
_NUMBERS = count()


def python(graph, imports="", body="return None"):
    """Return the text of a file with one graph."""
    return PYTHON.format(id=graph, imports=imports, body=body)


@pytest.fixture
def folder(tmp_path):
    """An empty folder; whatever is imported from it is forgotten afterwards."""
    before = dict(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def fresh(stem):
    """Return a module's name that no other test has used."""
    return f"{stem}_{next(_NUMBERS)}"


def test_g1_loads_all_files_of_a_folder(folder):
    """Python and YAML count; hidden files, private ones, and other kinds do not."""
    tasks = fresh("tasks")
    (folder / "one.py").write_text(python("one"))
    (folder / f"{tasks}.py").write_text("def work(context):\n    return None\n")
    (folder / "two.yaml").write_text(YAML.format(id="two", run=f"{tasks}:work"))
    (folder / "three.yml").write_text(YAML.format(id="three", run=f"{tasks}:work"))
    for name in ("_private.py", ".hidden.py", "notes.txt"):
        (folder / name).write_text("raise SystemExit")
    path = list(sys.path)
    graphs = load_graphs([folder], allow=[tasks])

    assert {"one", "two", "three"} == set(graphs)
    assert path == sys.path
    assert all(name == graph.id for name, graph in graphs.items())


def test_g1_every_graph_of_a_module_counts_once(folder):
    """Two names for one graph are one graph; a neighbour that imports it adds nothing."""
    (folder / "a_first.py").write_text("from z_last import graph, other\n")
    (folder / "z_last.py").write_text(
        python("one") + 'other = GraphBuilder("two").task("work", work).start("work")'
        '.ends("work").build()\nsame = graph\n'
    )

    assert {"one", "two"} == set(load_graphs([folder], allow=[]))


def test_g1_files_can_import_their_neighbours(folder):
    """Folders with helpers of the same name do not get in each other's way."""
    for team in ("red", "blue"):
        (folder / team).mkdir()
        (folder / team / "_helpers.py").write_text(f"NAME = {team!r}\n")
        (folder / team / "flow.py").write_text(
            python(team, imports="import _helpers", body="return _helpers.NAME")
        )
    graphs = load_graphs([folder / "red", folder / "blue"], allow=[])
    found = {name: graph.nodes["work"].function(None) for name, graph in graphs.items()}

    assert found == {"red": "red", "blue": "blue"}


def test_the_version_does_not_depend_on_the_folder(folder):
    """The same file elsewhere declares the same version."""
    versions = set()
    for place in ("here", "there"):
        (folder / place).mkdir()
        file = folder / place / "flow.py"
        file.write_text(python("flow"))
        versions.add(load_graphs([file], allow=[])["flow"].version)

    assert len(versions) == 1


def test_the_version_is_the_same_from_python_and_yaml(folder):
    """A YAML file that names the function of a Python file declares the same version."""
    tasks = fresh("flow")
    (folder / f"{tasks}.py").write_text(python("flow"))
    from_python = load_graphs([folder / f"{tasks}.py"], allow=[])["flow"]
    (folder / "flow.yaml").write_text(YAML.format(id="flow", run=f"{tasks}:work"))
    from_yaml = load_graphs([folder / "flow.yaml"], allow=[tasks])["flow"]

    assert from_python.version == from_yaml.version
    assert from_python == from_yaml


def test_g6_two_graphs_with_one_id_name_both_files(folder):
    """Which graph a run follows must never depend on the order of files."""
    (folder / "a.py").write_text(python("same"))
    (folder / "b.py").write_text(python("same"))
    first, second = folder / "a.py", folder / "b.py"
    expected = f"graph 'same' is in {first} and {second}; rename one of them"
    with pytest.raises(GraphError) as caught:
        load_graphs([folder], allow=[])

    assert expected == str(caught.value)


def test_a_path_given_twice_is_loaded_once(folder):
    """A folder and a file in it may both be named."""
    (folder / "a.py").write_text(python("a"))

    assert list(load_graphs([folder, folder / "a.py"], allow=[])) == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import nowhere_at_all\n", 1, "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("x = 1\n\ny = x +\n", 3, "SyntaxError: invalid syntax"),
        ("def f():\n    raise ValueError('two\\nlines')\n\nf()\n", 2, "ValueError: two lines"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
    ],
)
def test_g6_a_file_that_fails_to_import_says_where(folder, text, line, said):
    """File, line and error stand in one line, and the failed module is not kept."""
    file = folder / "broken.py"
    file.write_text(text)
    for _ in range(2):
        with pytest.raises(GraphError) as caught:
            load_graphs([file], allow=[])

        assert str(caught.value).startswith(f"{file}:{line}: {said}")
        assert "\n" not in str(caught.value)
    assert not [name for name in sys.modules if name.endswith("broken")]


def test_g6_problems_of_a_graph_in_a_file_keep_their_list(folder):
    """A graph that does not build is shown with all its problems, each with file and line."""
    file = folder / "flow.py"
    file.write_text('from orchestrator import GraphBuilder\n\nGraphBuilder("flow").build()\n')
    with pytest.raises(GraphValidationError) as caught:
        load_graphs([file], allow=[])

    assert (f"{file}:3: graph: has no nodes; add at least one",) == caught.value.problems


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.py", "there is no such file or folder; correct the path"),
        ("notes.txt", r"is neither Python nor YAML; name it \*\.py, \*\.yaml or \*\.yml"),
    ],
)
def test_g6_paths_that_hold_no_graphs_are_refused(folder, name, said):
    """A wrong path never loads nothing in silence."""
    (folder / "notes.txt").write_text("")

    with pytest.raises(GraphError, match=said):
        load_graphs([folder / name], allow=[])


def test_g6_problems_in_yaml_name_the_file(folder):
    """The whole path stands before the line."""
    file = folder / "flow.yaml"
    file.write_text(YAML.format(id="flow", run="os:getcwd"))
    with pytest.raises(GraphValidationError) as caught:
        load_graphs([folder], allow=[])

    assert caught.value.problems[0].startswith(f"{file}:6: module 'os' is not allowed here")
