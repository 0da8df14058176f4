"""What is declared on a node for people: what to ask, whom, by when, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from orchestrator.graph.calendars import Calendar
from orchestrator.graph.formats import Format
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind, OnReject, OnTimeout, Risk
from orchestrator.graph.policy import Approver, Policy
from orchestrator.graph.views import EVERYTHING, Predicate, Text, View

Duration = timedelta | Callable[[View], timedelta]
#: Computes the approvers when the question is opened; an empty answer asks the operators.
ComputedApprovers = Callable[[View], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """When the approvers are reminded, beside the question's thread."""

    #: The first one so long after the question was delivered.
    after: timedelta | None = None
    #: Then again and again; without `after` also the first one.
    every: timedelta | None = None
    #: At most so many by `after` and `every`.
    most: int = 3
    #: One more so long before the deadline.
    before: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who may decide, too, and is told, when nobody has answered for a while."""

    after: timedelta
    to: tuple[Approver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One question on a node. Its kind is the name under which the node has it."""

    policy: Policy | ComputedApprovers
    #: The question. Default: made from the kind and the node's id.
    title: Text | None = None
    #: A sentence or two under the title.
    prompt: Text | None = None
    #: Keys of the state to show, dotted keys reach inside; default: all that the gate reads.
    #: A review, iterate or tool gate shows the output, or the arguments, unless this is set.
    review_keys: tuple[str, ...] = EVERYTHING
    reads: tuple[str, ...] = EVERYTHING
    #: State keys that an answer may set beside the decision.
    writes: tuple[str, ...] = ()
    #: Asked only when this holds, or when it raises; None: always.
    when: Predicate | None = None
    timeout: Duration | None = None
    on_timeout: OnTimeout | None = None
    #: Where the run goes on when `on_timeout` is ROUTE.
    timeout_route: str | None = None
    #: The answer that counts when `on_timeout` is ANSWER: values, routes, or a result.
    default: Any = None
    reminders: Reminders | None = None
    escalations: tuple[Escalation, ...] = ()
    #: In which hours timeouts and reminders count; None: always.
    calendar: Calendar | None = None
    on_reject: OnReject = OnReject.CANCEL
    #: Where the run goes on when `on_reject` is ROUTE, or RETRY of a node that is not the only one
    #: before.
    rejection: str | None = None
    #: How often a RETRY or request for changes is followed before the run is cancelled.
    max_retries: int = 3
    #: What an answer, a result or an edited output must look like; None: of the same types.
    schema: InputSchema | None = None
    #: State key under which the answer's values are kept, too.
    save_as: str | None = None
    #: May several routes be chosen?
    multiple: bool = False
    #: How values are shown, by label or by a dotted key inside one; else their shape decides.
    formats: Mapping[str, Format] = field(default_factory=dict)
    risk: Risk = Risk.NORMAL
    #: Where it is asked, `#name` or a channel's id; None: where the workspace asks everything.
    channel: str | None = None
    #: Who is called when it is asked; nobody else is.
    notify: tuple[Approver, ...] = ()
    #: Does each approver get the question as a direct message, too?
    direct: bool = False

    @property
    def is_computed(self) -> bool:
        """Are the approvers known only when the question is opened?"""
        return not isinstance(self.policy, Policy)

    def named(self) -> tuple[Approver, ...]:
        """Return everybody who is named in the declaration, those of escalations included."""
        own = self.policy.everybody() if isinstance(self.policy, Policy) else ()
        later = (each for escalation in self.escalations for each in escalation.to)
        return tuple(dict.fromkeys([*own, *later]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The gates of one node, in the order in which they are asked."""

    confirm: Gate | None = None
    input: Gate | None = None
    choose: Gate | None = None
    tool: Gate | None = None
    result: Gate | None = None
    iterate: Gate | None = None
    review: Gate | None = None
    error: Gate | None = None

    def get(self, kind: ApprovalKind) -> Gate | None:
        """Return the gate of a kind."""
        gate: Gate | None = getattr(self, kind)
        return gate

    def __iter__(self) -> Iterator[tuple[ApprovalKind, Gate]]:
        """Yield the declared gates with their kinds, in order."""
        for kind in _KINDS:
            gate = getattr(self, kind.value)
            if gate is not None:
                yield kind, gate


_KINDS = tuple(ApprovalKind(each.name) for each in fields(Gates))
NO_GATES = Gates()
