"""Which gates can stand on which nodes."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.graph.composites import AgentNode, LoopNode, Node, RouterNode
from orchestrator.graph.kinds import ApprovalKind, OnError, OnReject, OnTimeout
from orchestrator.graph.nodes import ApprovalNode, EndNode, TaskNode, WaitNode
from orchestrator.graph.problems import Declaration, Declared, Role, gate_prefix, gates_of

_K = ApprovalKind
#: What nearly every node can have.
_USUAL = frozenset({_K.CONFIRM, _K.INPUT, _K.REVIEW, _K.ERROR})

#: What to do instead, by the gate that cannot be there.
_REMEDIES = {
    _K.CONFIRM: "use `tool`, which is asked for every call",
    _K.INPUT: "put it on the node before or after",
    _K.CHOOSE: "use confirm, or a router with routes",
    _K.TOOL: "use confirm; `tool` is for the tools of an agent",
    _K.RESULT: "it is for a task without a function, `task(id, None, result=…)`",
    _K.ITERATE: "use review, or put the work in a loop",
    _K.REVIEW: "there is no output to look at, so put it on the node before",
    _K.ERROR: "take it out",
}


def find_placement_problems(declared: Declared, scope: Declaration) -> Iterator[str]:
    """List gates that cannot be on the node, and those that are missing."""
    node = declared.node
    what, allowed = _allowed(node, scope.role)
    for kind, _ in gates_of(node):
        if kind not in allowed:
            remedy = _REMEDIES[kind]
            if isinstance(node, RouterNode):
                remedy = "a router between edges does nothing that it could be about; use routes"
            yield f"{what} cannot have a gate `{kind}`; {remedy}"
    if isinstance(node, TaskNode) and node.function is None and node.gates.result is None:
        yield "has no function and no gate `result`; give it one of the two"
    if isinstance(node, RouterNode):
        yield from _router(node)
    if isinstance(node, EndNode):
        return
    if node.gates.error is not None and node.on_error is not OnError.PAUSE:
        yield f"has a gate `error` and on_error {node.on_error}; keep one of the two"


def _allowed(node: Node, role: Role) -> tuple[str, frozenset[ApprovalKind]]:
    match node:
        case TaskNode():
            outside = frozenset({_K.RESULT}) if node.function is None else frozenset()
            if role is Role.TOOLS:
                return "a tool", (_USUAL - {_K.CONFIRM}) | {_K.TOOL} | outside
            return "a task with a function" if not outside else "a task", _USUAL | outside
        case ApprovalNode():
            return "an approval", frozenset({_K.CONFIRM, _K.ERROR})
        case EndNode():
            return "an end", frozenset()
        case WaitNode(signal=None):
            return "a wait for a time", _USUAL - {_K.REVIEW}
        case RouterNode() if not node.routes:
            return "a router without routes", frozenset({_K.CONFIRM, _K.CHOOSE, _K.ERROR})
        case RouterNode():
            return "a router", _USUAL | {_K.CHOOSE}
        case LoopNode():
            return "a loop", _USUAL | {_K.ITERATE}
        case AgentNode():
            return "an agent", _USUAL
        case _:
            name = type(node).__name__.removesuffix("Node").lower()
            return f"a {name}", _USUAL


def _router(node: RouterNode) -> Iterator[str]:
    if node.select is not None and node.gates.choose is not None:
        yield "has `select` and a gate `choose`; people choose, or select does, so keep one"
    if node.routes:
        if node.select is None and node.gates.choose is None:
            yield "has routes but nobody who chooses; add `select` or a gate `choose`"
        return
    for kind, gate in gates_of(node):
        prefix = gate_prefix(node, kind)
        if gate.on_reject is OnReject.SKIP:
            yield f"{prefix}on_reject skip leaves a router nowhere to go on; write cancel or route"
        if gate.on_timeout is OnTimeout.SKIP:
            yield f"{prefix}on_timeout skip leaves a router nowhere to go on; write expire or route"
    if node.on_error is OnError.SKIP:
        yield "on_error skip leaves a router nowhere to go on; write fail or pause"
