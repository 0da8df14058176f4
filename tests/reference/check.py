"""Compares what crossed the wire with reference data of Slack.

A recording is what `Simulator.record_to` writes. The reference is a folder with `methods/`,
`inbound/` and `schemas/`; it is no part of this project, and nothing here repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from tests.reference.tables import (
    COMMON_ERRORS,
    DOCUMENTED,
    EVENTS,
    EXTRAS,
    IN_VIEW_ABSENT,
    INBOUND,
    INNER_EXTRAS,
    NESTED,
    NULLABLE,
    ORG_ONLY,
    TOLERATED_ARGUMENTS,
)

Json = Mapping[str, Any]


def check_recording(path: Path, reference: Path) -> list[str]:
    """Return every difference between a recording and the reference, without repeats."""
    checker = Checker(reference)
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(problem for line in lines for problem in checker(json.loads(line))))


class Checker:
    """Checks single lines of a recording."""

    def __init__(self, reference: Path) -> None:
        self._reference = reference
        self._methods: dict[str, Json | None] = {}
        self._bodies: dict[str, Json] = {}

    def __call__(self, line: Json) -> Iterator[str]:
        """Yield the problems of one exchange."""
        match line["what"]:
            case "call":
                yield from self._call(line)
            case "envelope":
                yield from self._envelope(line)
            case "answer":
                yield from self._answer(f"answer to {line['to']}", line["body"])
            case "response" if line["status"] == 200:
                yield from self._answer("response_url", line["body"])

    def _call(self, line: Json) -> Iterator[str]:
        name, arguments, answer = line["method"], line["arguments"], line["answer"]
        method = self._method(name)
        if method is None:
            if answer.get("error") != "unknown_method":
                yield f"{name}: is no documented method"
            return
        described = method["args"] or {"properties": {}}
        unknown = set(arguments) - set(described["properties"]) - TOLERATED_ARGUMENTS
        for argument in unknown if name != "api.test" else ():
            yield f"{name}: argument {argument} is not documented"
        if not answer["ok"]:
            known = set(method.get("errors") or ()) | COMMON_ERRORS
            if answer["error"] not in known and name != "api.test":
                yield f"{name}: error {answer['error']} is not documented"
            return
        for argument in described.get("required", ()):
            if argument != "token" and arguments.get(argument) in (None, ""):
                yield f"{name}: was accepted without {argument}"
        output = method.get("output") or {}
        for field in output.get("required", ()):
            # A field that is required but not described is a slip of the description.
            is_described = field in output.get("properties", {field: None})
            if is_described and field not in answer:
                yield f"{name}: the answer has no {field}"
        yield from self._answer(name, arguments)

    def _answer(self, where: str, body: Any) -> Iterator[str]:
        """Check the blocks and the view that the app sent."""
        if not isinstance(body, Mapping):
            return
        for index, block in enumerate(_decoded(body.get("blocks")) or ()):
            yield from self._fits(f"{where}: /blocks/{index}", "KnownBlock", block)
        view = _decoded(body.get("view"))
        if isinstance(view, Mapping):
            kind = "Home" if view.get("type") == "home" else "Modal"
            shown = {key: value for key, value in view.items() if value is not None}
            shown.pop("blocks", None)
            yield from self._fits(f"{where}: /view", kind, {**shown, "blocks": []})
            for index, block in enumerate(view.get("blocks", ())):
                yield from self._fits(f"{where}: /view/blocks/{index}", "KnownBlock", block)

    def _fits(self, where: str, definition: str, value: Any) -> Iterator[str]:
        validator = self._validators[definition]
        error = best_match(validator.iter_errors(value))
        if error is not None:
            yield f"{where} ({value.get('type')}): {error.message[:200]}"

    @cached_property
    def _validators(self) -> dict[str, Draft7Validator]:
        path = self._reference / "schemas" / "block-kit.schema.json"
        definitions = json.loads(path.read_text(encoding="utf-8"))["definitions"]
        return {
            name: Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})
            for name in ("KnownBlock", "Modal", "Home")
        }

    def _envelope(self, line: Json) -> Iterator[str]:
        if line["transport"] == "http":
            if line["kind"] == "url_verification":
                return
            body = line["body"]
        else:
            frame = line["frame"]
            body = frame["payload"]
            yield from _frame_problems(frame)
        kind = body.get("type", "slash_command")
        if kind == "event_callback":
            yield from self._event(body)
            return
        if kind not in INBOUND:
            yield f"{kind}: is no recorded kind of body"
            return
        known = self._body(INBOUND[kind])
        absent = _absent(kind, body)
        extras = EXTRAS[""] | EXTRAS.get(kind, frozenset())
        yield from _compare(kind, known, body, extras=extras, absent=absent)
        for name in NESTED:
            if isinstance(known.get(name), Mapping) and isinstance(body.get(name), Mapping):
                inner = _comparable(name, known[name], body[name])
                yield from _compare(
                    f"{kind}.{name}", inner, body[name], extras=INNER_EXTRAS, absent=absent
                )

    def _event(self, body: Json) -> Iterator[str]:
        event = body["event"]
        kind = event["type"]
        known = self._body(EVENTS.get(kind, "message__message_body"))
        yield from _compare(
            f"event {kind}",
            known,
            body,
            extras=EXTRAS["event_callback"],
            absent=frozenset({"authed_users"}),
        )
        shape = DOCUMENTED.get(event.get("subtype", kind))
        if shape is not None:
            different = sorted(shape ^ set(event))
            if different:
                yield f"event {event.get('subtype', kind)}: differs in {different}"
        elif kind in EVENTS:
            absent = frozenset({"client_msg_id", "blocks", "inviter"})
            yield from _compare(
                f"event {kind}.event", known["event"], event, extras=INNER_EXTRAS, absent=absent
            )

    def _method(self, name: str) -> Json | None:
        if name not in self._methods:
            path = self._reference / "methods" / f"{Path(name).name}.json"
            found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
            self._methods[name] = found
        return self._methods[name]

    def _body(self, name: str) -> Json:
        if name not in self._bodies:
            path = self._reference / "inbound" / f"{name}.json"
            self._bodies[name] = json.loads(path.read_text(encoding="utf-8"))
        return self._bodies[name]


def _frame_problems(frame: Json) -> Iterator[str]:
    needed = {"envelope_id": str, "payload": dict, "type": str, "accepts_response_payload": bool}
    for name, kind in needed.items():
        if not isinstance(frame.get(name), kind):
            yield f"frame {frame.get('type')}: {name} is not a {kind.__name__}"
    extra = set(frame) - set(needed) - {"retry_attempt", "retry_reason"}
    if extra:
        yield f"frame {frame.get('type')}: has {sorted(extra)}"
    if frame["type"] not in {"slash_commands", "interactive", "events_api"}:
        yield f"frame: {frame['type']} is no type of envelope"


def _absent(kind: str, body: Json) -> frozenset[str]:
    """Return what the variant of a body leaves out: no channel and no way back in views."""
    is_in_view = body.get("container", {}).get("type") == "view"
    if kind == "block_actions" and is_in_view:
        return IN_VIEW_ABSENT
    if kind == "block_suggestion" and not is_in_view:
        return frozenset({"view"})
    return frozenset()


def _comparable(name: str, known: Json, body: Json) -> Json:
    if name == "container" and known.get("type") != body.get("type"):
        is_view = body.get("type") == "view"
        where = {"view_id": ""} if is_view else {"message_ts": "", "channel_id": ""}
        return {"type": "", **where, **({} if is_view else {"is_ephemeral": False})}
    return known


def _compare(
    where: str, known: Json, body: Json, *, extras: Iterable[str], absent: frozenset[str]
) -> Iterator[str]:
    for name in set(known) - set(body) - ORG_ONLY - absent:
        yield f"{where}: {name} is missing"
    for name in set(body) - set(known) - set(extras):
        yield f"{where}: {name} is unknown"
    for name in set(known) & set(body):
        if body[name] is None and name in NULLABLE:
            continue
        if known[name] is None and name in NULLABLE:
            continue
        if type(known[name]) is not type(body[name]):
            got, wanted = type(body[name]).__name__, type(known[name]).__name__
            yield f"{where}: {name} is a {got}, not a {wanted}"


def _decoded(value: Any) -> Any:
    """Return a structure, also when it came as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "null")
    except ValueError:
        return [{"type": f"unreadable: {value[:80]}"}]
