"""The options of tasks and approvals, as `GraphBuilder` takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypedDict

from orchestrator.graph.nodes import OnTimeout, Retry, Text, View
from orchestrator.graph.policy import Approver

#: One name, or several; `"*"` is everything.
Names = str | Iterable[str]
#: A timedelta, or text such as `5m`.
Time = timedelta | str
#: A time, or a function of the view that computes one.
TimeOrComputed = Time | Callable[[View], timedelta]
#: Names as `parse_approvers` reads them, in one text or several, or approvers.
Approvers = str | Iterable[str | Approver]


class TaskOptions(TypedDict, total=False):
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


class ApprovalOptions(TypedDict, total=False):
    """Options of an approval besides its approvers; see `ApprovalNode`."""

    #: The question: a template, or a function of the view.
    title: str | Text
    #: A sentence or two under the title: a template, or a function of the view.
    prompt: str | Text
    #: State keys to show, dotted keys reach inside; default: all that it reads.
    review_keys: Names
    #: State keys that it may show; default: all.
    reads: Names
    #: State keys that an answer may set beside the decision; default: none.
    writes: Names
    #: How long to wait for an answer; default: for ever.
    timeout: TimeOrComputed
    #: What happens then; to be given exactly when there is a timeout.
    on_timeout: OnTimeout | str
    #: Where to go on when `on_timeout` is `route`.
    timeout_route: str
    #: How long before the deadline the one reminder comes; default: there is none.
    remind_before: TimeOrComputed
    #: Where to go on when rejected; default: the run is cancelled.
    rejection: str
