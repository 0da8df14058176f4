"""The simulator's own rules of Block Kit agree with the reference schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bot.simulator.blockrules import BLOCKS
from bot.simulator.elementrules import ELEMENTS
from bot.simulator.rules import Obj
from tests.simulator.test_blockkit import GOOD

_NOT_SIMULATED = {"file", "workflow_button"}
"""Slack makes the one itself; the other starts workflows that do not exist here."""


def _definitions(reference: Path) -> dict[str, Any]:
    path = reference / "schemas" / "block-kit.schema.json"
    definitions: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["definitions"]
    return definitions


def _objects(definitions: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Any]:
    if "$ref" in schema:
        yield from _objects(definitions, definitions[schema["$ref"].rpartition("/")[2]])
    for option in schema.get("anyOf", ()):
        yield from _objects(definitions, option)
    if schema.get("type") == "object":
        yield schema


@pytest.mark.parametrize("name", GOOD)
def test_blocks_that_are_taken_fit_the_schema(reference: Path, name: str) -> None:
    """What the simulator lets through, Slack's own types allow."""
    definitions = _definitions(reference)
    validator = Draft7Validator({"$ref": "#/definitions/KnownBlock", "definitions": definitions})

    assert [error.message for block in GOOD[name] for error in validator.iter_errors(block)] == []


@pytest.mark.parametrize(
    ("union", "rules"),
    [
        ("KnownBlock", BLOCKS),
        ("ActionsBlockElement", ELEMENTS),
        ("InputBlockElement", ELEMENTS),
        ("SectionBlockAccessory", ELEMENTS),
        ("ContextActionsBlockElement", ELEMENTS),
    ],
)
def test_fields_are_those_of_the_schema(
    reference: Path, union: str, rules: Mapping[str, Any]
) -> None:
    """No field too many, none too few, the same ones required."""
    definitions = _definitions(reference)
    expected: dict[str, tuple[set[str], set[str]]] = {}
    for schema in _objects(definitions, definitions[union]):
        kind = schema["properties"]["type"]["const"]
        fields, required = set(schema["properties"]), set(schema["required"]) - {"type"}
        if kind in expected:  # an image from a URL, and one from a file
            fields, required = fields | expected[kind][0], required & expected[kind][1]
        expected[kind] = (fields, required)
    actual = {
        kind: (set(rule.fields), set(rule.required))
        for kind, rule in rules.items()
        if kind in expected and isinstance(rule, Obj)
    }

    assert actual == {kind: row for kind, row in expected.items() if kind not in _NOT_SIMULATED}
