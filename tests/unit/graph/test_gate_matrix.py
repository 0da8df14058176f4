"""Which gates can stand where, and what may follow them, in full (rows H8, H10, T2)."""

from __future__ import annotations

import pytest

from orchestrator import GraphBuilder, gate
from orchestrator.graph.kinds import ON_REJECT, ON_TIMEOUT, ApprovalKind, OnReject, OnTimeout
from tests.unit.graph.small import NEEDS, NODES, one, problems

USUAL = {"confirm", "input", "review", "error"}
ALLOWED = {
    "task": USUAL,
    "outside": USUAL | {"result"},
    "wait": USUAL - {"review"},
    "signal": USUAL,
    "edges": {"confirm", "choose", "error"},
    "routes": USUAL | {"choose"},
    "condition": USUAL,
    "steps": USUAL,
    "loop": USUAL | {"iterate"},
    "parallel": USUAL,
    "map": USUAL,
    "subgraph": USUAL,
    "agent": USUAL,
    "tool": {"tool", "input", "review", "error"},
}


@pytest.mark.parametrize("kind", list(ApprovalKind))
@pytest.mark.parametrize("node", ALLOWED)
def test_h10_every_kind_of_gate_on_every_kind_of_node(node, kind):
    """A gate is on the node when the graph is built, or there is one problem with a remedy."""
    declared = one(node, **{kind.value: gate(approvers="U1", **NEEDS.get(kind, {}))})
    if kind in ALLOWED[node]:
        built = declared.build()
        inside = built.get_node("it/t") if node == "tool" else built.nodes["it"]
        assert inside.gates.get(kind) is not None
    else:
        (found,) = problems(declared)
        assert f"cannot have a gate `{kind}`; " in found


def test_h10_an_approval_has_its_own_question_only():
    """Other gates are no options of an approval, and ends take none at all."""
    graph = GraphBuilder("g").approval("it", approvers="U1", review="U1").start("it").ends("it")
    (found,) = problems(graph)

    assert found.startswith("node 'it': has no option 'review'; known are ")
    (found,) = problems(GraphBuilder("g").end("it", confirm="U1").start("it"))

    assert found == (
        "node 'it': an end cannot have 'confirm'; put it on the node before, or take it out"
    )


def action(kind, answer):
    """Return the options that a deadline's action needs."""
    needs = {"answer": {"default": {}}, "route": {"timeout_route": "it"}}
    if kind == "choose" and answer == "answer":
        needs["answer"] = {"default": "a"}
    return {"timeout": "1d", "on_timeout": answer, **needs.get(answer, {})}


@pytest.mark.parametrize("answer", list(OnTimeout))
@pytest.mark.parametrize("kind", list(ApprovalKind))
def test_t2_every_kind_of_gate_with_every_action(kind, answer):
    """The table of what may happen when time runs out is held, in full."""
    options = {**NEEDS.get(kind, {}), **action(kind, answer)}
    declared = one(NODES.get(kind, "task"), **{kind.value: gate(approvers="U1", **options)})
    if answer in ON_TIMEOUT[kind]:
        declared.build()
    else:
        found = problems(declared)
        known = ", ".join(ON_TIMEOUT[kind])
        assert f"on_timeout {answer} makes no sense for {kind}; write one of {known}" in found[0]


@pytest.mark.parametrize("action", list(OnReject))
@pytest.mark.parametrize("kind", list(ApprovalKind))
def test_h8_every_kind_of_gate_with_every_rejection(kind, action):
    """The table of what may follow a rejection is held, in full; else is for conditions."""
    options = {**NEEDS.get(kind, {}), "on_reject": action}
    if action is OnReject.ROUTE or (
        action is OnReject.RETRY and kind in ("confirm", "input", "choose")
    ):
        options["rejection"] = "it"
    declared = one(NODES.get(kind, "task"), **{kind.value: gate(approvers="U1", **options)})
    if action in ON_REJECT[kind] and action is not OnReject.ELSE:
        declared.build()
    else:
        found = problems(declared)
        text = "cannot be rejected" if not ON_REJECT[kind] else f"on_reject {action} makes no sense"
        assert any(text in each for each in found)


def test_h11_else_is_for_a_confirm_on_a_condition():
    """There it is the default, and may be written."""
    one("condition", confirm=gate(approvers="U1", on_reject="else")).build()
