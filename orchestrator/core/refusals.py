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
class NotYet:
    """The person is asked in a later stage."""

    by: str
    waiting_for: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say whose turn it is."""
        return f"it is not {self.by}'s turn yet; it waits for {', '.join(self.waiting_for)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """The person started the run, and the policy wants somebody else's eyes."""

    by: str
    approvers: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say who may decide in their place."""
        return (
            f"{self.by} started this run and may not approve it; it takes somebody else of "
            f"{', '.join(self.approvers)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEdit:
    """The person was the last to edit what is asked about."""

    by: str
    approvers: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say who may decide in their place."""
        return (
            f"{self.by} edited this last and may not approve it; it takes somebody else of "
            f"{', '.join(self.approvers)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyCounted:
    """The person's approval fills a slot of an earlier stage."""

    by: str
    waiting_for: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say who is asked now."""
        return (
            f"the approval of {self.by} has been counted in an earlier stage; it waits for "
            f"{', '.join(self.waiting_for)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """The person is a bot, a guest, or of another organisation, and the policy takes none."""

    by: str

    @property
    def message(self) -> str:
        """Say what would have to change."""
        return (
            f"{self.by} is a bot, a guest or of another organisation and may not decide this; "
            "the policy would have to allow outsiders"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPermitted:
    """The person may not do that with the approval."""

    by: str
    action: str  #: such as `withdraw it`
    takes: str  #: who may, such as `its requester or an operator`

    @property
    def message(self) -> str:
        """Say who may."""
        return f"{self.by} may not {self.action}; that takes {self.takes}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPossible:
    """Whoever asks for it, the approval does not allow that."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownDecision:
    """The approval does not take this decision."""

    decision: object
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadResponse:
    """The decision brought something that the gate does not take."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidValues:
    """The values that the decision brought do not fit; every problem is listed."""

    #: Field and what is wrong with it; the field is empty for the values as a whole.
    problems: tuple[tuple[str, str], ...]

    @property
    def message(self) -> str:
        """Say all problems in one line."""
        return "; ".join(f"{field}: {text}" if field else text for field, text in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadChanged:
    """The person saw another payload than the one that is asked about."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCurrent:
    """The attempt, timer or place that the command names is not the current one."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSignal:
    """No node of the graph waits for a signal of that name."""

    name: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyStarted:
    """A run of this id exists."""

    run_id: str


#: Why a person may not answer.
PersonRefusal = NotAllowed | NotYet | OwnRequest | OwnEdit | AlreadyCounted | Outsider | NotPossible

Refusal = (
    Finished
    | NotOpen
    | TooLate
    | PersonRefusal
    | NotPermitted
    | UnknownDecision
    | BadResponse
    | InvalidValues
    | PayloadChanged
    | NotCurrent
    | UnknownSignal
    | AlreadyStarted
)
