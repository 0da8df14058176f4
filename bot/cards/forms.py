"""What a form asks for: an answer to a question, or the input of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.cards.fields import Field, FieldType
from bot.cards.schema_fields import schema_fields, value_field
from bot.cards.secrets import formats_of_answer, is_secret
from orchestrator.graph.graph import Graph
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Approval


def fields_of(approval: Approval, decision: Decision) -> tuple[Field, ...]:
    """Return the fields of the form that a decision takes."""
    if decision is Decision.CHOOSE:
        several = FieldType.SEVERAL if approval.is_multiple else FieldType.ONE
        label = "Which ways?" if approval.is_multiple else "Which way?"
        whole = Field(
            name="", label=label, type=several, is_whole=True, choices=approval.choices, min_items=1
        )
        return (whole,)
    current = approval.edits if decision is Decision.EDIT else None
    if approval.schema is not None and (current is None or isinstance(current, Mapping)):
        return _without_secrets(approval, schema_fields(approval.schema, current))
    if decision is not Decision.EDIT:
        return (_free(decision),)
    if isinstance(current, Mapping) and current:
        fields = tuple(value_field(str(name), value) for name, value in current.items())
        return _without_secrets(approval, fields)
    return (replace(value_field("", current), label="Value", is_whole=True),)


def start_fields(graph: Graph) -> tuple[Field, ...]:
    """Return the fields of the form that starts a run."""
    return schema_fields(graph.input.json_schema)


def _free(decision: Decision) -> Field:
    label = "Result" if decision is Decision.RESULT else "Answer"
    return Field(name="", label=label, type=FieldType.JSON, is_whole=True, rule="As JSON.")


def _without_secrets(approval: Approval, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Hide what the question shows nowhere."""
    formats = formats_of_answer(approval)
    secrets = [key for key in formats if is_secret(formats, key)]
    return tuple(
        replace(field, type=FieldType.HIDDEN)
        if is_secret(formats, field.name)
        or any(key.startswith(f"{field.name}.") for key in secrets)
        else field
        for field in fields
    )


def find_secret(fields: Sequence[Field]) -> Field | None:
    """Return the field that somebody would have to type a secret into, if there is one."""
    return next((each for each in fields if _is_missing(each)), None)


def _is_missing(field: Field) -> bool:
    is_asked = field.is_required and (field.group is None or field.group.is_required)
    return field.type is FieldType.HIDDEN and is_asked and not field.is_given and not field.value
