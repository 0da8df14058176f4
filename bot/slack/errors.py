"""Refusals and errors as sentences for the person who clicked or typed."""

from __future__ import annotations

from bot.cards.words import Code, Moment, Person, Words, name_words
from bot.slack.payloads import PayloadError
from orchestrator.errors import (
    ApprovalClosedError,
    ApprovalNotFoundError,
    ApproversError,
    DirectoryError,
    GraphChangedError,
    GraphNotFoundError,
    InputError,
    NotAnApproverError,
    PayloadChangedError,
    ResponseError,
    RunFinishedError,
    RunNotFoundError,
    UnknownDecisionError,
)


def sentence(error: Exception, *, reader: str) -> Words | None:
    """Say what happened and what to do next; None: people cannot be told more than an id.

    Args:
        error: What was raised.
        reader: The user id of who reads it.
    """
    match error:
        case ApprovalClosedError():
            return _closed(error, reader)
        case NotAnApproverError(approvers=approvers):
            return (
                "You cannot decide this one: it takes ",
                *name_words(approvers, most=6),
                ". Ask one of them; nothing was changed.",
            )
        case ApprovalNotFoundError():
            return (
                "This question is not known any more, so nothing was changed. ",
                Code("/signoff pending"),
                " lists what is open.",
            )
        case PayloadChangedError():
            return (
                (
                    "What is asked about changed since you looked, so nothing was recorded. "
                    "Read the message again as it is now, then decide."
                ),
            )
        case PayloadError():
            return (
                "This button was made by another version of Signoff. ",
                Code("/signoff pending"),
                " lists what is open.",
            )
        case _:
            return _other(error)


def _other(error: Exception) -> Words | None:
    match error:
        case RunFinishedError(status=status):
            return (f"The run is already {status.replace('_', ' ')}; nothing was changed.",)
        case GraphChangedError():
            return (
                (
                    "The run follows another version of its graph than the one that is loaded, so "
                    "it cannot go on and nothing was recorded. Tell who runs Signoff."
                ),
            )
        case DirectoryError():
            return (
                (
                    "Slack could not tell who may decide, so nothing was recorded. "
                    "Try again in a minute."
                ),
            )
        case RunNotFoundError(reference=reference):
            return (
                "There is no run ",
                Code(reference),
                "; ",
                Code("/signoff list"),
                " shows them.",
            )
        case GraphNotFoundError(graph_id=graph, known=known):
            return _no_graph(graph, known)
        case InputError() | ApproversError() | UnknownDecisionError() | ResponseError():
            return (f"{error}",)
        case _:
            return None


def _no_graph(graph: str, known: tuple[str, ...]) -> Words:
    if not known:
        return ("No graph is loaded, so nothing can be started. Tell who runs Signoff.",)
    return ("There is no graph ", Code(graph), "; there is ", Code(", ".join(known)), ".")


def _closed(error: ApprovalClosedError, reader: str) -> Words:
    at: Words = (" ", Moment(error.at)) if error.at else ()
    if error.outcome == "expired":
        return (
            "Too late: this expired", *at, "; nothing was changed.",
        )  # fmt: skip
    if error.outcome == "withdrawn":
        return ("This question was withdrawn", *at, ", so there is nothing left to decide.")
    if error.by is None:
        return (f"Already {error.outcome}", *at, "; nothing was changed.")
    by: Words = ("you",) if error.by == reader else (Person(error.by),)
    return (f"Already {error.outcome} by ", *by, *at, "; nothing was changed.")
