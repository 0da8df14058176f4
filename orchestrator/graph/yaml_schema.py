"""The JSON Schema of graphs in YAML, for editors and other tools; made of the shapes.

`python -m orchestrator.graph.yaml_schema > docs/schema/signoff-graph.schema.json` publishes it.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from orchestrator.graph.yaml_nodes import GraphSpec
from orchestrator.graph.yaml_types import SHARED_KEY, Shared

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/"
_ENDING = re.compile(r"(Spec|Part)$")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class _Untitled(GenerateJsonSchema):
    """Leaves out titles, which only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Let no key have a title."""
        del schema
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every document of a YAML file fits."""
    made = GraphSpec.model_json_schema(schema_generator=_Untitled, mode="validation")
    parts = {_name(name): part for name, part in made.pop("$defs").items()}
    written = _rewrite({**made, "$defs": {**parts, **Shared.parts}})
    written["patternProperties"] = {"^x-": {"description": "A place for YAML's anchors; unread."}}
    return {"$schema": DRAFT, "title": "A Signoff graph", **written}


def published() -> str:
    """Return the text of the file in the documentation."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _name(shape: str) -> str:
    """Return a shape's name among the parts, such as `quorum-part` or `task`."""
    ending = "-part" if shape.endswith("Part") else ""
    return _HUMP.sub("-", _ENDING.sub("", shape)).lower() + ending


def _rewrite(part: Any, key: str = "") -> Any:
    """Put references in place of shared parts, and drop what only pydantic needs."""
    if isinstance(part, list):
        return [_rewrite(each) for each in part] if key != "examples" else part
    if not isinstance(part, dict):
        return part
    if key in ("properties", "$defs"):
        return {name: _rewrite(each) for name, each in part.items()}
    written = {
        name: _rewrite(each, name)
        for name, each in part.items()
        if not (name == "default" and each is None) and not (name == "title" and "type" in part)
    }
    if SHARED_KEY in written:
        return {"$ref": _REF + written.pop(SHARED_KEY), **written}
    if "$ref" in written and (name := written["$ref"].removeprefix(_REF)) not in Shared.parts:
        written["$ref"] = _REF + _name(name)
    return written


if __name__ == "__main__":
    sys.stdout.write(published())
