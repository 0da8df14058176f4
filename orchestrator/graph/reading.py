"""Reading what authors write: each value as it is kept, or a note of what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from orchestrator.errors import ConditionError
from orchestrator.graph.conditions import CelCondition
from orchestrator.graph.decorators import brought_options
from orchestrator.graph.durations import parse_duration
from orchestrator.graph.nodes import Retry
from orchestrator.graph.options import NodeOptions
from orchestrator.graph.policy import Approver, ApproverKind, parse_approvers
from orchestrator.graph.problems import Place
from orchestrator.graph.templates import Template
from orchestrator.graph.views import EVERYTHING, View

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Note = tuple[Place, str]

#: Stands in for approvers that could not be read; no graph is ever built with it.
SOMEBODY = (Approver(ApproverKind.USER, "?"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads the options of one place; what cannot be read is noted, and something stands in.

    What stands in keeps the checks from finding a second problem in the same mistake.
    """

    notes: list[Note]
    place: Place
    #: Put before every note, such as `review: `.
    prefix: str = ""

    def of(self, gate: str) -> Reader:
        """Return a reader for one gate of the node."""
        return replace(self, prefix=f"{gate}: ")

    def note(self, text: str) -> None:
        """Write down a problem."""
        self.notes.append((self.place, f"{self.prefix}{text}"))

    def read(self, parse: Callable[[Any], T], value: Any, instead: Any = None) -> Any:
        """Parse a value that may be None."""
        if value is None:
            return None
        try:
            return parse(value)
        except (ConditionError, TypeError, ValueError) as exc:
            self.note(str(exc))
        return instead

    def text(self, option: str, value: Any) -> Any:
        """Read a template, or a function of the view."""
        if callable(value):
            self.predicate(option, value)
            return value
        return self.read(lambda given: Template(expect(str, option, given)), value)

    def time(self, option: str, value: Any) -> Any:
        """Read a duration, or a function of the view that computes one."""
        if callable(value):
            self.predicate(option, value)
            return value
        return self.read(duration, value, unread)

    def plain_time(self, value: Any, instead: timedelta | None = None) -> timedelta | None:
        """Read a duration that cannot be computed."""
        read: timedelta | None = self.read(duration, value, instead)
        return read

    def instant(self, option: str, value: Any) -> Any:
        """Read an aware instant, or a function of the view that computes one."""
        if callable(value):
            self.predicate(option, value)
            return value
        return self.read(_instant, value, unread)

    def condition(self, option: str, value: Any) -> Any:
        """Read CEL text, or a function of the view."""
        if isinstance(value, str):
            return self.read(CelCondition, value, unread)
        if value is not None:
            self.predicate(option, value)
        return value

    def choice(self, option: str, known: type[E], value: Any, instead: E | None) -> E | None:
        """Read one of a closed set of words."""

        def parse(word: Any) -> E:
            try:
                return known(word)
            except ValueError:
                raise ValueError(
                    f"{option} {word!r} is unknown; write one of {', '.join(known)}"
                ) from None

        read: E | None = self.read(parse, value, instead)
        return read

    def names(
        self, option: str, value: Any, default: tuple[str, ...] = EVERYTHING
    ) -> tuple[str, ...]:
        """Read one name or several; `*` among them is everything."""
        if value is None:
            return default
        if isinstance(value, str):
            listed: tuple[Any, ...] = (value,)
        elif isinstance(value, Iterable):
            listed = tuple(value)
        else:
            self.note(f"{option} is {value!r}; give names of keys, or * for all")
            return EVERYTHING
        for each in listed:
            if not isinstance(each, str):
                self.note(f"{option} has {each!r}, which is no text; give names of keys, or *")
        named = tuple(dict.fromkeys(each for each in listed if isinstance(each, str)))
        return EVERYTHING if "*" in named else named

    def approvers(self, option: str, value: Any) -> tuple[Approver, ...]:
        """Read names of approvers."""

        def parse(names: Any) -> tuple[Approver, ...]:
            listed = names if isinstance(names, str) else list(names)
            for each in listed:
                if not isinstance(each, str | Approver):
                    raise TypeError(f"{option} has {each!r}, which is no text; {_NAMES_RULE}")
            return parse_approvers(listed)

        if value is not None and not isinstance(value, Iterable):
            self.note(f"{option} is {value!r}; {_NAMES_RULE}")
            return SOMEBODY
        return self.read(parse, value, SOMEBODY) or ()

    def number(self, option: str, value: Any, instead: int) -> int:
        """Read a whole number; None is the default."""
        read = self.read(lambda given: expect(int, option, given), value, instead)
        return instead if read is None else read

    def word(self, option: str, value: Any) -> str | None:
        """Read a text that is a name."""
        read: str | None = self.read(lambda given: expect(str, option, given), value)
        return read

    def predicate(self, option: str, function: object) -> None:
        """Look at a function of the view, which must be synchronous."""
        self.function(option, function)
        # What an async function returns is always true, so the question would never be asked.
        if any(
            inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
            for each in (function, vars(type(function)).get("__call__"))
        ):
            self.note(f"{option} is async; compute it in a task and look at the state")
        self.ungated(option, function)

    def ungated(self, option: str, function: object) -> None:
        """Refuse gates where nobody would ask them."""
        if brought_options(function):
            self.note(f"{option} is a function with gates, which nobody asks here; use a task")

    def function(self, option: str, function: object) -> None:
        """Look at a function that takes one argument."""
        if not callable(function):
            self.note(f"{option} is {function!r}; give a function of one argument")
            return
        try:
            signature = inspect.signature(function)
        except ValueError:
            return  # some functions written in C do not say what they take
        try:
            signature.bind(None)
        except TypeError:
            self.note(f"{option} takes {signature}; it must take one positional argument")

    def known(self, options: Mapping[str, Any], known: type) -> None:
        """Refuse options that nobody reads."""
        names = sorted(known.__annotations__, key=lambda name: name in NodeOptions.__annotations__)
        for name in sorted(set(options) - set(names)):
            self.note(f"has no option {name!r}; known are {', '.join(names)}")


_NAMES_RULE = "give names of approvers, in one text or a list"


def unread(view: View) -> Any:
    """Stand in for a text that could not be read; no graph is ever built with it."""
    raise NotImplementedError(view)


def expect(kind: type[T], option: str, value: object) -> T:
    """Return the value if it is of the kind; a truth value is no number.

    Raises:
        TypeError: It is not.
    """
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise TypeError(f"{option} is {value!r}; give {_KINDS.get(kind, kind.__name__)}")


_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    dict: "a mapping",
}


def duration(value: object) -> timedelta:
    """Read a timedelta, or text such as `5m`.

    Raises:
        TypeError: It is neither.
        ValueError: The text is no duration.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise TypeError(f"{value!r} is no duration; write a timedelta, or text such as 5m")


def retry(value: object) -> Retry:
    """Read how to try again, or just how often.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(value, Retry):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Retry(attempts=value)
    raise TypeError(f"retry is {value!r}; give a Retry, or how often to try in all, such as 3")


def _instant(value: object) -> datetime:
    read = value
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no instant; write 2030-01-31T09:00:00+01:00") from None
    if not isinstance(read, datetime):
        raise TypeError(f"{value!r} is no instant; give a datetime with a zone, or ISO 8601 text")
    if read.utcoffset() is None:
        raise ValueError(f"{value!s} has no zone; add an offset, as in 2030-01-31T09:00:00+01:00")
    return read
