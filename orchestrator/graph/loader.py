"""Graphs out of files and folders, by id."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from orchestrator.errors import GraphError, GraphValidationError
from orchestrator.graph.callables import FILE_MODULE_PREFIX
from orchestrator.graph.graph import Graph
from orchestrator.graph.yaml_loader import build, in_order, read_drafts

if TYPE_CHECKING:
    from orchestrator.graph.yaml_drafts import Draft

_YAML = frozenset({".yaml", ".yml"})
_SUFFIXES = _YAML | {".py"}
#: Attribute of a module that was imported as a neighbour: the folder that it belongs to.
_FOLDER = "__graph_folder__"


def load_graphs(paths: Sequence[Path], *, allow: Sequence[str]) -> dict[str, Graph]:
    """Load every graph of the given files and folders.

    Of a folder all `*.py`, `*.yaml` and `*.yml` files directly inside are loaded whose names do not
    begin with `.` or `_`. Of a Python file every `Graph` that is bound to a name of the module
    counts; a graph that several files import counts once. A graph in YAML may run any other one
    inside itself, by its id, whichever file that is in.

    While a file is loaded its folder is the first on `sys.path`, so that it can import its
    neighbours, and YAML can name functions of allowed ones; afterwards `sys.path` is as before.
    Neighbours of the same name in two folders do not get in each other's way. An import inside a
    function, run later, finds a neighbour only if something has imported it by then.

    Args:
        paths: Files and folders.
        allow: Modules whose functions YAML may name; see `load_yaml`.

    Raises:
        GraphError: A path does not exist or is of no known kind, a file cannot be imported, two
            graphs have one id, or there is a problem inside a graph.
    """
    found: dict[str, Graph | Draft] = {}
    origins: dict[str, Path] = {}
    for file in dict.fromkeys(each for path in paths for each in _files(path)):
        for each in _read_file(file):
            if found.get(each.id) is each:
                continue
            if each.id in found:
                first = origins[each.id]
                raise GraphError(f"graph {each.id!r} is in {first} and {file}; rename one of them")
            found[each.id] = each
            origins[each.id] = file
    built = {name: each for name, each in found.items() if isinstance(each, Graph)}
    drafts = [each for each in found.values() if not isinstance(each, Graph)]
    for draft in in_order(drafts):
        with _neighbours(origins[draft.id].parent):
            built[draft.id] = build(draft, allow, built, drafts)
    return {name: built[name] for name in found}


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(each.absolute() for each in path.iterdir() if each.suffix in _SUFFIXES)
        return [each for each in inside if each.name[0] not in "._" and each.is_file()]
    if not path.is_file():
        raise GraphError(f"{path}: there is no such file or folder; correct the path")
    if path.suffix not in _SUFFIXES:
        raise GraphError(f"{path}: is neither Python nor YAML; name it *.py, *.yaml or *.yml")
    return [path.absolute()]


def _read_file(file: Path) -> Sequence[Graph | Draft]:
    """Import a Python file, or read one in YAML, whose graphs may need those of later files."""
    if file.suffix in _YAML:
        return read_drafts(file)
    with _neighbours(file.parent):
        module = _import_file(file)
    found = {id(value): value for value in vars(module).values() if isinstance(value, Graph)}
    return list(found.values())


def _import_file(file: Path) -> ModuleType:
    """Import a file, or return the module if a neighbour has imported it already."""
    digest = sha256(str(file.parent).encode()).hexdigest()[:8]
    name = f"{FILE_MODULE_PREFIX}{digest}_{file.stem}"
    for known in (name, file.stem):
        module = sys.modules.get(known)
        if module is not None and _comes_from(module, file):
            return module
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise GraphError(f"{file}: cannot be imported; name it like a module, *.py")
    module = importlib.util.module_from_spec(spec)
    # Both names lead to one module, so that a neighbour that imports it gets the same graphs.
    names = [name] if file.stem in sys.modules else [name, file.stem]
    sys.modules.update(dict.fromkeys(names, module))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as exc:
        for each in names:
            sys.modules.pop(each, None)
        raise _failure(exc, file) from exc
    return module


def _comes_from(module: ModuleType, file: Path) -> bool:
    origin = getattr(module, "__file__", None)
    return origin is not None and Path(origin).resolve() == file.resolve()


@contextmanager
def _neighbours(folder: Path) -> Iterator[None]:
    """Let imports find the modules of a folder, and not those of other graphs' folders."""
    names = {each.stem for each in folder.glob("*.py")}
    names |= {each.parent.name for each in folder.glob("*/__init__.py")}
    before = dict(sys.modules)
    foreign = {
        name: module
        for name, module in before.items()
        if name.partition(".")[0] in names and getattr(module, _FOLDER, folder) != folder
    }
    for name in foreign:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            if before.get(name) is not module and name.partition(".")[0] in names:
                setattr(module, _FOLDER, folder)
        sys.modules.update(foreign)


def _failure(error: BaseException, file: Path) -> GraphError:
    """Say where in the file its import failed, and why; keep the list of a graph's problems."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    line = lines[-1] if lines else 1
    if isinstance(error, SyntaxError) and error.filename == str(file):
        line = error.lineno
    place = f"{file}:{line or 1}"
    if isinstance(error, GraphValidationError):
        return GraphValidationError(error.graph_id, [f"{place}: {each}" for each in error.problems])
    reason = " ".join(str(error).split())
    return GraphError(f"{place}: {type(error).__name__}: {reason}; correct the file")
