"""Values of a document as the builder takes them: times, functions, policies, calendars."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any

from orchestrator.errors import GraphError
from orchestrator.graph.calendars import WorkingHours
from orchestrator.graph.durations import parse_duration
from orchestrator.graph.imports import import_named
from orchestrator.graph.nodes import Retry
from orchestrator.graph.policy import (
    Approver,
    ApproverKind,
    Policy,
    Slot,
    Stage,
    any_of,
    everyone,
    in_order,
    parse_approvers,
    quorum,
)
from orchestrator.graph.yaml_gates import (
    AnyOfPart,
    AnyPolicy,
    CalendarSpec,
    EveryonePart,
    InOrderSpec,
    QuorumPart,
    SlotSpec,
    StageSpec,
    StagesSpec,
)
from orchestrator.graph.yaml_scalars import (
    Length,
)
from orchestrator.graph.yaml_source import Document, Path
from orchestrator.graph.yaml_tasks import RetrySpec
from orchestrator.graph.yaml_types import (
    ModelSpec,
    RunSpec,
    Spec,
)

#: Stand in for what could not be read, so that no check finds a second problem in one mistake.
_SOMEBODY = (Approver(ApproverKind.GROUP, "unread"),)
_LONG, _SHORT = timedelta(days=1), timedelta(seconds=1)
_RULES = ("veto", "deny_threshold", "distinct", "last_editor_may_approve", "break_glass")
_LISTS = frozenset({"veto", "break_glass"})


@dataclass(slots=True, kw_only=True)
class Values:
    """Turns the values of one document into Python's; notes what cannot be had."""

    document: Document
    allow: Sequence[str]
    #: What is wrong, with the line.
    found: list[tuple[int, str]] = field(default_factory=list)

    def options(self, path: Path, spec: Spec, *without: str) -> dict[str, Any]:
        """Return what the document says in a mapping, but for some keys."""
        return {
            key: self.read((*path, key), value)
            for key, value in spec.given().items()
            if key not in without
        }

    def read(self, path: Path, value: Any) -> Any:
        """Return a value as the builder takes it."""
        match value:
            case RunSpec():
                return self.named(path, value.run)
            case ModelSpec():
                return self._try((*path, "model"), self._imported, value.model, {})
            case Length():
                return self._length(path, value)
            case RetrySpec():
                return self._retry(path, value)
            case CalendarSpec():
                return self._calendar(path, value)
            case StagesSpec() | InOrderSpec() | QuorumPart() | EveryonePart() | AnyOfPart():
                return self.policy(path, value)
            case Spec():
                return self.options(path, value)
            case dict():
                return {key: self.read((*path, key), each) for key, each in value.items()}
            case list():
                return [self.read((*path, index), each) for index, each in enumerate(value)]
            case _:
                return value

    def named(self, path: Path, reference: str) -> Any:
        """Import a function; in place of one that cannot be had, return one that is not called."""
        return self._try(path, self._imported, reference, missing)

    def note(self, path: Path, text: str) -> None:
        """Write down a problem."""
        self.found.append((self.document.line(path), text))

    def policy(self, path: Path, spec: AnyPolicy | QuorumPart | EveryonePart | AnyOfPart) -> Policy:
        """Return the policy."""
        policy = self._stages(path, spec)
        given = spec.given()
        rules = {name: given[name] for name in (*_RULES, "outsiders") if name in given}
        for name in _LISTS & rules.keys():
            rules[name] = self._approvers((*path, name), rules[name])
        return replace(policy, **rules)

    def _stages(
        self, path: Path, spec: AnyPolicy | QuorumPart | EveryonePart | AnyOfPart
    ) -> Policy:
        match spec:
            case StagesSpec():
                stages = enumerate(spec.stages)
                return Policy(
                    stages=tuple(self._stage((*path, "stages", n), each) for n, each in stages)
                )
            case InOrderSpec():
                parts = enumerate(spec.in_order)
                return in_order(*(self.policy((*path, "in_order", n), each) for n, each in parts))
            case QuorumPart():
                names = self._approvers((*path, "of"), spec.of)
                return quorum(spec.quorum, names, four_eyes=bool(spec.four_eyes))
            case EveryonePart():
                names = self._approvers((*path, "everyone"), spec.everyone)
                return everyone(names, four_eyes=bool(spec.four_eyes))
            case AnyOfPart():
                names = self._approvers((*path, "any_of"), spec.any_of)
                return any_of(names, four_eyes=bool(spec.four_eyes))

    def _stage(self, path: Path, spec: StageSpec) -> Stage:
        slots = tuple(
            self._slot((*path, "slots", index), each) for index, each in enumerate(spec.slots)
        )
        return Stage(slots=slots, **self.options(path, spec, "slots"))

    def _slot(self, path: Path, spec: SlotSpec) -> Slot:
        names = self._approvers((*path, "approvers"), spec.approvers)
        return Slot(approvers=names, count=spec.count)

    def _approvers(self, path: Path, names: Any) -> tuple[Approver, ...]:
        read: tuple[Approver, ...] = self._try(path, parse_approvers, names, _SOMEBODY)
        return read

    def _length(self, path: Path, length: Length) -> Any:
        plain = _LONG if path[-1] in ("timeout", "cap", "max_active") else _SHORT
        return self._try(
            path, parse_duration, length.text, missing if length.is_computable else plain
        )

    def _retry(self, path: Path, spec: RetrySpec) -> Retry:
        options = self.options(path, spec, "give_up_on")
        given = spec.give_up_on or ()
        names = [given] if isinstance(given, str) else given
        types = [self._try((*path, "give_up_on"), self._error_type, name, None) for name in names]
        return Retry(**options, give_up_on=tuple(each for each in types if each is not None))

    def _calendar(self, path: Path, spec: CalendarSpec) -> WorkingHours | None:
        options = self.options(path, spec)
        for name in ("start", "end"):
            if name in options:
                options[name] = self._try((*path, name), _time_of_day, options[name])
        if "holidays" in options:
            days = enumerate(options["holidays"])
            options["holidays"] = tuple(
                self._try((*path, "holidays", index), _day, each) for index, each in days
            )
        if None in options.values() or None in options.get("holidays", ()):
            return None
        made: WorkingHours | None = self._try(path, lambda known: WorkingHours(**known), options)
        return made

    def _imported(self, name: str) -> Any:
        return import_named(name, self.allow)

    def _error_type(self, name: str) -> type[BaseException]:
        thing = self._imported(name) if ":" in name else getattr(builtins, name, None)
        if isinstance(thing, type) and issubclass(thing, BaseException):
            return thing
        raise GraphError(f"{name!r} is no exception; write ValueError or package.module:MyError")

    def _try(self, path: Path, read: Callable[[Any], Any], value: Any, instead: Any = None) -> Any:
        try:
            return read(value)
        except (GraphError, TypeError, ValueError) as exc:
            self.note(path, str(exc))
            return instead


def _time_of_day(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day; write 09:00") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day; write 2030-12-25") from None


def missing(context: Mapping[str, Any]) -> Any:
    """Stand in for what could not be had; no graph is ever built with it."""
    raise NotImplementedError(context)
