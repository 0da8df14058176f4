"""An approval as text: what is asked, of whom, what was answered, and how to answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

import click

from bot.cards import formats_of_answer, visible, visible_payload, visible_values
from bot.cli.policies import describe, progress
from bot.cli.story import instant, print_log
from bot.cli.tables import print_facts, print_table
from bot.cli.text import clean, compact, printable
from orchestrator.core.events import Record
from orchestrator.graph import Decision, Format, InputField, format_duration
from orchestrator.graph.fields import read_fields
from orchestrator.store import Answer, Approval

_DECISIONS_WITH_VALUES = frozenset({Decision.ANSWER, Decision.RESULT, Decision.EDIT})


def print_approval(approval: Approval, history: Sequence[Record]) -> None:
    """Write everything about an approval."""
    click.echo(click.style(clean(approval.title), bold=True))
    if approval.prompt:
        _print_text(approval.prompt)
    click.echo()
    print_facts(list(_facts(approval)))
    edit = _find_edit(approval)
    if edit is not None:
        click.echo("\nOld → new")
        for line in _changes(*edit):
            click.echo(f"  {line}")
    _print_payload(approval)
    _print_said(approval)
    if approval.is_open:
        _print_ways(approval)
    click.echo("\nHistory")
    print_log(history, leave_out=("approval_id",))


def _facts(approval: Approval) -> Iterator[tuple[str, object]]:
    run = approval.run
    yield "Approval", f"{approval.ref}  {approval.id}"
    yield "Kind", approval.kind
    yield "Run", f"{run.ref} {approval.graph}: {run.status}; asked for by {approval.requester}"
    yield "At", approval.path or "the run as a whole"
    yield "Status", _status(approval)
    if approval.is_open:
        yield "Progress", progress(approval)
    for line in describe(approval.policy):
        yield "Policy", line
    if approval.error is not None:
        yield "Error", f"{approval.error.type}: {approval.error.message}"
    yield from _times(approval)
    for person, delegation in approval.delegations.items():
        yield "Delegated", f"{person} may answer in the place of {delegation.seat}"
    for person, until in approval.snoozed.items():
        yield "Snoozed", f"{person} is not reminded until {instant(until)}"
    yield "Digest", approval.digest


def _status(approval: Approval) -> str:
    if approval.is_open:
        return "open"
    by = f" by {approval.resolved_by}" if approval.resolved_by else ""
    did = f"; the run's action: {approval.action}" if approval.action else ""
    return f"{approval.status}{by}{did}"


def _times(approval: Approval) -> Iterator[tuple[str, object]]:
    yield "Asked", instant(approval.opened_at)
    if approval.delivered_at:
        yield "Delivered", instant(approval.delivered_at)
    if approval.resolved_at:
        yield "Resolved", instant(approval.resolved_at)
    elif approval.due_at:
        yield "Due", f"{instant(approval.due_at)}, then {approval.on_timeout}"
    else:
        yield "Due", "never"
    if approval.is_open and approval.remind_at:
        yield "Reminder", instant(approval.remind_at)
    if approval.is_open and approval.escalate_at:
        yield "Escalation", instant(approval.escalate_at)
    if approval.timeout:
        yield "Timeout", format_duration(approval.timeout)


def _find_edit(approval: Approval) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """Return what the newest edit replaced, and what it made of it; None without an edit."""
    if approval.before_edit is not None:
        return visible_values(approval.before_edit, approval.formats), visible_payload(approval)
    edits = [each.values for each in approval.answers if each.decision is Decision.EDIT]
    if not edits:
        return None
    old, new = (
        value if isinstance(value, Mapping) else {"output": value}
        for value in (approval.edits, edits[-1])
    )
    formats = formats_of_answer(approval)
    return visible_values(old, formats), visible_values(new, formats)


def _print_payload(approval: Approval) -> None:
    if not approval.payload:
        return
    revision = f" (revision {approval.revision}, by {approval.editor})" if approval.revision else ""
    click.echo(f"\nPayload{revision}")
    for name, value in visible_payload(approval).items():
        lines = _lines(value)
        if len(lines) == 1:
            click.echo(f"  {clean(name)}: {lines[0]}")
            continue
        click.echo(f"  {clean(name)}:")
        for line in lines:
            click.echo(f"    {line}".rstrip())


def _print_said(approval: Approval) -> None:
    if approval.answers:
        click.echo("\nAnswers")
        formats = formats_of_answer(approval)
        counted = {(vote.by, vote.at) for vote in approval.votes}
        rows = [
            (
                answer.by,
                answer.decision,
                f"{answer.at:%Y-%m-%d %H:%M:%S}",
                answer.surface,
                "counts" if not approval.is_open or (answer.by, answer.at) in counted else "void",
                _remarks(answer, formats),
            )
            for answer in approval.answers
        ]
        print_table(("BY", "DECISION", "AT (UTC)", "FROM", "VOTE", "COMMENT"), rows)
    if approval.comments:
        click.echo("\nComments")
        for each in approval.comments:
            verb = "asks" if each.wants_answer else "writes"
            click.echo(f"  {clean(each.by)} {verb}, {instant(each.at)}: {clean(each.text)}")


def _remarks(answer: Answer, formats: Mapping[str, Format]) -> str:
    parts = [answer.comment] if answer.comment else []
    if answer.values is not None:
        parts.append(compact(visible(answer.values, formats, "")))
    if answer.instead_of:
        parts.append(f"in the place of {answer.instead_of}")
    if answer.breaks_glass:
        parts.append("broke the glass")
    if answer.recorded_by:
        parts.append(f"typed by {answer.recorded_by}")
    return "; ".join(parts)


def _print_ways(approval: Approval) -> None:
    click.echo("\nTo answer")
    for decision in approval.decisions:
        words = f"signoff decide {approval.ref} {decision} --as USER{_more(approval, decision)}"
        click.echo(f"  {clean(words)}")


def _more(approval: Approval, decision: Decision) -> str:
    if decision is Decision.CHOOSE:
        several = "…" if approval.is_multiple else ""
        return f" --route {'|'.join(approval.choices)}{several}"
    if decision in (Decision.REJECT, Decision.REQUEST_CHANGES):
        return " --comment WHY"
    if decision not in _DECISIONS_WITH_VALUES:
        return ""
    fields = read_fields(approval.schema or {})
    if decision is Decision.EDIT and not fields and isinstance(approval.edits, Mapping):
        return "".join(f" [--value {name}=…]" for name in approval.edits)
    words = [f"--value {each.name}={_kind(each)}" for each in fields]
    marked = [w if f.required else f"[{w}]" for w, f in zip(words, fields, strict=True)]
    return "".join(f" {word}" for word in marked) or " --data JSON"


def _kind(field: InputField) -> str:
    """Say what a value may be: one of the choices, or else of which type."""
    return "|".join(map(compact, field.choices)) or field.type.upper()


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        first, second = _lines(before), _lines(after)
        if len(first) == 1 == len(second):
            yield f"{clean(name)}: {first[0]} → {second[0]}"
            continue
        yield f"{clean(name)}:"
        for line in list(unified_diff(first, second, lineterm="", n=1))[2:]:
            yield f"  {line}"


def _print_text(text: str) -> None:
    for line in _lines(text):
        click.echo(line)


def _lines(value: Any) -> list[str]:
    """Write a value in lines that move no cursor."""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, indent=2)
    return [printable(line).rstrip() for line in value.splitlines()] or [""]
