"""What of a run must not be shown: values by their keys, and texts that repeat them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from orchestrator.graph.formats import Format, FormatKind

T = TypeVar("T")

#: What stands in the place of a secret.
HIDDEN = "hidden"
#: Fields of events, runs and approvals that hold values by keys of the author's.
_VALUES = frozenset(
    {"before_edit", "default", "edits", "input", "items", "output", "payload", "updates"}
    | {"value", "values"}
)
#: Texts repeat a secret where it stands as a word of this length, or anywhere if it is long.
_WORD, _LONG = 4, 8


def secret_keys(definition: Any) -> Iterator[str]:
    """Yield what the gates of a graph's definition call secret, by label or dotted key."""
    if isinstance(definition, list | tuple):
        for each in definition:
            yield from secret_keys(each)
    elif isinstance(definition, Mapping):
        for name, each in definition.items():
            if name == "formats" and isinstance(each, Mapping):
                yield from (key for key, shown in each.items() if shown == {"format": "secret"})
            yield from secret_keys(each)


def secrets_of(formats: Mapping[str, Format]) -> Secrets:
    """Return what hides the secrets that formats name."""
    return Secrets(key for key, each in formats.items() if each.kind is FormatKind.SECRET)


class Secrets:
    """Hides values by their keys at any depth, and then whatever repeats what it hid.

    A key may say more of the way to a value than the place where it stands: `draft.pin` is `pin`
    in the output of the node that made the draft. In doubt more is hidden.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        ways = [key.split(".") for key in keys]
        self._ways = sorted({tuple(way[n:]) for way in ways for n in range(len(way))})
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        """Is there anything to hide?"""
        return bool(self._ways)

    def learn(self, value: Any) -> None:
        """Remember the secrets among values, or in the values of an event, a run or a record."""
        if not self._ways:
            return
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            for each in dataclasses.fields(value):
                inner = getattr(value, each.name)
                if each.name in _VALUES or dataclasses.is_dataclass(inner):
                    self.learn(inner)
            return
        self._keyed(value)

    def hide(self, found: T) -> T:
        """Return values, or an event, a run or a record, without secrets known or met in it."""
        if not self._ways:
            return found
        self.learn(found)
        hidden: T = self._hide(found, is_value=not dataclasses.is_dataclass(found))
        return hidden

    def _hide(self, value: Any, *, is_value: bool) -> Any:
        if is_value:
            value = self._keyed(value)
        return self._told(value, is_value=is_value)

    def _keyed(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(self._keyed(each) for each in value)
        if not isinstance(value, Mapping):
            return value
        found: Any = value
        for way in self._ways:
            found = self._without(found, way)
        return {key: self._keyed(each) for key, each in found.items()}

    def _without(self, value: Any, way: tuple[str, ...]) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(self._without(each, way) for each in value)
        if not isinstance(value, Mapping):
            return value
        found = dict(value)
        for length in range(1, len(way) + 1):  # a key may have dots itself
            name, rest = ".".join(way[:length]), way[length:]
            if name not in found:
                continue
            if rest:
                found[name] = self._without(found[name], rest)
            else:
                self._remember(found[name])
                found[name] = HIDDEN
        return found

    def _remember(self, value: Any) -> None:
        if isinstance(value, Mapping):
            for each in value.values():
                self._remember(each)
        elif isinstance(value, list | tuple):
            for each in value:
                self._remember(each)
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            if len(text) >= _WORD and text != HIDDEN and text not in self._known:
                self._known.add(text)
                self._pattern = None

    def _told(self, value: Any, *, is_value: bool) -> Any:
        """Return something without what repeats a secret; numbers of events stay."""
        if type(value) is str:
            return self._compiled().sub(HIDDEN, value) if self._known else value
        if is_value and isinstance(value, int | float) and str(value) in self._known:
            return HIDDEN
        if isinstance(value, list | tuple):
            return type(value)(self._told(each, is_value=is_value) for each in value)
        if isinstance(value, Mapping):
            return {key: self._told(each, is_value=is_value) for key, each in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._parts(value)
        return value

    def _parts(self, value: Any) -> Any:
        changes = {}
        for each in dataclasses.fields(value):
            old = getattr(value, each.name)
            new = self._hide(old, is_value=each.name in _VALUES)
            if new != old:
                changes[each.name] = new
        return dataclasses.replace(value, **changes) if changes else value

    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile(
                "|".join(
                    re.escape(each) if len(each) >= _LONG else rf"(?<!\w){re.escape(each)}(?!\w)"
                    for each in longest
                )
            )
        return self._pattern
