"""The options of gates and nodes, as `GraphBuilder` and `Block` take them.

Times are timedeltas or text such as `5m`; conditions and computed values are CEL text or functions
of the view; `"*"` among names is everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from orchestrator.graph.calendars import Calendar
from orchestrator.graph.composites import Reduce
from orchestrator.graph.formats import Format
from orchestrator.graph.gates import ComputedApprovers
from orchestrator.graph.kinds import OnBranchError, OnError, OnReject, OnTimeout, Risk
from orchestrator.graph.nodes import Retry, TaskFunction
from orchestrator.graph.policy import Approver, Policy
from orchestrator.graph.views import Predicate, Text, View

#: One name, or several; `"*"` is everything.
Names = str | Iterable[str]
#: A timedelta, or text such as `5m`.
Time = timedelta | str
#: A time, or a function of the view that computes one.
TimeOrComputed = Time | Callable[[View], timedelta]
#: Names as `parse_approvers` reads them, in one text or several, or approvers.
Approvers = str | Iterable[str | Approver]
#: CEL text, or a function of the view.
Condition = str | Predicate


class RemindersOptions(TypedDict, total=False):
    """Options of reminders; see `Reminders`."""

    after: Time
    every: Time
    most: int
    before: TimeOrComputed


class EscalationOptions(TypedDict):
    """Options of an escalation; see `Escalation`."""

    after: Time
    to: Approvers


class QuestionOptions(TypedDict, total=False):
    """Options of every question, all with a default; see `Gate`."""

    #: The question: a template, or a function of the view.
    title: str | Text
    #: A sentence or two under the title: a template, or a function of the view.
    prompt: str | Text
    #: State keys to show, dotted keys reach inside; default: all that it reads, or the output.
    review_keys: Names
    #: State keys that it may show; default: all.
    reads: Names
    #: State keys that an answer may set beside the decision; default: none.
    writes: Names
    #: Asked only when this holds, or when it raises; default: always.
    when: Condition
    #: How long to wait for an answer; default: for ever.
    timeout: TimeOrComputed
    #: What happens then; to be given exactly when there is a timeout.
    on_timeout: OnTimeout | str
    #: Where to go on when `on_timeout` is `route`.
    timeout_route: str
    #: The answer that counts when `on_timeout` is `answer`.
    default: Any
    #: How long before the deadline the one reminder comes; short for `reminders={"before": …}`.
    remind_before: TimeOrComputed
    reminders: RemindersOptions
    #: One escalation, or several.
    escalation: EscalationOptions | Sequence[EscalationOptions]
    #: In which hours timeouts, reminders and escalations count; default: always.
    calendar: Calendar
    #: What follows a rejection; default: cancel, else for a condition, note for a tool.
    on_reject: OnReject | str
    #: Where to go on when rejected; alone it means `on_reject="route"`.
    rejection: str
    #: How often a retry or a request for changes is followed; default: 3.
    max_retries: int
    #: A pydantic model or JSON schema of what an answer, a result or an edit must look like.
    schema: Any
    #: State key under which the answer's values are kept, too.
    save_as: str
    #: May several routes be chosen?
    multiple: bool
    #: How values are shown, by label as in review_keys: `code`, `number:EUR`, `secret` …
    formats: Mapping[str, str | Format]
    #: `low` may be told in a digest, `high` is asked back; default: normal.
    risk: Risk | str
    #: Where it is asked: `#name` or a channel's id; default: where the workspace asks everything.
    channel: str
    #: Who is called when it is asked; default: nobody.
    notify: Approvers
    #: Does each approver get it as a direct message, too? Default: no.
    direct: bool


class GateOptions(QuestionOptions, total=False):
    """Options of a gate on a node. Exactly one of `approvers` and `policy` must be there."""

    #: The first of these decides; or a function of the view that names them.
    approvers: Approvers | ComputedApprovers
    #: For more than the first of a list.
    policy: Policy


#: A gate as a node takes it: its options, or just who answers.
GateLike = GateOptions | Approvers | ComputedApprovers | Policy


class NodeOptions(TypedDict, total=False):
    """Options of every node but an approval and an end: its gates, and what a failure means."""

    #: Asked before the node runs: may it?
    confirm: GateLike
    #: Asked before it runs: values that it needs, as `schema` says.
    input: GateLike
    #: Asked of a router: which routes?
    choose: GateLike
    #: Asked before a tool of an agent is called.
    tool: GateLike
    #: Asked in place of running: what came out of work done outside?
    result: GateLike
    #: Asked after each round of a loop.
    iterate: GateLike
    #: Asked after the node has run, about its output.
    review: GateLike
    #: Asked when it failed for good; alone it means `on_error="pause"`.
    error: GateLike
    #: What a failure for good means; default: fail. `pause` without `error` asks the operators.
    on_error: OnError | str


class TaskOptions(NodeOptions, total=False):
    """Options of a task, all with a default; see `TaskNode`."""

    #: State keys that the task sees; default: all.
    reads: Names
    #: State keys that it may set; default: all.
    writes: Names
    #: How to try again, or just how often to try in all; default: one try.
    retry: Retry | int
    #: How long one try may take; default: as long as it likes.
    timeout: Time
    #: May it run again when nobody knows whether it ran? Default: yes, unless behind an approval.
    idempotent: bool
    #: Takes back what the task did, when the run is cancelled or fails later.
    undo: TaskFunction


class ApprovalOptions(QuestionOptions, total=False):
    """Options of an approval besides its approvers; see `Gate`."""

    #: For more than the first of a list; in place of the approvers.
    policy: Policy
    #: Asked when the question itself cannot be asked; default: the run fails.
    error: GateLike
    on_error: OnError | str


class WaitOptions(NodeOptions, total=False):
    """Options of a wait; exactly one of `duration`, `until` and `signal`; see `WaitNode`."""

    duration: TimeOrComputed
    #: An aware instant, ISO 8601 text with an offset, or a function of the view.
    until: datetime | str | Callable[[View], datetime]
    signal: str
    #: A pydantic model or JSON schema of the signal's payload.
    schema: Any
    #: How long to wait for the signal; past it the node fails.
    timeout: TimeOrComputed
    #: State keys that the payload may set; default: none.
    writes: Names


class JoinOptions(NodeOptions, total=False):
    """Options of a parallel or a map; see `ParallelNode` and `MapNode`."""

    #: How values under one key become one: `list`, `concat`, `sum`, `merge`, `first`, `last`, or a
    #: function of the list of values.
    merge: Mapping[str, Reduce | str]
    limit: int
    on_branch_error: OnBranchError | str


def gate(**options: Unpack[GateOptions]) -> GateOptions:
    """Write down a gate, to be used by one or several nodes."""
    return options
