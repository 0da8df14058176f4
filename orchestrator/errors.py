"""Every error that the engine raises; a class's docstring is its default message.

The core never raises for other people's mistakes: it returns refusals, which the engine's public
methods turn into these.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class OrchestratorError(Exception):
    """Something in the orchestrator went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


# The author of a graph, when it is built.


class GraphError(OrchestratorError):
    """The graph cannot be used."""


class GraphNotFoundError(GraphError, LookupError):
    """No graph of that name is loaded."""

    def __init__(self, graph_id: str, known: Sequence[str] = ()) -> None:
        self.graph_id = graph_id
        self.known = tuple(known)
        hint = f"known are {', '.join(known)}" if known else "none is loaded"
        super().__init__(f"no graph {graph_id!r}; {hint}")


class GraphValidationError(GraphError, ValueError):
    """The graph has problems; all of them are listed."""

    def __init__(self, graph_id: str, problems: Sequence[str]) -> None:
        self.graph_id = graph_id
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"graph {graph_id!r} has {len(problems)} problem(s):{lines}")


class ConditionError(GraphError, ValueError):
    """A condition, template or other expression could not be compiled or evaluated."""


class GraphChangedError(GraphError):
    """The run was started with another version of its graph than the one that is loaded."""

    def __init__(
        self, graph_id: str, started_with: str, loaded: str, *, differences: Sequence[str] = ()
    ) -> None:
        self.graph_id = graph_id
        self.started_with = started_with
        self.loaded = loaded
        #: What differs where the run is going; empty where that is not known.
        self.differences = tuple(differences)
        found = f": {'; '.join(differences)}" if differences else ""
        super().__init__(
            f"the run follows version {started_with} of graph {graph_id!r} but {loaded} is "
            f"loaded{found}; load the version it started with, or cancel the run"
            + (", or answer the question to its operators" if differences else "")
        )


# Runs.


class RunError(OrchestratorError):
    """The run cannot do that."""


class RunNotFoundError(RunError, LookupError):
    """There is no such run."""

    def __init__(self, reference: str, message: str | None = None) -> None:
        self.reference = reference
        super().__init__(message or f"no run {reference!r}; `signoff runs` lists them")


class RunFinishedError(RunError):
    """The run is over; nothing can change it."""

    def __init__(self, run_id: str, status: str) -> None:
        self.run_id = run_id
        self.status = status
        super().__init__(f"run {run_id} is already {status}; nothing was changed")


class UnknownSignalError(RunError, ValueError):
    """No node of the run's graph waits for a signal of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        hint = f"it takes {', '.join(known)}" if known else "its graph takes none"
        super().__init__(f"nothing in the run waits for a signal {name!r}; {hint}")


class InputError(RunError, ValueError):
    """The input of a run does not fit the graph; every problem is listed by field."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(f"{field}: {text}" if field else text for field, text in problems)
        )


class NotAStarterError(RunError, PermissionError):
    """The person may not start runs of the graph."""

    def __init__(self, person: str, graph_id: str, starters: Sequence[str]) -> None:
        self.person = person
        self.graph_id = graph_id
        #: Whom the graph names; nobody: everybody but bots, guests and people from outside.
        self.starters = tuple(starters)
        if starters:
            rule = f"it takes {' or '.join(starters)}; ask one of them"
        else:
            rule = "bots, guests and people of other organisations may not; ask a colleague"
        super().__init__(f"{person} may not start {graph_id!r}: {rule}, nothing was started")


class ApproversError(RunError, ValueError):
    """A list of approvers is empty or cannot be resolved, so the question has nobody to go to."""


class UnanswerableError(ApproversError):
    """Nobody can give the answer that a question asks for; the operators are asked instead."""


# Approvals: the approver reads these.


class ApprovalError(OrchestratorError):
    """The approval cannot be decided like that."""


class ApprovalNotFoundError(ApprovalError, LookupError):
    """There is no such approval."""

    def __init__(self, reference: str, message: str | None = None) -> None:
        self.reference = reference
        super().__init__(message or f"no approval {reference!r}; `signoff pending` lists open ones")


class RuleNotFoundError(ApprovalError, LookupError):
    """There is no such standing rule."""

    def __init__(self, reference: str, message: str | None = None) -> None:
        self.reference = reference
        super().__init__(message or f"no rule {reference!r}; list the rules to see which there are")


class DeadLetterNotFoundError(RunError, LookupError):
    """There is no such dead letter."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"no dead letter {number}; list them to see which there are")


class UnknownDecisionError(ApprovalError, ValueError):
    """That is not one of the decisions that the approval takes."""

    def __init__(self, decision: object, allowed: Sequence[str]) -> None:
        self.decision = decision
        self.allowed = tuple(allowed)
        super().__init__(f"unknown decision {decision!r}; this approval takes {', '.join(allowed)}")


class NotAnApproverError(ApprovalError, PermissionError):
    """The person may not decide this approval."""

    def __init__(self, person: str, approvers: Sequence[str], message: str | None = None) -> None:
        self.person = person
        self.approvers = tuple(approvers)
        takes = f"{person} may not decide this; it takes one of {', '.join(approvers)}"
        super().__init__(message or takes)


class NotYourTurnError(NotAnApproverError):
    """The person is asked in a later stage."""


class SelfApprovalError(NotAnApproverError):
    """The person started the run or edited what is asked about, so somebody else must approve."""


class AlreadyCountedError(NotAnApproverError):
    """The person's approval was counted in an earlier stage; now it takes somebody else."""


class OutsiderError(NotAnApproverError):
    """The person is a bot, a guest or of another organisation, and the policy takes none."""


class NotPermittedError(ApprovalError, PermissionError):
    """The person may not do that with the approval."""

    def __init__(self, person: str, message: str) -> None:
        self.person = person
        super().__init__(message)


class NotPossibleError(ApprovalError):
    """The approval does not allow that, whoever asks for it."""


class ConfirmationError(ApprovalError, ValueError):
    """Breaking the glass takes a second confirmation: the approval's reference."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(
            f"breaking the glass takes a second confirmation; confirm it with {reference}"
        )


class RecentlyRemindedError(ApprovalError):
    """The approvers were reminded a moment ago."""

    def __init__(self, reference: str, seconds: int) -> None:
        self.reference = reference
        self.seconds = seconds
        super().__init__(
            f"{reference} was reminded of less than a minute ago; try again in {seconds} s"
        )


class ApprovalClosedError(ApprovalError):
    """The approval has its outcome already; the decision came too late and changed nothing."""

    def __init__(
        self, approval_id: str, *, outcome: str, by: str | None, at: datetime | None
    ) -> None:
        self.approval_id = approval_id
        self.outcome = outcome
        self.by = by
        self.at = at
        who = f" by {by}" if by else ""
        when = f" at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
        super().__init__(f"already {outcome}{who}{when}; nothing was changed")


class PayloadChangedError(ApprovalError):
    """This changed since you looked; open the question again before you decide."""


class ResponseError(ApprovalError, ValueError):
    """The decision brought values that this approval does not take."""


class InvalidValuesError(ResponseError):
    """The values of a decision do not fit; every problem is listed by field."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(f"{field}: {text}" if field else text for field, text in problems)
        )


# Authors of nodes raise these.


class NodeError(OrchestratorError):
    """A node failed."""


class NodeTimeoutError(NodeError, TimeoutError):
    """The node took longer than its timeout."""


class NoMatchingEdgeError(NodeError):
    """A node has no edge to go on at: none of its conditions holds and it has no default."""


class NonRetryableError(NodeError):
    """The node failed and trying again would not help."""


class OutputError(NonRetryableError, ValueError):
    """The node brought something that cannot be stored, or that it may not bring."""


# The operator reads these.


class DirectoryError(OrchestratorError):
    """Who belongs to a group could not be looked up, so nobody was let through; try again."""


class StoreError(OrchestratorError):
    """The database cannot do that."""


class DatabaseUrlError(StoreError, ValueError):
    """That is no URL of a database that can be used."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The database cannot be reached or is locked; nothing was recorded."""


class SchemaOutOfDateError(StoreError):
    """The database's schema is not this version's; run `signoff migrate`."""


class CorruptHistoryError(StoreError):
    """A run's log does not add up."""

    def __init__(self, run_id: str, seq: int, reason: str) -> None:
        self.run_id = run_id
        self.seq = seq
        super().__init__(f"run {run_id} is damaged at event {seq}: {reason}")
