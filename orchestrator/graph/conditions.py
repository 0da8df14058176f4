"""Conditions written as text in CEL, the Common Expression Language (https://cel.dev)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from orchestrator.errors import ConditionError
from orchestrator.graph.expressions import NAMES, check_names
from orchestrator.graph.nodes import View

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
# The variable that a macro brings along: `x` in `state.items.exists(x, x > 1)`.
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")


class CelCondition:
    """A predicate over a view, compiled and checked when it is made.

    Two conditions with the same text are equal.
    """

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

    def __call__(self, view: View) -> bool:
        """Evaluate the condition.

        Raises:
            ConditionError: It cannot be evaluated on this view, or the result is not true or false.
        """
        try:
            facts = {name: _to_cel(getattr(view, name)) for name in self._names}
            result = self._program.execute(facts)
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
        if not isinstance(result, bool):
            raise ConditionError(
                f"condition {self.source!r} gives {result!r}, neither true nor false; "
                "compare it with something"
            )
        return result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CelCondition):
            return NotImplemented
        return self.source == other.source

    def __hash__(self) -> int:
        return hash((CelCondition, self.source))

    def __repr__(self) -> str:
        return f"CelCondition({self.source!r})"


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
