"""From the core's refusals to the errors that callers catch."""

from __future__ import annotations

from orchestrator.core import refusals as r
from orchestrator.errors import (
    ApprovalNotFoundError,
    NotAnApproverError,
    OrchestratorError,
    PayloadChangedError,
    ResponseError,
    RunError,
    RunFinishedError,
    UnknownDecisionError,
)


def to_error(run_id: str, refusal: r.Refusal) -> OrchestratorError:
    """Return the error that says what a refusal says."""
    match refusal:
        case r.Finished():
            return RunFinishedError(run_id, refusal.status)
        case r.NotOpen() | r.TooLate():
            return ApprovalNotFoundError(refusal.approval_id)
        case r.NotAllowed():
            return NotAnApproverError(refusal.by, refusal.approvers)
        case r.UnknownDecision():
            return UnknownDecisionError(refusal.decision, refusal.allowed)
        case r.BadResponse():
            return ResponseError(refusal.message)
        case r.PayloadChanged():
            return PayloadChangedError()
        case r.NotCurrent():
            return RunError(f"nothing to do for run {run_id}: {refusal.reason}")
        case r.AlreadyStarted():
            return RunError(f"there is a run {run_id} already; nothing was changed")
