"""The closed sets of a gate: what it asks, what may be answered, and what follows."""

from __future__ import annotations

from enum import StrEnum


class ApprovalKind(StrEnum):
    """What an approval asks for."""

    CONFIRM = "confirm"  #: may the node run, or the run go on?
    INPUT = "input"  #: values that a node needs
    CHOOSE = "choose"  #: which routes to take
    REVIEW = "review"  #: is the node's output good?
    ITERATE = "iterate"  #: is this round of a loop good enough?
    TOOL = "tool"  #: may an agent call this tool with these arguments?
    RESULT = "result"  #: what came out of work that is done outside
    ERROR = "error"  #: a node failed for good, or its fate is unknown: what now?


class Decision(StrEnum):
    """What an approver may answer."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    REQUEST_CHANGES = "request-changes"
    ANSWER = "answer"
    CHOOSE = "choose"
    RESULT = "result"
    RETRY = "retry"
    SKIP = "skip"
    FAIL = "fail"


#: What each kind may be answered with.
DECISIONS: dict[ApprovalKind, tuple[Decision, ...]] = {
    ApprovalKind.CONFIRM: (Decision.APPROVE, Decision.REJECT),
    ApprovalKind.INPUT: (Decision.ANSWER, Decision.REJECT),
    ApprovalKind.CHOOSE: (Decision.CHOOSE, Decision.REJECT),
    ApprovalKind.REVIEW: (
        Decision.APPROVE,
        Decision.EDIT,
        Decision.REQUEST_CHANGES,
        Decision.REJECT,
    ),
    ApprovalKind.ITERATE: (Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT),
    ApprovalKind.TOOL: (Decision.APPROVE, Decision.EDIT, Decision.REJECT),
    ApprovalKind.RESULT: (Decision.RESULT,),
    ApprovalKind.ERROR: (Decision.RETRY, Decision.SKIP, Decision.FAIL),
}

#: Kinds for which more than one person's answer may be asked; elsewhere the first one resolves.
QUORUM_KINDS = frozenset({ApprovalKind.CONFIRM, ApprovalKind.REVIEW, ApprovalKind.ITERATE})


class OnReject(StrEnum):
    """What happens to a run when a gate is rejected."""

    CANCEL = "cancel"  #: the run is cancelled
    SKIP = "skip"  #: the node is done, with output null
    FAIL = "fail"  #: the node fails
    ELSE = "else"  #: a condition goes to its else-branch, or is skipped without one
    RETRY = "retry"  #: once more with the feedback: the node before, or the reviewed node itself
    ROUTE = "route"  #: the run goes on at the node that `rejection` names
    NOTE = "note"  #: an agent is told that its tool call was rejected, and why


class OnTimeout(StrEnum):
    """What happens to a run when nobody answered in time. The outcome is `expired` in any case."""

    EXPIRE = "expire"  #: the run ends as timed out
    REJECT = "reject"  #: as if rejected
    APPROVE = "approve"  #: as if approved
    SKIP = "skip"  #: the node is passed over and the run goes on
    ANSWER = "answer"  #: as if somebody had given the gate's `default`
    ROUTE = "route"  #: the run goes on at `timeout_route`
    FAIL = "fail"  #: the node fails


_K, _R, _T = ApprovalKind, OnReject, OnTimeout

#: What may follow a rejection, by kind; the first is the default. Else is for conditions only.
ON_REJECT: dict[ApprovalKind, tuple[OnReject, ...]] = {
    _K.CONFIRM: (_R.CANCEL, _R.SKIP, _R.FAIL, _R.ELSE, _R.RETRY, _R.ROUTE),
    _K.INPUT: (_R.CANCEL, _R.SKIP, _R.FAIL, _R.RETRY, _R.ROUTE),
    _K.CHOOSE: (_R.CANCEL, _R.SKIP, _R.FAIL, _R.RETRY, _R.ROUTE),
    _K.REVIEW: (_R.CANCEL, _R.SKIP, _R.FAIL, _R.RETRY, _R.ROUTE),
    _K.ITERATE: (_R.CANCEL, _R.SKIP, _R.FAIL, _R.ROUTE),
    _K.TOOL: (_R.NOTE, _R.CANCEL, _R.FAIL),
    _K.RESULT: (),
    _K.ERROR: (),
}

#: What may happen when time runs out, by kind.
ON_TIMEOUT: dict[ApprovalKind, tuple[OnTimeout, ...]] = {
    _K.CONFIRM: (_T.EXPIRE, _T.REJECT, _T.APPROVE, _T.SKIP, _T.ROUTE),
    _K.INPUT: (_T.EXPIRE, _T.REJECT, _T.SKIP, _T.ANSWER, _T.ROUTE),
    _K.CHOOSE: (_T.EXPIRE, _T.REJECT, _T.SKIP, _T.ANSWER, _T.ROUTE),
    _K.REVIEW: (_T.EXPIRE, _T.REJECT, _T.APPROVE, _T.SKIP, _T.ROUTE),
    _K.ITERATE: (_T.EXPIRE, _T.REJECT, _T.APPROVE, _T.SKIP, _T.ROUTE),
    _K.TOOL: (_T.EXPIRE, _T.REJECT, _T.APPROVE),
    _K.RESULT: (_T.EXPIRE, _T.SKIP, _T.ANSWER, _T.ROUTE, _T.FAIL),
    _K.ERROR: (_T.EXPIRE, _T.SKIP, _T.FAIL),
}


class Risk(StrEnum):
    """How much depends on an answer."""

    LOW = "low"  #: may be told in a digest
    NORMAL = "normal"
    HIGH = "high"  #: an approval is asked back before it counts


class OnError(StrEnum):
    """What happens when a node has failed for good."""

    FAIL = "fail"  #: its frame's rule decides; at the top the run fails
    SKIP = "skip"  #: it counts as done, with output null
    PAUSE = "pause"  #: a person decides: retry, skip or fail


class OnBranchError(StrEnum):
    """What a parallel or a map does when one of its branches has failed."""

    WAIT = "wait"  #: the others go on, then the node fails with all errors
    FAIL_FAST = "fail-fast"  #: the others are stopped, their approvals withdrawn, the node fails
    BEST_EFFORT = "best-effort"  #: the node succeeds; a failed branch's output is null
