"""What an answer brings, checked before anything of it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.core.approval_events import ApprovalOpened
from orchestrator.core.refusals import BadResponse, InvalidValues
from orchestrator.errors import InputError
from orchestrator.graph.gates import Gate
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import Decision
from orchestrator.graph.views import DECISION_KEY, EVERYTHING, RESPONSE_KEY

Problem = tuple[str, str]  # field, and what is wrong with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a decision brought, as it is stored."""

    values: Any = None


def read_answer(
    decision: Decision,
    values: Any,
    *,
    opened: ApprovalOpened,
    gate: Gate | None,
    old: Callable[[], Any],
) -> Answer | BadResponse | InvalidValues:
    """Check what came with a decision.

    Args:
        decision: One that the approval takes.
        values: Values, routes, a result, or the edited output.
        opened: The question.
        gate: The declaration of the question; None where the graph at hand does not have it.
        old: Returns what an edit would replace.
    """
    if decision not in _BRINGS:
        if values is None:
            return Answer()
        return BadResponse(message=f"{decision.value} takes no values; leave them out")
    if decision is Decision.CHOOSE:
        return _read_routes(values, opened)
    if gate is None:
        return BadResponse(
            message=f"the graph at hand has no {opened.kind.value} gate at {opened.path!r} that "
            "could check the values; answer where its graph is loaded"
        )
    if gate.schema is not None:
        return _read_fields(values, gate.schema)
    try:
        problems = list(find_non_json(values))
        if not problems and decision is Decision.EDIT:
            problems = list(find_differences(old(), values))
        return (
            InvalidValues(problems=tuple(problems)) if problems else Answer(values=_plain(values))
        )
    except RecursionError:
        return _one_problem("is nested too deeply to be stored; make it flatter")


_BRINGS = frozenset({Decision.ANSWER, Decision.RESULT, Decision.EDIT, Decision.CHOOSE})


def _read_fields(values: Any, schema: InputSchema) -> Answer | InvalidValues:
    try:
        return Answer(values=schema.dump(schema.parse(values)))
    except InputError as error:
        return InvalidValues(problems=error.problems)


def _read_routes(values: Any, opened: ApprovalOpened) -> Answer | InvalidValues:
    known = ", ".join(opened.choices)
    routes = [values] if isinstance(values, str) else values
    if not isinstance(routes, list | tuple) or not routes:
        return _one_problem(f"choose {_how_many(opened)} of {known}")
    unknown = [route for route in routes if route not in opened.choices]
    if unknown:
        names = ", ".join(map(repr, unknown))
        return _one_problem(f"{names} is no route here; choose {_how_many(opened)} of {known}")
    if len(set(routes)) < len(routes):
        return _one_problem("a route is chosen twice; name each once")
    if len(routes) > 1 and not opened.is_multiple:
        return _one_problem(f"{len(routes)} routes are chosen; choose one of {known}")
    return Answer(values=list(routes))


def _how_many(opened: ApprovalOpened) -> str:
    return "one or several" if opened.is_multiple else "one"


def _one_problem(text: str) -> InvalidValues:
    return InvalidValues(problems=(("", text),))


def refuse_updates(
    updates: Mapping[str, Any], opened: ApprovalOpened, gate: Gate | None
) -> BadResponse | InvalidValues | None:
    """Say why state keys cannot be set beside a decision, or None."""
    if not updates:
        return None
    writes = gate.writes if gate is not None else ()
    own = {DECISION_KEY, RESPONSE_KEY}
    if gate is not None and gate.save_as is not None:
        own.add(gate.save_as)
    outside = set() if writes == EVERYTHING else updates.keys() - set(writes)
    refused = sorted((own & updates.keys()) | outside)
    if refused:
        allowed = ", ".join(writes) or "none"
        return BadResponse(
            message=f"an answer to {opened.node!r} cannot set {', '.join(refused)}; "
            f"this gate's writes are: {allowed}"
        )
    problems = tuple(find_non_json(dict(updates)))
    return InvalidValues(problems=problems) if problems else None


def find_non_json(value: Any, field: str = "") -> Iterator[Problem]:
    """Yield the places of a value that JSON cannot hold."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(key, str) and _is_scalar(key):
                yield from find_non_json(each, _join(field, key))
            else:
                yield field, f"has the key {key!r}, which is no text"
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from find_non_json(each, _join(field, str(number)))
    elif value is not None and not _is_scalar(value):
        yield field, f"{value!r} is no JSON; use texts, finite numbers, booleans, lists and objects"


def _is_scalar(value: Any) -> bool:
    if not isinstance(value, str | int | float):
        return False
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=dict))


def find_differences(old: Any, new: Any, field: str = "") -> Iterator[Problem]:
    """Yield where an edit does not keep the types: the same keys, and under each the same type.

    Lists may grow and shrink; each element looks like some element of the old list. Null may become
    anything, because nobody can tell what it stands for.
    """
    if old is None:
        return
    wanted, got = _type_of(old), _type_of(new)
    if wanted != got and (wanted, got) != ("a number", "a whole number"):
        yield field, f"is {got} and was {wanted}; an edit keeps the type"
    elif isinstance(old, Mapping):
        yield from _key_differences(old, new, field)
    elif isinstance(old, list) and old:
        examples = {_shape(example): example for example in old}
        for number, each in enumerate(new):
            if _shape(each) not in examples:
                yield from _least_differences(examples.values(), each, _join(field, str(number)))


def _least_differences(examples: Iterable[Any], new: Any, field: str) -> list[Problem]:
    """Return how an element differs from the example that it is most like."""
    least: list[Problem] | None = None
    for example in examples:
        found = list(find_differences(example, new, field))
        if least is None or len(found) < len(least):
            least = found
        if not least:
            break
    return least or []


def _shape(value: Any) -> Hashable:
    """Return what two values have in common that differ in nothing but their content."""
    if isinstance(value, Mapping):
        return frozenset((key, _shape(each)) for key, each in value.items())
    if isinstance(value, list):
        return "a list", frozenset(map(_shape, value))
    return _type_of(value)


def _key_differences(
    old: Mapping[str, Any], new: Mapping[str, Any], field: str
) -> Iterator[Problem]:
    for key, each in old.items():
        if key in new:
            yield from find_differences(each, new[key], _join(field, key))
        else:
            yield _join(field, key), "is missing; an edit keeps all keys"
    for key in new:
        if key not in old:
            yield _join(field, key), "is new; an edit adds no keys"


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def _join(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
