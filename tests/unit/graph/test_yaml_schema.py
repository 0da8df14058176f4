"""The published JSON Schema takes what is a graph in YAML, and refuses what is none (row G6)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.graph.durations import parse_duration
from orchestrator.graph.yaml_nodes import GraphSpec
from orchestrator.graph.yaml_schema import DRAFT, _name, json_schema, published
from orchestrator.graph.yaml_source import read_documents
from orchestrator.graph.yaml_types import Shared
from tests.unit.graph import test_yaml
from tests.unit.graph.test_yaml_gates import GATES, INPUTS
from tests.unit.graph.test_yaml_kinds import KINDS
from tests.unit.graph.yaml_twins import gate_text, yaml_text

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs" / "schema" / "signoff-graph.schema.json"
EXAMPLES = sorted([*(ROOT / "examples").rglob("*.yaml"), *(ROOT / "examples").rglob("*.yml")])
SCHEMA = json_schema()
PARTS = SCHEMA["$defs"]
VALIDATOR = Draft202012Validator(SCHEMA)


def values(text: str) -> list[Any]:
    """Return the documents of a text as they are checked."""
    return [document.value for document in read_documents(text, "<text>")]


def test_g6_the_schema_is_one_and_is_the_published_one() -> None:
    """What editors load is made of the shapes that the loader checks.

    After a change of the shapes publish it again:
    `python -m orchestrator.graph.yaml_schema > docs/schema/signoff-graph.schema.json`
    """
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == DRAFT
    assert published() == FILE.read_text(encoding="utf-8")


def test_g6_all_references_lead_to_parts_and_all_parts_are_used() -> None:
    """No part is lost on the way from the shapes."""
    named = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(SCHEMA)))

    assert set(PARTS) == named


def test_g6_no_part_takes_the_place_of_another() -> None:
    """Shapes and plain values have names of their own."""
    made = {_name(shape) for shape in GraphSpec.model_json_schema()["$defs"]}

    assert made & Shared.parts.keys() == set()
    assert made | Shared.parts.keys() == PARTS.keys()


def test_g6_every_key_and_every_part_is_described() -> None:
    """An editor has something to show wherever the cursor stands."""
    missing = [
        f"{name}.{key}"
        for name, part in [("graph", SCHEMA), *PARTS.items()]
        for key, each in {"": part, **part.get("properties", {})}.items()
        if not each.get("description") and key not in ("kind", "run", "model")
    ]

    assert missing == []


def test_g6_examples_in_the_schema_fit_it() -> None:
    """What an editor offers is right."""
    wrong = [
        (name, example)
        for name, part in PARTS.items()
        for example in part.get("examples", ())
        if not Draft202012Validator({"$defs": PARTS, "$ref": f"#/$defs/{name}"}).is_valid(example)
    ]

    assert wrong == []


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_g6_examples_fit_the_schema_and_name_it(file: Path) -> None:
    """Their first line tells editors where the schema is, relative to the file."""
    text = file.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)

    assert named is not None
    assert (file.parent / named[1]).resolve() == FILE
    assert [list(VALIDATOR.iter_errors(value)) for value in values(text)] == [[]]


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("everything", test_yaml.EVERYTHING),
        ("small", test_yaml.small()),
        *((case, yaml_text(text)) for case, (text, _) in KINDS.items()),
        *((case, gate_text(text)) for case, (text, _) in GATES.items()),
        *((case, gate_text(text, "input")) for case, (text, _) in INPUTS.items()),
    ],
)
def test_g6_what_loads_fits_the_schema(case: str, text: str) -> None:
    """Everything that other tests load is fine in an editor, too."""
    del case

    assert [error.message for value in values(text) for error in VALIDATOR.iter_errors(value)] == []


@pytest.mark.parametrize(
    "nodes",
    [
        "a: {kind: chore}",
        "a: {run: ~check}",
        "a: {kind: task, run: check}",
        "a: {kind: task, run: ~check, wirtes: x}",
        "a: {kind: task, run: ~check, retry: often}",
        "a: {kind: task, run: ~check, retry: 0}",
        "a: {kind: task, run: ~check, timeout: soon}",
        "a: {kind: task, run: ~check, timeout: -5}",
        "a: {kind: task, run: ~check, idempotent: maybe}",
        "a: {kind: task, run: ~check, on_error: shrug}",
        "a: {kind: task, run: ~check, confirm: {title: Go}}",
        "a: {kind: task, run: ~check, confirm: {approvers: U1, policy: {any_of: U1}}}",
        "a: {kind: task, run: ~check, confirm: {approvers: U1, on_timeout: shrug}}",
        "a: {kind: task, run: ~check, confirm: {approvers: U1, escalation: {after: 1d}}}",
        "a: {kind: task, run: ~check, confirm: {approvers: U1, calendar: {days: mon-fri}}}",
        "a: {kind: task, run: ~check, confirm: {policy: {quorum: 2}}}",
        "a: {kind: task, run: ~check, confirm: {policy: {stages: [{slots: [{count: 2}]}]}}}",
        "a: {kind: task, run: ~check, confirm: {policy: {in_order: [{veto: U1}]}}}",
        "a: {kind: task, run: ~check, input: {approvers: U1, schema: {model: 5}}}",
        "a: {kind: wait, duration: 1h, signal: paid}",
        "a: {kind: wait}",
        "a: {kind: loop, body: {}}",
        "a: {kind: steps}",
        "a: {kind: parallel, branches: {x: {kind: task}}, merge: {a: average}}",
        "a: {kind: agent, run: ~check, tools: [search]}",
        "A: {kind: end}",
        "a: {kind: end, review: U1}",
    ],
)
def test_g6_what_is_wrong_does_not_fit_the_schema(nodes: str) -> None:
    """An editor underlines what the loader would refuse."""
    (value,) = values(yaml_text(nodes))

    assert not VALIDATOR.is_valid(value)


@pytest.mark.parametrize(
    "text",
    ["30s", "5m", "1h30m", "2d", "1.5h", "PT30S", "p1dt2h", "00:05:00", "90", " 1 w 2 d ", "1H"],
)
def test_g6_the_schema_takes_every_form_of_a_duration(text: str) -> None:
    """What is read as a duration is one in an editor."""
    parse_duration(text)
    (value,) = values(yaml_text(f"a: {{kind: wait, duration: '{text}'}}"))

    assert VALIDATOR.is_valid(value)
