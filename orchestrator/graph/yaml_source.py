"""YAML text as plain values, with the line of each; no object of YAML's leaves this module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orchestrator.errors import GraphError

#: Where a value stands in its document: keys and positions from the top.
Path = tuple[str | int, ...]
#: Values that one document may have once its aliases are followed, against aliases of aliases.
MAX_VALUES = 50_000
#: How deep values may be inside each other; a body in a body takes about four.
MAX_DEPTH = 100

_MERGE = "tag:yaml.org,2002:merge"
_INT = "tag:yaml.org,2002:int"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


@dataclass(slots=True, kw_only=True)
class Document:
    """One document of a text."""

    #: The file's name, for messages.
    name: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def known(self, path: Sequence[Any]) -> Path:
        """Return the steps of a path that lead to a value, skipping those that do not."""
        known: Path = ()
        for step in path:
            if (*known, step) in self.lines:
                known = (*known, step)
        return known

    def line(self, path: Sequence[Any]) -> int:
        """Return the line of the value, or of what is around it if there is none."""
        return self.lines.get(self.known(path), 1)


def read_documents(text: str, name: str) -> Iterator[Document]:
    """Yield the documents of a text that are not empty.

    Raises:
        GraphError: The text is no YAML, or has two equal keys, a key that is no text, a tag, or
            too many values or too deep ones; the message begins with `file:line`.
    """
    from yaml import MarkedYAMLError, YAMLError  # noqa: PLC0415 - slow to import

    try:
        loader = _loader()(text)
        loader.file = name
        try:
            while loader.check_node():
                reader = _Reader(loader, Document(name=name))
                reader.document.value = reader.read(loader.get_node(), ())
                if reader.document.value is not None:
                    yield reader.document
        finally:
            loader.dispose()
    except MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise GraphError(f"{name}:{line}: this is no YAML: {exc.problem}; correct it") from exc
    except YAMLError as exc:
        raise GraphError(f"{name}:1: this is no YAML: {str(exc).splitlines()[0]}") from exc


@cache
def _loader() -> Any:
    """Return the class of loaders, which refuse tags and depth before they build anything."""
    from yaml import SafeLoader  # noqa: PLC0415 - slow to import

    class Loader(SafeLoader):
        """Composes plain nodes only."""

        file = ""
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Compose one node, unless it has a tag or is too deep."""
            event: Any = super().peek_event()  # type: ignore[no-untyped-call] # of PyYAML's
            tag = getattr(event, "tag", None)
            if tag is not None:
                short = tag.replace("tag:yaml.org,2002:", "!!")
                raise _error(self.file, event, f"the tag {short!r}; write plain values without it")
            if self.depth >= MAX_DEPTH:
                what = f"nesting deeper than {MAX_DEPTH}; make graphs of inner parts"
                raise _error(self.file, event, f"{what} and name them by kind: subgraph")
            self.depth += 1
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    return Loader


def _error(name: str, place: Any, what: str) -> GraphError:
    return GraphError(f"{name}:{place.start_mark.line + 1}: there is {what}")


class _Reader:
    """Turns the nodes of one document into plain values."""

    def __init__(self, loader: Any, document: Document) -> None:
        self.document = document
        self._loader = loader
        self._around: list[Any] = []
        self._count = 0
        #: Keys and values of mappings, what they merge included, by the mapping's node.
        self._merged: dict[int, dict[str, tuple[Any, Any]]] = {}

    def read(self, node: Any, path: Path, line: int | None = None) -> Any:
        """Return the value, and note the lines of everything in it."""
        self.document.lines[path] = line or node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_VALUES:
            raise self._error(node, f"more than {MAX_VALUES} values; make the file smaller")
        if len(path) > MAX_DEPTH:
            raise self._error(node, f"nesting deeper than {MAX_DEPTH}; use fewer aliases")
        self._enter(node)
        try:
            return self._value(node, path)
        finally:
            self._around.pop()

    def _value(self, node: Any, path: Path) -> Any:
        if node.id == "mapping":
            return {
                name: self.read(each, (*path, name), key.start_mark.line + 1)
                for name, (key, each) in self._pairs(node).items()
            }
        if node.id == "sequence":
            return [self.read(each, (*path, index)) for index, each in enumerate(node.value)]
        if node.tag == _TIMESTAMP or (node.tag == _INT and ":" in node.value):
            # JSON, which inputs are made of, has no dates; and 17:00 is a time, not 1020.
            return node.value
        return self._scalar(node)

    def _pairs(self, node: Any) -> dict[str, tuple[Any, Any]]:
        """Return what a mapping holds by key: first what it merges, replaced by its own."""
        if id(node) in self._merged:
            return self._merged[id(node)]
        merged: dict[str, tuple[Any, Any]] = {}
        own: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                self._enter(value)
                merged.update(self._merge(value))
                self._around.pop()
                continue
            name = self._key(key)
            if name in own:
                raise self._error(key, f"the key {name!r} for the second time; rename or drop one")
            own[name] = (key, value)
        self._merged[id(node)] = merged | own
        return self._merged[id(node)]

    def _merge(self, node: Any) -> dict[str, tuple[Any, Any]]:
        if node.id == "mapping":
            return self._pairs(node)
        merged: dict[str, tuple[Any, Any]] = {}
        # Of several the first counts.
        for each in reversed(node.value) if node.id == "sequence" else [node]:
            if each.id != "mapping":
                raise self._error(each, "a merge of what is no mapping; merge mappings only")
            self._enter(each)
            merged.update(self._pairs(each))
            self._around.pop()
        return merged

    def _enter(self, node: Any) -> None:
        if any(node is each for each in self._around):
            raise self._error(node, "an alias that leads into itself; write the part out")
        self._around.append(node)

    def _key(self, node: Any) -> str:
        if node.id != "scalar":
            raise self._error(node, "a key that is a list or a mapping; write a text")
        key = self._scalar(node)
        if not isinstance(key, str):
            raise self._error(node, f"the key {node.value!r}, which is no text; put it in quotes")
        return key

    def _scalar(self, node: Any) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError as exc:
            raise self._error(
                node, f"a value that cannot be read ({exc}); put it in quotes"
            ) from exc

    def _error(self, node: Any, what: str) -> GraphError:
        return _error(self.document.name, node, what)
