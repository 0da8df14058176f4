"""From the core's refusals to the errors that callers catch."""

from __future__ import annotations

from typing import assert_never

from orchestrator import errors
from orchestrator.core import refusals as r


def to_error(run_id: str, refusal: r.Refusal) -> errors.OrchestratorError:
    """Return the error that says what a refusal says."""
    match refusal:
        case r.Finished():
            return errors.RunFinishedError(run_id, refusal.status)
        case r.NotCurrent():
            return errors.RunError(f"nothing to do for run {run_id}: {refusal.reason}")
        case r.AlreadyStarted():
            return errors.RunError(f"there is a run {run_id} already; nothing was changed")
        case r.UnknownSignal():
            return errors.UnknownSignalError(refusal.name, refusal.known)
        case r.NotOpen() | r.TooLate():
            return errors.ApprovalNotFoundError(refusal.approval_id)
        case r.PayloadChanged() | r.UnknownDecision() | r.BadResponse() | r.InvalidValues():
            return _to_response_error(refusal)
        case _:
            return _to_person_error(refusal)


def _to_response_error(
    refusal: r.PayloadChanged | r.UnknownDecision | r.BadResponse | r.InvalidValues,
) -> errors.ApprovalError:
    """Return what is wrong with a decision, whoever made it."""
    match refusal:
        case r.PayloadChanged():
            return errors.PayloadChangedError()
        case r.UnknownDecision():
            return errors.UnknownDecisionError(refusal.decision, refusal.allowed)
        case r.BadResponse():
            return errors.ResponseError(refusal.message)
        case r.InvalidValues():
            return errors.InvalidValuesError(refusal.problems)
        case _:
            assert_never(refusal)


def _to_person_error(refusal: r.PersonRefusal | r.NotPermitted) -> errors.ApprovalError:
    """Return why a person may not do that."""
    match refusal:
        case r.NotAllowed():
            return errors.NotAnApproverError(refusal.by, refusal.approvers)
        case r.NotYet():
            return errors.NotYourTurnError(refusal.by, refusal.waiting_for, refusal.message)
        case r.OwnRequest() | r.OwnEdit():
            return errors.SelfApprovalError(refusal.by, refusal.approvers, refusal.message)
        case r.AlreadyCounted():
            return errors.AlreadyCountedError(refusal.by, refusal.waiting_for, refusal.message)
        case r.Outsider():
            return errors.OutsiderError(refusal.by, (), refusal.message)
        case r.NotPermitted():
            return errors.NotPermittedError(refusal.by, refusal.message)
        case r.NotPossible():
            return errors.NotPossibleError(refusal.message)
        case _:
            assert_never(refusal)
