"""docs/writing-graphs.md is true: each of its snippets is run, and it names everything there is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestrator import Context, GraphBuilder, Reducer, load_graphs
from orchestrator.graph import Backoff, View
from orchestrator.graph import options as o
from orchestrator.graph.kinds import (
    ApprovalKind,
    Decision,
    OnBranchError,
    OnError,
    OnReject,
    OnTimeout,
)
from orchestrator.graph.yaml_nodes import KINDS
from tests.guide import Chapter, Reader, Snippet, read_chapters

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "writing-graphs.md"
SCHEMA = ROOT / "docs" / "schema" / "signoff-graph.schema.json"
CHAPTERS = read_chapters(GUIDE)
#: Chapters that all later ones stand on, as the guide tells its readers.
FIRST = CHAPTERS[1:3]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Return a reader in an empty folder, from which modules can be imported."""
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield Reader(GUIDE, tmp_path)
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title or "(top)")
def test_every_snippet_of_the_guide_runs(chapter: Chapter, reader: Reader) -> None:
    """Each chapter works with nothing but the first two before it, and shows what it prints."""
    for before in FIRST[: CHAPTERS.index(chapter) - 1] if chapter not in FIRST[:1] else []:
        for snippet in before.snippets[:1]:
            reader.follow(snippet)
    for snippet in chapter.snippets:
        reader.follow(snippet)
    reader.finish()


def test_g1_graphs_of_the_guide_in_yaml_load_and_fit_the_schema(reader: Reader) -> None:
    """An editor that knows the published schema finds nothing to complain about."""
    for chapter in CHAPTERS:
        for snippet in chapter.snippets:
            if snippet.file is not None:
                reader.follow(snippet)
    files = sorted(reader.folder.glob("*.yaml"))
    schema = Draft202012Validator(json.loads(SCHEMA.read_text()))

    assert files
    for file in files:
        for document in yaml.safe_load_all(file.read_text()):
            assert [each.message for each in schema.iter_errors(document)] == []
    assert load_graphs(files, allow=["flows"])


OPTIONS = (
    o.GateOptions,
    o.NodeOptions,
    o.TaskOptions,
    o.ApprovalOptions,
    o.WaitOptions,
    o.JoinOptions,
    o.RemindersOptions,
    o.EscalationOptions,
)
CLOSED = (
    ApprovalKind,
    Decision,
    OnReject,
    OnTimeout,
    OnError,
    OnBranchError,
    Reducer,
    Backoff,
)
WORDS = {
    **{name: "option" for each in OPTIONS for name in get_type_hints(each)},
    **{word.value: each.__name__ for each in CLOSED for word in each},
    **dict.fromkeys(KINDS, "kind of node"),
    **{name: "method" for name in dir(GraphBuilder) if name[0] != "_"},
    **{name: "part of a context" for name in (*dir(View), *dir(Context)) if name[0] != "_"},
}
#: What a builder holds is not for authors.
INSIDE = {"begin", "edges", "ended", "entries", "id", "notes", "role"}


def test_the_guide_names_everything_that_an_author_can_write() -> None:
    """An option, a decision or a kind of node that is new is noticed here."""
    named = set(re.findall(r"[\w-]+", GUIDE.read_text()))
    missing = {word: what for word, what in WORDS.items() if word not in INSIDE | named}

    assert missing == {}


def snippet(language: str, text: str) -> Snippet:
    """Return a snippet of nowhere."""
    return Snippet(language=language, file=None, line=7, text=text)


@pytest.mark.parametrize(
    ("snippets", "error"),
    [
        ([("python", "assert 1 == 2\n")], AssertionError),
        ([("python", "print(1)\n"), ("text", "2\n")], AssertionError),
        ([("python", "print(1)\n"), ("python", "print(2)\n")], AssertionError),
        ([("python", "print(1)\n")], AssertionError),
        ([("text", "1\n")], AssertionError),
        ([("console", "$ echo one\ntwo\n")], AssertionError),
        ([("console", "nothing is typed\n")], AssertionError),
        ([("yaml", "id: nobody-saves-this\n")], ValueError),
    ],
)
def test_what_is_not_true_is_noticed(
    reader: Reader, snippets: list[tuple[str, str]], error: type[Exception]
) -> None:
    """A snippet fails that shows what is not printed, hides what is, or that nobody could run."""
    with pytest.raises(error):
        follow(reader, snippets)


def test_what_is_true_is_let_through(reader: Reader) -> None:
    """What is printed and shown may have parts that differ from time to time."""
    follow(
        reader,
        [
            ("python", "x = 1\n"),
            ("python", "print(x)\n"),
            ("text", "1\n"),
            ("console", "$ echo version 123\nversion …\n\n$ echo two\ntwo\n"),
        ],
    )


def follow(reader: Reader, snippets: list[tuple[str, str]]) -> None:
    """Do what snippets say."""
    for language, text in snippets:
        reader.follow(snippet(language, text))
    reader.finish()
