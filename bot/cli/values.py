"""What an answer brings, read from words as the approval's schema types them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestrator.errors import InputError
from orchestrator.graph import Decision, InputField
from orchestrator.graph.durations import iso_duration
from orchestrator.graph.fields import coerce_word, may_be_null, read_fields
from orchestrator.store import Approval

_JSON_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def read_values(
    approval: Approval, decision: str, words: Mapping[str, str], routes: Sequence[str]
) -> Any:
    """Return the values that words and routes give; None: there are none.

    An edit keeps what the words do not name. What the schema does not name has the type of the
    present value; where there is none either, a word that is JSON is read as JSON.

    Raises:
        InputError: Words are not of their fields' types, and all are listed; or there are none.
    """
    if routes:
        return list(routes)
    if not words:
        if decision in approval.decisions and _takes_values(approval, decision):
            raise InputError(
                [("", f"{decision} takes values; give them with --value KEY=VALUE or --data JSON")]
            )
        return None
    is_edit = decision == Decision.EDIT and isinstance(approval.edits, Mapping)
    present: Mapping[str, Any] = approval.edits if is_edit else {}
    return {**present, **_typed(approval.schema or {}, words, present)}


def read_words(words: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a schema types them; what it does not name is JSON, or else text.

    Raises:
        InputError: Words are not of their fields' types; all of them are listed.
    """
    return _typed(schema, words, {})


def _takes_values(approval: Approval, decision: str) -> bool:
    if decision == Decision.EDIT:
        return True
    return decision in (Decision.ANSWER, Decision.RESULT) and bool(approval.schema)


def _typed(
    schema: Mapping[str, Any], words: Mapping[str, str], present: Mapping[str, Any]
) -> dict[str, Any]:
    fields = {each.name: each for each in read_fields(schema)}
    values: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for name, word in words.items():
        try:
            if name not in fields:
                values[name] = _untyped(name, word, present.get(name))
            elif word == "null" and _may_be_null(fields[name], schema):
                values[name] = None
            else:
                values[name] = _plain(coerce_word(fields[name], word))
        except ValueError as error:
            problems.append((name, str(error)))
    if problems:
        raise InputError(problems)
    return values


def _may_be_null(field: InputField, schema: Mapping[str, Any]) -> bool:
    return field.type != "string" and may_be_null(schema["properties"][field.name], schema)


def _plain(value: Any) -> Any:
    return iso_duration(value) if isinstance(value, timedelta) else value


def _untyped(name: str, word: str, present: Any) -> Any:
    if present is not None:
        kind = _JSON_TYPES[type(present)]
        return coerce_word(InputField(name=name, type=kind, required=False), word)
    try:
        return json.loads(word)
    except ValueError:
        return word
