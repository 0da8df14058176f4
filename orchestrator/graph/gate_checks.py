"""What is wrong with the gates of a node."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.graph.assembling import BEFORE
from orchestrator.graph.composites import ConditionNode, Node, RouterNode
from orchestrator.graph.deadline_checks import find_deadline_problems
from orchestrator.graph.formats import find_format_problems
from orchestrator.graph.gate_places import find_placement_problems
from orchestrator.graph.gates import Gate
from orchestrator.graph.kinds import ON_REJECT, ApprovalKind, OnReject
from orchestrator.graph.node_checks import decision_keys, names
from orchestrator.graph.nodes import ApprovalNode
from orchestrator.graph.policy import Policy
from orchestrator.graph.problems import Declaration, Declared, Role, gate_prefix, gates_of
from orchestrator.graph.satisfiable import find_policy_problems
from orchestrator.graph.views import EVERYTHING

_K = ApprovalKind
_WITH_SCHEMA = (_K.INPUT, _K.RESULT, _K.REVIEW, _K.TOOL)
_WITH_VALUES = (_K.INPUT, _K.RESULT, _K.CHOOSE, _K.REVIEW)
#: Kinds without which the node would have nothing to go on with.
_ALWAYS = (_K.CHOOSE, _K.RESULT, _K.ERROR)


def find_gate_problems(declared: Declared, scope: Declaration) -> Iterator[str]:
    """List what is wrong with the node's gates."""
    yield from find_placement_problems(declared, scope)
    node = declared.node
    for kind, gate in gates_of(node):
        given = declared.gates.get(kind, frozenset())
        for text in (
            *_asked(kind, gate),
            *_shown(gate),
            *find_deadline_problems(kind, gate),
            *_rejected(node, kind, gate, given),
            *_retried(scope, kind, gate, given),
            *_answered(node, kind, gate),
            *_chosen(node, kind, gate, scope),
        ):
            yield f"{gate_prefix(node, kind)}{text}"


def _asked(kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    if isinstance(gate.policy, Policy):
        yield from find_policy_problems(kind, gate.policy)
    if gate.when is not None and kind in _ALWAYS:
        yield f"has `when`, but without an answer the node cannot go on, so {kind} is always asked"


def _shown(gate: Gate) -> Iterator[str]:
    for option in ("reads", "writes", "review_keys"):
        yield from names(option, getattr(gate, option))
    if EVERYTHING not in (gate.review_keys, gate.reads):
        for key in gate.review_keys:
            if key.strip() and key.split(".")[0] not in gate.reads:
                yield f"shows {key!r}, which it does not read; add it to reads"
    yield from find_format_problems(gate.formats, gate.review_keys)
    yield from decision_keys(gate.writes)


def _rejected(node: Node, kind: ApprovalKind, gate: Gate, given: frozenset[str]) -> Iterator[str]:
    known = [
        each
        for each in ON_REJECT[kind]
        if each is not OnReject.ELSE or isinstance(node, ConditionNode)
    ]
    if not known:
        for option in sorted(given & {"on_reject", "rejection"}):
            yield f"has {option}, but {kind} cannot be rejected; take it out"
        return
    if gate.on_reject not in known:
        yield (
            f"on_reject {gate.on_reject} makes no sense for {_name(node, kind)}; "
            f"write one of {', '.join(known)}"
        )
    elif gate.on_reject is OnReject.SKIP and isinstance(node, ApprovalNode):
        yield (
            "on_reject skip would let the run go on to what the approval guards; write cancel or "
            "fail, name a node with rejection, or put a confirm gate on the node behind"
        )
    elif gate.on_reject is OnReject.ROUTE and gate.rejection is None:
        yield "has on_reject route but no rejection; name the node to go on at"
    elif gate.rejection is not None and not _goes_somewhere(kind, gate):
        yield (
            f"has rejection, which on_reject {gate.on_reject} does not use; "
            "write on_reject route, or drop rejection"
        )


def _goes_somewhere(kind: ApprovalKind, gate: Gate) -> bool:
    return gate.on_reject is OnReject.ROUTE or (gate.on_reject is OnReject.RETRY and kind in BEFORE)


def _name(node: Node, kind: ApprovalKind) -> str:
    what = type(node).__name__.removesuffix("Node").lower()
    return f"{kind} on {'an' if what[0] in 'ae' else 'a'} {what}"


def _retried(
    scope: Declaration, kind: ApprovalKind, gate: Gate, given: frozenset[str]
) -> Iterator[str]:
    is_retried = gate.on_reject is OnReject.RETRY and OnReject.RETRY in ON_REJECT[kind]
    if is_retried and kind in BEFORE and gate.rejection is None:
        if scope.role is Role.TOOLS:
            yield "on_reject retry has no node before a tool; write cancel or fail"
        else:
            yield (
                "on_reject retry goes to the node before, but there is not exactly one; "
                "name it with rejection"
            )
    if gate.max_retries < 0:
        yield f"max_retries is {gate.max_retries}; make it 0 or more"
    if "max_retries" not in given or is_retried or kind is _K.REVIEW:
        return
    if kind is _K.ITERATE:
        yield "has max_retries, but the rounds of a loop are bounded by its max_rounds; use that"
    else:
        yield "has max_retries, but nothing is retried; write on_reject retry, or take it out"


def _answered(node: Node, kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    if gate.schema is not None and kind not in _WITH_SCHEMA:
        yield f"has a schema, which is for {', '.join(_WITH_SCHEMA)}; take it out"
    if kind is _K.INPUT and (gate.schema is None or not gate.schema.fields):
        yield "has no schema with fields to ask for; give a pydantic model or a JSON schema"
    if gate.save_as is not None:
        if kind not in _WITH_VALUES:
            yield f"has save_as, which is for {', '.join(_WITH_VALUES)}; take it out"
        yield from names("save_as", (gate.save_as,))
        yield from decision_keys((gate.save_as,))
    if gate.multiple and not (isinstance(node, RouterNode) and node.routes and kind is _K.CHOOSE):
        yield "has multiple, which is for choose on a router with routes; take it out"


def _chosen(node: Node, kind: ApprovalKind, gate: Gate, scope: Declaration) -> Iterator[str]:
    """Look at the routes that are taken when nobody chooses in time."""
    if kind is not _K.CHOOSE or gate.default is None or not isinstance(node, RouterNode):
        return
    known = list(node.routes) or [e.target for e in scope.edges if e.source == node.id]
    named = gate.default if isinstance(gate.default, list | tuple) else [gate.default]
    unknown = [each for each in named if each not in known]
    if unknown:
        yield f"default names unknown route(s) {_list(unknown)}; known are {', '.join(known)}"
    elif not named or len(set(named)) < len(named):
        yield "default names no route, or one twice; name each once"
    elif len(named) > 1 and not gate.multiple:
        yield "default names several routes; name one, or set multiple"


def _list(values: list[object]) -> str:
    return ", ".join(repr(each) for each in values)
