"""Checking files of graphs, each on its own, so that all their problems are found at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.failures import code_of, lines_of
from orchestrator.errors import GraphError
from orchestrator.graph import Graph, load_graphs

_SUFFIXES = frozenset({".py", ".yaml", ".yml"})


@dataclass(slots=True, kw_only=True)
class Checked:
    """What files hold, and what is wrong with them."""

    graphs: dict[str, Graph] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    code: int = 0  #: to exit with


def check_files(paths: Sequence[Path], allow: Sequence[str]) -> Checked:
    """Check files and folders as a server would load them, but do not stop at the first bad one.

    A file may need graphs of others, so those that cannot be used alone are tried again together
    with those that can, until none is added any more.
    """
    good: list[Path] = []
    failed = dict.fromkeys(_files(paths))
    errors: dict[Path, GraphError] = {}
    is_growing = True
    while is_growing:
        is_growing = False
        for file in list(failed):
            try:
                load_graphs([*good, file], allow=allow)
            except GraphError as error:
                errors[file] = error
            else:
                good.append(file)
                del failed[file]
                is_growing = True
    checked = Checked(graphs=load_graphs(good, allow=allow))
    for file in failed:
        checked.problems.extend(lines_of(errors[file]))
        checked.code = code_of(errors[file])
    return checked


def _files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that a loader would read; what is not there is its to refuse."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [
            each
            for each in inside
            if each is path or (each.suffix in _SUFFIXES and each.name[0] not in "._")
        ]
    return found
