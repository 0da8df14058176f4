"""A run as text: its facts, where it is, its approvals, its log."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from bot.cards.secrets import visible_in_run
from bot.cards.tree import Body
from bot.cli.outline import print_outline
from bot.cli.policies import progress
from bot.cli.tables import age, print_facts, print_table
from bot.cli.text import clean, compact, printable
from orchestrator.core.events import ErrorFacts, Pointer, Record
from orchestrator.core.ids import approval_ref, rule_ref
from orchestrator.store import Approval, Run

#: Left out of log lines, because they are long; `--json` has them.
_LONG = frozenset(
    {
        "choices",
        "decisions",
        "default",
        "digest",
        "edits",
        "formats",
        "input",
        "items",
        "labels",
        "output",
        "payload",
        "policy",
        "prompt",
        "roster",
        "schema",
        "shows",
        "updates",
        "values",
        "version",
    }
)
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_LONGEST = 80  # characters of a value


def print_run(
    run: Run,
    tree: Body,
    approvals: Sequence[Approval],
    output: Mapping[str, object] | None = None,
    *,
    picture: str = "",
) -> None:
    """Write a run's facts, input, picture, tree of visits, approvals and output."""
    print_facts(list(_facts_of(run)))
    given = visible_in_run(run.input, approvals)
    if given:
        click.echo("\nInput")
        print_facts([(f"  {name}", compact(value)) for name, value in given.items()])
    if picture:
        click.echo("\nPicture")
        for line in picture.splitlines():
            click.echo(f"  {printable(line)}".rstrip())
    if tree.visits:
        click.echo("\nNodes")
        print_outline(tree, {each.ref: each for each in approvals})
    if approvals:
        click.echo()
        rows = [
            (each.ref, each.kind, each.status, _answers(each), clean(each.title))
            for each in approvals
        ]
        print_table(("APPROVAL", "KIND", "STATUS", "ANSWER", "QUESTION"), rows)
    if output:
        click.echo("\nOutput")
        seen = visible_in_run(output, approvals)
        print_facts([(f"  {name}", compact(value)) for name, value in seen.items()])


def _facts_of(run: Run) -> Iterable[tuple[str, object]]:
    yield "Run", f"{run.ref}  {run.id}"
    yield "Graph", f"{run.graph}  version {run.version}"
    yield "Status", run.status
    yield "Started", f"{instant(run.started_at)} by {run.requester} from {run.surface}"
    yield "Changed", instant(run.updated_at)
    if run.finished_at:
        yield "Finished", instant(run.finished_at)
    if run.places:
        yield "At", ", ".join(run.places)
    if run.error:
        yield "Error", run.error
    if run.paused_by:
        yield "Paused", _by(run.paused_by, run.pause_reason)
    if run.held:
        yield "Held", f"the graph has changed; {approval_ref(run.held)} says how"
    if run.cancelled_by:
        yield "Cancelled", _by(run.cancelled_by, run.cancel_reason)
    if run.spent:
        yield "Spent", _values((name, f"{amount:g}") for name, amount in run.spent.items())
    if run.labels:
        yield "Labels", _values(run.labels.items())


def _by(person: str, reason: str | None) -> str:
    return f"by {person}" + (f": {reason}" if reason else "")


def print_log(records: Sequence[Record], *, leave_out: Collection[str] = ()) -> None:
    """Write a run's log, an event a line, without the fields that are to be left out."""
    rows = [
        (record.seq, f"{record.at:%Y-%m-%d %H:%M:%S}", name_of(record), _facts(record, leave_out))
        for record in records
    ]
    print_table(("SEQ", "AT (UTC)", "EVENT", ""), rows)


def print_record(record: Record) -> None:
    """Write one event of a run's log on a line of its own."""
    words = f"{record.seq:>4}  {record.at:%H:%M:%S}  {name_of(record)}  {_facts(record, ())}"
    click.echo(words.rstrip())


def instant(at: datetime) -> str:
    """Write an instant, and how far away it is."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({age(at)})"


def name_of(record: Record) -> str:
    """Name an event in words: `node succeeded`."""
    return _WORD.sub(" ", type(record.event).__name__).lower()


def _answers(approval: Approval) -> str:
    if approval.is_open:
        due = f", due {age(approval.due_at)}" if approval.due_at else ""
        return f"{progress(approval)}{due}"
    said = [
        f"{answer.decision} by {answer.by}" + (f": {answer.comment}" if answer.comment else "")
        for answer in approval.answers
    ]
    return "; ".join(said) or "nobody answered"


def _facts(record: Record, leave_out: Collection[str]) -> str:
    named = (
        (each.name, getattr(record.event, each.name)) for each in dataclasses.fields(record.event)
    )
    return _values(
        (name, value) for name, value in named if name not in _LONG and name not in leave_out
    )


def _values(pairs: Any) -> str:
    written = ((name, _value(name, value)) for name, value in pairs if value)
    return " ".join(f"{name}={text}" for name, text in written if text)


def _value(name: str, value: Any) -> str:
    if name == "approval_id":
        return approval_ref(value)
    if name == "rule":
        return rule_ref(value)
    text = clean(_plain(value))
    return repr(text[:_LONGEST]) if " " in text else text[:_LONGEST]


def _plain(value: Any) -> str:
    if isinstance(value, ErrorFacts):
        return f"{value.type}: {value.message}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Pointer):
        return ".".join((f"#{value.seq}", *value.keys)) if value.seq else ""
    if isinstance(value, tuple):
        return ",".join(map(_plain, value))
    if dataclasses.is_dataclass(value):
        named = ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
        return " ".join(f"{name}={_plain(part)}" for name, part in named if part)
    return str(value)
