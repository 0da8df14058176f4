"""Runs, approvals and logs as JSON, for `--json`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click
from pydantic_core import to_json, to_jsonable_python

from bot.cards.secrets import without_secrets
from bot.cli.policies import progress
from orchestrator.core.events import Record
from orchestrator.core.ids import run_ref
from orchestrator.graph.graph import Graph
from orchestrator.runtime import Continued, DeadLetter, GraphDifference, Paused
from orchestrator.store import Answer, Approval, Rule, Run


def print_json(document: Any) -> None:
    """Write a document to stdout."""
    click.echo(to_json(document, indent=2))


def _plain(value: Any) -> Any:
    """Make a value JSON-ready: instants and durations in ISO 8601, mappings as objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if hasattr(value, "items"):
        return {str(key): _plain(each) for key, each in value.items()}
    return to_jsonable_python(value)


def run_document(run: Run) -> dict[str, Any]:
    """Return a run with its short reference."""
    return {"id": run.id, "ref": run.ref, **_plain(run)}


def approval_document(approval: Approval) -> dict[str, Any]:
    """Return an approval with its short reference; of its run, the names and the status."""
    seen = without_secrets(approval)
    document = {"id": approval.id, "ref": approval.ref, **_plain(seen)}
    document["approvers"] = list(approval.approvers)
    document["progress"] = progress(approval) if approval.is_open else None
    document["answers"] = [_answer(answer) for answer in seen.answers]
    run = approval.run
    document["run"] = {"id": run.id, "ref": run.ref, "status": run.status.value}
    return document


def _answer(answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = _plain(answer)
    del document["approval_id"]
    return document


def rule_document(rule: Rule) -> dict[str, Any]:
    """Return a standing rule with its short reference."""
    return {"id": rule.id, "ref": rule.ref, **_plain(rule)}


def dead_document(letter: DeadLetter) -> dict[str, Any]:
    """Return a dead letter with the short reference of its run."""
    return {
        "id": letter.id,
        "run": {"id": letter.run_id, "ref": run_ref(letter.run_id)},
        "node": letter.path,
        "tries": letter.tries,
        "reason": letter.reason,
        "since": _plain(letter.since),
    }


def difference_document(difference: GraphDifference) -> dict[str, Any]:
    """Return what a run would meet in the graphs at hand."""
    run = difference.run
    return {
        "run": {"id": run.id, "ref": run.ref, "status": run.status.value},
        "graph": run.graph,
        "version": run.version,
        "goes_on": not difference.differences,
        "differences": list(difference.differences),
    }


def record_document(record: Record) -> dict[str, Any]:
    """Return an entry of a run's log."""
    event = record.event
    return {
        "seq": record.seq,
        "at": _plain(record.at),
        "type": type(event).__name__,
        "event": _plain(event),
    }


def level_document(level: Paused | Continued) -> dict[str, Any]:
    """Return where a run pauses or continues, shaped like an entry of its log."""
    return {"seq": level.seq, "at": None, "type": type(level).__name__, "event": _plain(level)}


def graph_document(graph: Graph) -> dict[str, Any]:
    """Return what starting a graph takes."""
    return {
        "id": graph.id,
        "title": graph.title,
        "description": graph.description,
        "version": graph.version,
        "approvers": [str(approver) for approver in graph.approvers],
        "starters": [str(starter) for starter in graph.starters],
        "input": _plain(graph.input.json_schema),
    }
