"""A small language of rules for JSON, with the messages that Slack answers.

A rule adds one line per fault, such as
`[ERROR] must be less than 76 characters [json-pointer:/blocks/0/text/text]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Faultlist:
    """The faults found so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, text: str, pointer: str) -> None:
        """Add one fault at a place of the document."""
        self.lines.append(f"[ERROR] {text} [json-pointer:{pointer}]")


class Rule(Protocol):
    """Something a value must satisfy."""

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """Add a fault for everything in `value` that is not allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Str:
    """A string of bounded length, perhaps of a certain form."""

    min: int = 0
    max: int | None = None
    pattern: str | None = None

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, str):
            faults.add("must provide a string", pointer)
        elif len(value) < self.min:
            faults.add(f"must be more than {self.min - 1} characters", pointer)
        elif self.max is not None and len(value) > self.max:
            faults.add(f"must be less than {self.max + 1} characters", pointer)
        elif self.pattern is not None and not re.fullmatch(self.pattern, value):
            faults.add("does not match the required format", pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool:
    """True or false."""

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, bool):
            faults.add("must provide a boolean", pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Num:
    """A number within bounds."""

    min: int | None = None
    max: int | None = None

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.add("must provide a number", pointer)
        elif self.min is not None and value < self.min:
            faults.add(f"must be greater than or equal to {self.min}", pointer)
        elif self.max is not None and value > self.max:
            faults.add(f"must be less than or equal to {self.max}", pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One of a few words."""

    values: tuple[Any, ...]

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if value not in self.values or isinstance(value, bool):
            faults.add("must be a valid enum value", pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arr:
    """An array of alike items."""

    of: Rule
    min: int = 0
    max: int | None = None

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, list):
            faults.add("must provide an array", pointer)
            return
        if len(value) < self.min:
            faults.add(f"no fewer than {self.min} items allowed", pointer)
        if self.max is not None and len(value) > self.max:
            faults.add(f"no more than {self.max} items allowed", pointer)
        for index, item in enumerate(value):
            self.of.check(item, f"{pointer}/{index}", faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obj:
    """An object with known fields; `together` looks at all of them."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    together: Callable[[Mapping[str, Any], str, Faultlist], None] | None = None

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, Mapping):
            faults.add("must provide an object", pointer)
            return
        before = len(faults.lines)
        for name in self.required:
            if name not in value:
                faults.add(f"missing required field: {name}", pointer)
        for name, item in value.items():
            rule = self.fields.get(name)
            if rule is None:
                faults.add(f"invalid additional property: {name}", pointer)
            else:
                rule.check(item, f"{pointer}/{name}", faults)
        if self.together is not None and len(faults.lines) == before:
            self.together(value, pointer, faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """An object whose `type` says which rule applies; `table` is looked up when needed."""

    table: Callable[[], Mapping[str, Rule]]
    allowed: frozenset[str] | None = None

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, Mapping):
            faults.add("must provide an object", pointer)
            return
        kind = value.get("type")
        if kind is None:
            faults.add("missing required field: type", pointer)
            return
        rule = self.table().get(kind) if isinstance(kind, str) else None
        if rule is None or (self.allowed is not None and kind not in self.allowed):
            faults.add(f"unsupported type: {kind}", f"{pointer}/type")
            return
        rule.check(value, pointer, faults)


_TEXT_FIELDS: dict[str, dict[str, Rule]] = {
    "plain_text": {"emoji": Bool()},
    "mrkdwn": {"verbatim": Bool()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text object of one of these kinds."""

    max: int
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn")

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        if not isinstance(value, Mapping) or value.get("type") not in self.kinds:
            faults.add("failed to match all allowed schemas", pointer)
            faults.add(f"must be one of: {', '.join(self.kinds)}", f"{pointer}/type")
            return
        fields: dict[str, Rule] = {
            "type": Str(),
            "text": Str(min=1, max=self.max),
            **_TEXT_FIELDS[value["type"]],
        }
        Obj(fields=fields, required=("text",)).check(value, pointer, faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """A value that satisfies one of several rules."""

    rules: tuple[Rule, ...]

    def check(self, value: Any, pointer: str, faults: Faultlist) -> None:
        """See Rule."""
        for rule in self.rules:
            attempt = Faultlist()
            rule.check(value, pointer, attempt)
            if not attempt.lines:
                return
        faults.add("failed to match all allowed schemas", pointer)
