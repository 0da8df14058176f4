"""Whatever stands in a document, it is loaded or refused in words, and agrees with the schema."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from orchestrator import GraphError, load_yaml
from orchestrator.graph.yaml_schema import json_schema
from orchestrator.graph.yaml_source import read_documents
from tests.unit.graph import yaml_flows as flows
from tests.unit.graph.test_yaml_gates import GATES, INPUTS
from tests.unit.graph.test_yaml_kinds import KINDS
from tests.unit.graph.yaml_twins import ALLOW, gate_text, yaml_text

TEXTS = [yaml_text(text) for text, _ in KINDS.values()]
TEXTS += [gate_text(text) for text, _ in GATES.values()]
TEXTS += [gate_text(text, "input") for text, _ in INPUTS.values()]
DOCUMENTS = [document.value for text in TEXTS for document in read_documents(text, "<text>")]
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
KEYS = sorted({key for part in SCHEMA["$defs"].values() for key in part.get("properties", ())})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "5m", "@sre", "*", "state.a", "all", f"{flows.MODULE}:check"])
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def containers(value: Any) -> list[Any]:
    """Return every mapping and list inside a value, itself included."""
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [value, *(found for each in inside for found in containers(each))]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Make a document in which some values are others, or gone."""
    document = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        inside = [each for each in containers(document) if each]
        container = draw(st.sampled_from(inside)) if inside else document
        keys = list(container) if isinstance(container, dict) else range(len(container))
        key = draw(st.sampled_from(list(keys)))
        if draw(st.booleans()):
            container[key] = draw(VALUES)
        elif isinstance(container, dict) and draw(st.booleans()):
            container[draw(st.sampled_from(KEYS))] = draw(VALUES)
        else:
            del container[key]
    return document


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(documents())
def test_g6_every_document_is_loaded_or_refused_in_words(document: Any) -> None:
    """No mistake ends in an error of Python's; what loads fits the published schema."""
    text = json.dumps(document)
    try:
        load_yaml(text, allow=ALLOW)
    except GraphError:
        return

    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
