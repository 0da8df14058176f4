"""Conditions written as text in CEL, the Common Expression Language (https://cel.dev)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from orchestrator.errors import ConditionError
from orchestrator.graph.expressions import NAMES, check_names
from orchestrator.graph.views import View

# The standard functions of CEL that the library evaluates; any other name is a typing error.
_FUNCTIONS = frozenset(
    {
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "int",
        "matches",
        "size",
        "startsWith",
        "string",
        "timestamp",
        "type",
        "uint",
    }
)
_TEXTS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_PATH = re.compile(r"(?:state|input|outputs|run|item)(?:\.[A-Za-z_]\w*)*")
# The variable that a macro brings along: `x` in `state.items.exists(x, x > 1)`.
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")


class _Cel:
    """CEL over a view, compiled and checked when it is made; equal when the text is the same."""

    __slots__ = ("_names", "_program", "source")

    def __init__(self, source: str) -> None:
        """Compile the text.

        Raises:
            ConditionError: The text is no CEL, or uses a name or function that does not exist,
                or the library for CEL is not installed.
        """
        self.source = source.strip()
        self._program = _compile(self.source)
        bound = set(_BOUND.findall(_TEXTS.sub("''", self.source))) - set(NAMES)
        used = set(self._program.variables()) - bound
        check_names("condition", self.source, used)
        self._names = tuple(sorted(used))
        called = {name for name in self._program.functions() if name[0].isalpha()}
        unknown = sorted(called - _FUNCTIONS)
        if unknown:
            raise ConditionError(
                f"condition {self.source!r} calls unknown function(s) {', '.join(unknown)}; "
                f"known are {', '.join(sorted(_FUNCTIONS))}, has and the macros on lists"
            )

    def _evaluate(self, view: View) -> Any:
        try:
            facts = {name: _to_cel(getattr(view, name)) for name in self._names}
            return self._program.execute(facts)
        except KeyError as exc:
            raise ConditionError(
                f"condition {self.source!r} asks for {exc.args[0]!r}, which is not there; "
                "guard it with has(…)"
            ) from exc
        except Exception as exc:
            # The library raises several built-in types, and a view may be an author's own.
            raise ConditionError(
                f"condition {self.source!r} cannot be evaluated: {_first_line(exc)}"
            ) from exc

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Cel) or type(other) is not type(self):
            return NotImplemented
        return self.source == other.source

    def __hash__(self) -> int:
        return hash((type(self), self.source))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"


class CelCondition(_Cel):
    """A predicate over a view; two with the same text are equal."""

    __slots__ = ()

    def __call__(self, view: View) -> bool:
        """Evaluate the condition.

        Raises:
            ConditionError: It cannot be evaluated on this view, or the result is not true or false.
        """
        result = self._evaluate(view)
        if not isinstance(result, bool):
            raise ConditionError(
                f"condition {self.source!r} gives {result!r}, neither true nor false; "
                "compare it with something"
            )
        return result


class CelList(_Cel):
    """A list computed from a view; two with the same text are equal."""

    __slots__ = ()

    def __call__(self, view: View) -> list[Any]:
        """Evaluate the expression.

        Raises:
            ConditionError: It cannot be evaluated on this view, or the result is no list.
        """
        result = self._evaluate(view)
        if not isinstance(result, list):
            raise ConditionError(
                f"expression {self.source!r} gives {result!r}, which is no list; "
                "map over a list, such as state.items"
            )
        return result


class KeyPath:
    """A list found under a dotted path, such as `state.items`; needs no CEL."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source

    def __call__(self, view: View) -> Sequence[Any]:
        """Follow the path.

        Raises:
            ConditionError: A key on the way is not there, or no list is at its end.
        """
        first, *keys = self.source.split(".")
        found = getattr(view, first)
        for key in keys:
            missing = key not in found if isinstance(found, Mapping) else not hasattr(found, key)
            if missing:
                raise ConditionError(
                    f"{self.source!r} asks for {key!r}, which is not there; set it before the map"
                )
            found = found[key] if isinstance(found, Mapping) else getattr(found, key)
        if isinstance(found, str | bytes) or not isinstance(found, Sequence):
            raise ConditionError(f"{self.source!r} is {found!r}, which is no list; map over a list")
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyPath):
            return NotImplemented
        return self.source == other.source

    def __hash__(self) -> int:
        return hash((KeyPath, self.source))

    def __repr__(self) -> str:
        return f"KeyPath({self.source!r})"


def read_list(source: str) -> KeyPath | CelList:
    """Read where a list comes from: a dotted path over a view, or else CEL.

    Raises:
        ConditionError: It is neither.
    """
    text = source.strip()
    return KeyPath(text) if _PATH.fullmatch(text) else CelList(text)


def _compile(source: str) -> Any:
    try:
        import cel  # noqa: PLC0415 - optional, and takes most of a second to import
    except ImportError as exc:
        raise ConditionError(
            f"condition {source!r} is CEL, whose library is not installed; "
            "install signoff[cel], or write the condition as a Python function"
        ) from exc
    try:
        return cel.compile(source)
    except ValueError as exc:
        reason = _first_line(exc).rpartition("ERROR: <input>:")[2]
        raise ConditionError(
            f"condition {source!r} is no valid CEL ({reason}); see https://cel.dev"
        ) from exc


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _to_cel(value: Any) -> Any:
    """Turn a value into one that CEL knows: plain lists and maps, instants and durations."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str | bytes | bool | int | float | datetime | timedelta):
        return value
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, Mapping):
        return {str(key): _to_cel(each) for key, each in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return [_to_cel(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
