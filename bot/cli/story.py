"""A run as text: its facts, its approvals, its log."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from bot.cli.tables import age, clean, print_facts, print_table
from orchestrator.core.events import ErrorFacts, Record
from orchestrator.core.ids import approval_ref
from orchestrator.store import Approval, Run

#: Left out of log lines, because they are long; `--json` has them.
_LONG = frozenset(
    {"input", "output", "values", "shows", "digest", "prompt", "decisions", "version", "labels"}
)
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_LONGEST = 80  # characters of a value


def print_run(
    run: Run, approvals: Sequence[Approval], output: Mapping[str, object] | None = None
) -> None:
    """Write a run's facts, input, approvals and output."""
    facts: list[tuple[str, object]] = [
        ("Run", f"{run.ref}  {run.id}"),
        ("Graph", f"{run.graph}  version {run.version}"),
        ("Status", run.status),
        ("Started", f"{_instant(run.started_at)} by {run.requester} from {run.surface}"),
        ("Changed", _instant(run.updated_at)),
    ]
    if run.finished_at:
        facts.append(("Finished", _instant(run.finished_at)))
    if run.places:
        facts.append(("At", ", ".join(run.places)))
    if run.error:
        facts.append(("Error", run.error))
    if run.cancelled_by:
        why = f": {run.cancel_reason}" if run.cancel_reason else ""
        facts.append(("Cancelled", f"by {run.cancelled_by}{why}"))
    if run.labels:
        facts.append(("Labels", _values(run.labels.items())))
    print_facts(facts)
    if run.input:
        click.echo("\nInput")
        print_facts([(f"  {name}", value) for name, value in run.input.items()])
    if approvals:
        click.echo()
        rows = [(each.ref, each.status, _answers(each), clean(each.title)) for each in approvals]
        print_table(("APPROVAL", "STATUS", "ANSWER", "QUESTION"), rows)
    if output:
        click.echo("\nOutput")
        print_facts([(f"  {name}", value) for name, value in output.items()])


def print_log(records: Sequence[Record]) -> None:
    """Write a run's log, an event a line."""
    click.echo()
    rows = [
        (record.seq, f"{record.at:%Y-%m-%d %H:%M:%S}", _name(record), _facts(record))
        for record in records
    ]
    print_table(("SEQ", "AT (UTC)", "EVENT", ""), rows)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({age(at)})"


def _answers(approval: Approval) -> str:
    if approval.is_open:
        due = f", due {age(approval.due_at)}" if approval.due_at else ""
        return f"waits for {' '.join(approval.approvers)}{due}"
    said = [
        f"{answer.decision} by {answer.by}" + (f": {answer.comment}" if answer.comment else "")
        for answer in approval.answers
    ]
    return "; ".join(said) or "nobody answered"


def _name(record: Record) -> str:
    return _WORD.sub(" ", type(record.event).__name__).lower()


def _facts(record: Record) -> str:
    named = (
        (each.name, getattr(record.event, each.name)) for each in dataclasses.fields(record.event)
    )
    return _values((name, value) for name, value in named if name not in _LONG and value)


def _values(pairs: Any) -> str:
    return " ".join(f"{name}={_value(name, value)}" for name, value in pairs)


def _value(name: str, value: Any) -> str:
    if name == "approval_id":
        return approval_ref(value)
    if isinstance(value, ErrorFacts):
        value = f"{value.type}: {value.message}"
    if isinstance(value, datetime):
        value = value.isoformat(timespec="seconds")
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    text = clean(value)
    return repr(text[:_LONGEST]) if " " in text else text[:_LONGEST]
