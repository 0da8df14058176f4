"""Why a command was not carried out. Values, not exceptions: other people's mistakes are normal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The run is over."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpen:
    """The approval is not open any more, or never was part of this run."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLate:
    """The approval's deadline has passed, though its expiry has not been recorded yet."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The person is not among the approvers."""

    by: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownDecision:
    """The approval does not take this decision."""

    decision: object
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadResponse:
    """The decision brought values that the gate does not take."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadChanged:
    """The person saw another payload than the one that is asked about."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCurrent:
    """The attempt, timer or place that the command names is not the current one."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyStarted:
    """A run of this id exists."""

    run_id: str


Refusal = (
    Finished
    | NotOpen
    | TooLate
    | NotAllowed
    | UnknownDecision
    | BadResponse
    | PayloadChanged
    | NotCurrent
    | AlreadyStarted
)
