"""Options of gates that make no sense are refused, one line for each (rows G6, H16)."""

from __future__ import annotations

import pytest

from orchestrator import GraphBuilder, WorkingHours, gate, quorum
from tests.unit.graph.flows import pay, pick
from tests.unit.graph.small import FORM, around, body, one, problems


@pytest.mark.parametrize(
    ("node", "gates", "expected"),
    [
        (
            "task",
            {"confirm": {"timeout": "1d"}},
            ("confirm: has a timeout but no on_timeout; say what happens: expire, reject, approve, "
            "skip, route"),
        ),
        (
            "task",
            {"confirm": {"on_timeout": "skip"}},
            "confirm: has on_timeout but no timeout; say how long to wait, such as 2d",
        ),
        (
            "task",
            {"input": {"schema": FORM, "timeout": "1d", "on_timeout": "answer"}},
            "input: has on_timeout answer but no default; give the answer that counts",
        ),
        (
            "task",
            {
                "input": {
                    "schema": FORM,
                    "timeout": "1d",
                    "on_timeout": "answer",
                    "default": {"amount": "many"},
                }
            },
            "input: amount: 'many' is not of type 'integer'",
        ),
        (
            "task",
            {"input": {"schema": FORM, "default": {"amount": 1}}},
            "input: has a default, which only on_timeout answer uses; set it, or drop the default",
        ),
        (
            "task",
            {"input": {}},
            "input: has no schema with fields to ask for; give a pydantic model or a JSON schema",
        ),
        (
            "task",
            {"confirm": {"schema": FORM}},
            "confirm: has a schema, which is for input, result, review, tool; take it out",
        ),
        (
            "task",
            {"confirm": {"save_as": "x"}},
            "confirm: has save_as, which is for input, result, choose, review; take it out",
        ),
        (
            "task",
            {"input": {"schema": FORM, "save_as": "human_decision"}},
            "input: writes 'human_decision', which only an answer may set; choose another key",
        ),
        (
            "task",
            {"confirm": {"multiple": True}},
            "confirm: has multiple, which is for choose on a router with routes; take it out",
        ),
        (
            "edges",
            {"choose": {"multiple": True}},
            "choose: has multiple, which is for choose on a router with routes; take it out",
        ),
        (
            "task",
            {"confirm": {"max_retries": 2}},
            ("confirm: has max_retries, but nothing is retried; write on_reject retry, or take it "
            "out"),
        ),
        (
            "loop",
            {"iterate": {"max_retries": 2}},
            ("iterate: has max_retries, but the rounds of a loop are bounded by its "
            "max_rounds; use that"),
        ),
        (
            "task",
            {"review": {"max_retries": -1}},
            "review: max_retries is -1; make it 0 or more",
        ),
        (
            "task",
            {"confirm": {"on_reject": "retry"}},
            ("confirm: on_reject retry goes to the node before, but there is not exactly one; name "
            "it with rejection"),
        ),
        (
            "tool",
            {"input": {"schema": FORM, "on_reject": "retry"}},
            "input: on_reject retry has no node before a tool; write cancel or fail",
        ),
        (
            "tool",
            {"input": {"schema": FORM, "rejection": "t"}},
            "input: rejection is set, but a tool has nowhere to go on; take it out",
        ),
        (
            "task",
            {"confirm": {"on_reject": "route"}},
            "confirm: has on_reject route but no rejection; name the node to go on at",
        ),
        (
            "task",
            {"confirm": {"on_reject": "skip", "rejection": "it"}},
            ("confirm: has rejection, which on_reject skip does not use; write on_reject route, or "
            "drop rejection"),
        ),
        (
            "task",
            {"review": {"on_reject": "retry", "rejection": "it"}},
            ("review: has rejection, which on_reject retry does not use; write on_reject route, or "
            "drop rejection"),
        ),
        (
            "task",
            {"error": {"rejection": "it"}},
            "error: has rejection, but error cannot be rejected; take it out",
        ),
        (
            "task",
            {"confirm": {"reminders": {"most": 0, "after": "1h"}}},
            "confirm: most of reminders is 0; make it at least 1, or take reminders out",
        ),
        (
            "task",
            {"confirm": {"reminders": {}}},
            "confirm: reminders never come; say `after`, `every` or `before`",
        ),
        (
            "task",
            {"confirm": {"reminders": {"later": "1h", "after": "1h"}}},
            "confirm: reminders has no option 'later'; known are after, every, most, before",
        ),
        (
            "task",
            {"confirm": {"reminders": {"after": "2d"}, "timeout": "1d", "on_timeout": "skip"}},
            ("confirm: would remind after it has timed out; make `after` or `every` shorter than "
            "timeout"),
        ),
        (
            "task",
            {"confirm": {"reminders": {"before": "1h"}}},
            "confirm: has remind_before but no timeout; say how long to wait, such as 2d",
        ),
        (
            "task",
            {
                "confirm": {
                    "escalation": {"after": "2d", "to": "U2"},
                    "timeout": "1d",
                    "on_timeout": "skip",
                }
            },
            "confirm: would escalate after it has timed out; make `after` shorter than timeout",
        ),
        (
            "task",
            {"confirm": {"escalation": {"after": "1h", "to": []}}},
            "confirm: escalation has nobody to go to; name at least one",
        ),
        (
            "task",
            {"confirm": {"escalation": {"after": "1h"}}},
            ("confirm: escalation is {'after': '1h'}; give a mapping of after and to, and only "
            "those"),
        ),
        (
            "task",
            {"confirm": {"calendar": WorkingHours(zone="UTC")}},
            "confirm: has a calendar but no time for it to count; add a timeout, or take it out",
        ),
        (
            "task",
            {"confirm": {"calendar": "office"}},
            "confirm: calendar is 'office'; give one with a method add, such as WorkingHours",
        ),
        (
            "outside",
            {"result": {"when": "state.x"}},
            ("result: has `when`, but without an answer the node cannot go on, so result is always "
            "asked"),
        ),
        (
            "routes",
            {"choose": {"timeout": "1d", "on_timeout": "answer", "default": ["a", "c"]}},
            "choose: default names unknown route(s) 'c'; known are a, b",
        ),
        (
            "routes",
            {"choose": {"timeout": "1d", "on_timeout": "answer", "default": ["a", "b"]}},
            "choose: default names several routes; name one, or set multiple",
        ),
        (
            "edges",
            {"choose": {"timeout": "1d", "on_timeout": "answer", "default": "middle"}},
            "choose: default names unknown route(s) 'middle'; known are left, right",
        ),
        (
            "edges",
            {"confirm": {"on_reject": "skip"}},
            "confirm: on_reject skip leaves a router nowhere to go on; write cancel or route",
        ),
        (
            "edges",
            {"choose": {"timeout": "1d", "on_timeout": "skip"}},
            "choose: on_timeout skip leaves a router nowhere to go on; write expire or route",
        ),
        (
            "task",
            {"confirm": {"quorum": 2}},
            ("confirm: has no option 'quorum'; known are title, prompt, review_keys, reads, "
            "writes, when, timeout, on_timeout, timeout_route, default, remind_before, reminders, "
            "escalation, calendar, on_reject, rejection, max_retries, schema, save_as, multiple, "
            "formats, risk, channel, notify, direct, approvers, policy"),
        ),
        (
            "task",
            {"confirm": {"policy": quorum(1, "U1")}},
            "confirm: has approvers and a policy; keep one of the two, any_of(…) makes a policy",
        ),
        (
            "task",
            {"confirm": {"when": "amount > 1"}},
            ("confirm: condition 'amount > 1' uses unknown name(s) amount; known are state, input, "
            "outputs, run, item, number, so write state.amount for a key of the state"),
        ),
        (
            "task",
            {"confirm": {"rejection": 3}},
            "confirm: rejection is 3; give a text",
        ),
        (
            "task",
            {"confirm": {"reads": [1]}},
            "confirm: reads has 1, which is no text; give names of keys, or *",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_g6_options_that_make_no_sense_are_refused(node, gates, expected):
    """Nothing is silently ignored: the gate, what is wrong with it, and what to write."""
    declared = one(
        node, **{kind: gate(approvers="U1", **options) for kind, options in gates.items()}
    )
    path = "it/t" if node == "tool" else "it"

    assert problems(declared) == [f"node '{path}': {expected}"]


def test_h13_a_loop_whose_rounds_are_always_looked_at_has_no_until():
    """With a condition on the gate, the other rounds are judged by `until`."""
    some = gate(approvers="U1", when="number == 1")
    always = around().loop("it", body(), until="state.x", iterate="U1")
    sometimes = around().loop("it", body(), until="state.x", iterate=some)

    assert "has until, which is never looked at" in problems(always)[0]
    assert sometimes.problems() == []


def test_h9_a_rejected_approval_is_not_passed_over():
    """What it guards would run; a route says where else to go on."""
    skipped = around().approval("it", approvers="U1", on_reject="skip")

    assert "would let the run go on to what the approval guards" in problems(skipped)[0]


def test_g6_a_gate_needs_somebody():
    """Neither nobody, nor a function when the graph names nobody beside it."""
    nobody = GraphBuilder("g").task("it", pay, confirm=gate(title="?")).start("it").ends("it")
    assert problems(nobody) == [
        "node 'it': confirm: has no approvers, so nobody could answer; name at least one"
    ]
    computed = GraphBuilder("g").approval("it", approvers=pick).start("it").ends("it")
    assert problems(computed) == [
        (
            "node 'it': computes its approvers, but the graph names nobody to ask when "
            "it finds none; name operators"
        )
    ]


def test_h16_an_error_needs_somebody_to_ask():
    """A pause with nobody to ask, or beside another rule, is refused."""
    alone = GraphBuilder("g").task("it", pay, on_error="pause").start("it").ends("it")
    assert problems(alone) == [
        (
            "node 'it': has on_error pause, but the graph names nobody to ask; "
            "name operators, or give it a gate `error`"
        )
    ]
    assert problems(one("task", error="U1", on_error="skip")) == [
        "node 'it': has a gate `error` and on_error skip; keep one of the two"
    ]
    assert problems(one("edges", on_error="skip")) == [
        "node 'it': on_error skip leaves a router nowhere to go on; write fail or pause"
    ]
    one("task", on_error="pause").build()
