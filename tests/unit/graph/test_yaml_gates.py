"""Every option of a gate in YAML is the same as in Python (row G1)."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from orchestrator.graph import Format, FormatKind, Policy, Slot, Stage, everyone, in_order, quorum
from orchestrator.graph.calendars import WorkingHours
from orchestrator.graph.policy import any_of, parse_approvers
from tests.unit.graph import yaml_flows as flows
from tests.unit.graph.yaml_twins import gate_text, in_python, loaded

SRE = parse_approvers("@sre")
FINANCE = parse_approvers("@finance")

GATES: dict[str, tuple[str, dict[str, Any]]] = {
    "approvers": ("approvers: ['@sre', boss@example.com]", {"approvers": "@sre boss@example.com"}),
    "computed approvers": ("approvers: {run: ~owners}", {"approvers": flows.owners}),
    "quorum": (
        "policy: {quorum: 2, of: '@sre', four_eyes: true, outsiders: true}",
        {
            "policy": Policy(
                stages=(Stage(slots=(Slot(approvers=SRE, count=2),), four_eyes=True),),
                outsiders=True,
            )
        },
    ),
    "everyone": ("policy: {everyone: '@leads'}", {"policy": everyone("@leads")}),
    "any of": (
        "policy: {any_of: '@sre', four_eyes: true}",
        {"policy": any_of("@sre", four_eyes=True)},
    ),
    "in order": (
        "policy: {in_order: ['@sre', {quorum: 2, of: '@finance'}, {everyone: [U1, U2]}]}",
        {"policy": in_order("@sre", quorum(2, "@finance"), everyone("U1 U2"))},
    ),
    "stages": (
        """
        policy:
          stages:
            - slots: [{count: 2, approvers: '@sre'}, {approvers: '@finance'}]
              four_eyes: true
              timeout: 1d
              name: both
            - slots: ['@finance', {count: all, approvers: '@sre'}]
          veto: '@security'
          deny_threshold: 2
          distinct: false
          last_editor_may_approve: false
          break_glass: [U9]
        timeout: 2d
        on_timeout: reject
        """,
        {
            "policy": Policy(
                stages=(
                    Stage(
                        slots=(Slot(approvers=SRE, count=2), Slot(approvers=FINANCE)),
                        four_eyes=True,
                        timeout=timedelta(days=1),
                        name="both",
                    ),
                    Stage(slots=(Slot(approvers=FINANCE), Slot(approvers=SRE, count=None))),
                ),
                veto=parse_approvers("@security"),
                deny_threshold=2,
                distinct=False,
                last_editor_may_approve=False,
                break_glass=parse_approvers("U9"),
            ),
            "timeout": "2d",
            "on_timeout": "reject",
        },
    ),
    "texts": (
        (
            "{approvers: U1, title: 'Go, {{ state.a }}?', prompt: {run: ~words}, review_keys: a.b,"
            " reads: [a], writes: [note]}"
        ),
        {
            "approvers": "U1",
            "title": "Go, {{ state.a }}?",
            "prompt": flows.words,
            "review_keys": "a.b",
            "reads": "a",
            "writes": "note",
        },
    ),
    "when": ("{approvers: U1, when: state.a > 1}", {"approvers": "U1", "when": "state.a > 1"}),
    "computed when": (
        "{approvers: U1, when: {run: ~is_large}}",
        {"approvers": "U1", "when": flows.is_large},
    ),
    "timeout route": (
        "{approvers: U1, timeout: {run: ~soon}, on_timeout: route, timeout_route: b}",
        {"approvers": "U1", "timeout": flows.soon, "on_timeout": "route", "timeout_route": "b"},
    ),
    "reminders": (
        """
        approvers: U1
        timeout: 2d
        on_timeout: reject
        reminders: {after: 1h, every: 4h, most: 5, before: {run: ~soon}}
        """,
        {
            "approvers": "U1",
            "timeout": "2d",
            "on_timeout": "reject",
            "reminders": {"after": "1h", "every": "4h", "most": 5, "before": flows.soon},
        },
    ),
    "remind before": (
        "{approvers: U1, timeout: 2d, on_timeout: skip, remind_before: 1h}",
        {"approvers": "U1", "timeout": "2d", "on_timeout": "skip", "remind_before": "1h"},
    ),
    "escalation": (
        "{approvers: U1, escalation: {after: 1d, to: '@leads'}}",
        {"approvers": "U1", "escalation": {"after": "1d", "to": "@leads"}},
    ),
    "escalations": (
        "{approvers: U1, escalation: [{after: 1d, to: U2}, {after: 2d, to: [U3, U4]}]}",
        {
            "approvers": "U1",
            "escalation": [{"after": "1d", "to": "U2"}, {"after": "2d", "to": "U3 U4"}],
        },
    ),
    "calendar": (
        """
        approvers: U1
        timeout: 2d
        on_timeout: reject
        calendar: {zone: Europe/Berlin, days: mon-thu, start: 09:00, end: 17:00,
                   holidays: [2026-12-25, "2027-01-01"]}
        """,
        {
            "approvers": "U1",
            "timeout": "2d",
            "on_timeout": "reject",
            "calendar": WorkingHours(
                zone="Europe/Berlin",
                days="mon-thu",
                start=time(9),
                end=time(17),
                holidays=(date(2026, 12, 25), date(2027, 1, 1)),
            ),
        },
    ),
    "calendar with defaults": (
        "{approvers: U1, timeout: 2d, on_timeout: reject, calendar: {zone: UTC}}",
        {
            "approvers": "U1",
            "timeout": "2d",
            "on_timeout": "reject",
            "calendar": WorkingHours(zone="UTC"),
        },
    ),
    "calendar by name": (
        "{approvers: U1, timeout: 2d, on_timeout: reject, calendar: {run: ~HOURS}}",
        {"approvers": "U1", "timeout": "2d", "on_timeout": "reject", "calendar": flows.HOURS},
    ),
    "how it is shown": (
        (
            "{approvers: U1, review_keys: [sum, who],"
            " formats: {sum: 'number:EUR', who.key: secret}, risk: high,"
            " channel: '#money', notify: ['@sre', U2], direct: true}"
        ),
        {
            "approvers": "U1",
            "review_keys": ["sum", "who"],
            "formats": {"sum": Format(FormatKind.NUMBER, "EUR"), "who.key": "secret"},
            "risk": "high",
            "channel": "#money",
            "notify": "@sre U2",
            "direct": True,
        },
    ),
    "rejection": ("{approvers: U1, rejection: b}", {"approvers": "U1", "rejection": "b"}),
    "retry": (
        "{approvers: U1, on_reject: retry, max_retries: 2}",
        {"approvers": "U1", "on_reject": "retry", "max_retries": 2},
    ),
}

INPUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "model": (
        "{approvers: U1, schema: {model: ~Form}, save_as: form}",
        {"approvers": "U1", "schema": flows.Form, "save_as": "form"},
    ),
    "json schema": (
        (
            "{approvers: U1, schema: {properties: {run: {type: string}}, required: [run]},"
            " timeout: 1h, on_timeout: answer, default: {run: x}}"
        ),
        {
            "approvers": "U1",
            "schema": {"properties": {"run": {"type": "string"}}, "required": ["run"]},
            "timeout": "1h",
            "on_timeout": "answer",
            "default": {"run": "x"},
        },
    ),
}


@pytest.mark.parametrize("case", GATES)
def test_g1_every_option_of_a_gate_is_the_same_in_yaml_and_python(case: str) -> None:
    """Policies, times, texts and what follows, on a confirm of a task."""
    text, options = GATES[case]
    check_twins(text, "confirm", options)


@pytest.mark.parametrize("case", INPUTS)
def test_g1_forms_are_the_same_in_yaml_and_python(case: str) -> None:
    """A schema is a model by name, or JSON Schema, whatever keys it has."""
    text, options = INPUTS[case]
    check_twins(text, "input", options)


def check_twins(text: str, kind: str, options: dict[str, Any]) -> None:
    """Compare a gate of a task between two others."""
    graph = loaded(gate_text(text, kind))
    gate: Any = {kind: options}
    twin = in_python(
        lambda builder: builder.task("z", flows.draft).task("a", flows.check, **gate).end("b")
    )

    assert twin.definition == graph.definition
    assert (twin, twin.version) == (graph, graph.version)
