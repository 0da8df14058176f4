"""YAML text as plain values, with the line of each; no object of YAML's leaves this module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.errors import GraphError

#: Where a value stands in its document: keys and positions from the top.
Path = tuple[str | int, ...]
#: Values that one document may have once its aliases are followed, against aliases of aliases.
MAX_VALUES = 50_000


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

    def at(self, path: Sequence[Any]) -> str:
        """Return `file:line` of the value, or of what is around it if there is none."""
        return f"{self.name}:{self.lines.get(self.known(path), 1)}"


def read_documents(text: str, name: str) -> Iterator[Document]:
    """Yield the documents of a text that are not empty.

    Raises:
        GraphError: The text is no YAML, or has two equal keys, a key that is no text, or too many
            values; the message begins with `file:line`.
    """
    from yaml import MarkedYAMLError, SafeLoader, YAMLError  # noqa: PLC0415 - slow to import

    try:
        loader = SafeLoader(text)
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


class _Reader:
    """Turns the nodes of one document into plain values."""

    def __init__(self, loader: Any, document: Document) -> None:
        self.document = document
        self._loader = loader
        self._around: list[Any] = []
        self._count = 0

    def read(self, node: Any, path: Path, line: int | None = None) -> Any:
        """Return the value, and note the lines of everything in it."""
        self.document.lines[path] = line or node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_VALUES:
            raise self._error(node, f"more than {MAX_VALUES} values; make the file smaller")
        if any(node is each for each in self._around):
            raise self._error(node, "an alias that leads into itself; write the part out")
        self._around.append(node)
        try:
            return self._value(node, path)
        finally:
            self._around.pop()

    def _value(self, node: Any, path: Path) -> Any:
        if node.id == "mapping":
            self._refuse_twins(node)
            # Resolves `<<`; own keys come after the merged ones and replace them.
            self._loader.flatten_mapping(node)
            return {
                self._key(key): self.read(each, (*path, self._key(key)), key.start_mark.line + 1)
                for key, each in node.value
            }
        if node.id == "sequence":
            return [self.read(each, (*path, index)) for index, each in enumerate(node.value)]
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value  # JSON, which inputs are made of, has no dates
        return self._loader.construct_object(node)

    def _refuse_twins(self, node: Any) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self._key(key)
            if name in seen:
                raise self._error(key, f"the key {name!r} for the second time; rename or drop one")
            seen.add(name)

    def _key(self, node: Any) -> str:
        key = self._loader.construct_object(node)
        if not isinstance(key, str):
            raise self._error(node, f"the key {node.value!r}, which is no text; put it in quotes")
        return key

    def _error(self, node: Any, what: str) -> GraphError:
        return GraphError(f"{self.document.name}:{node.start_mark.line + 1}: there is {what}")
