"""Refusals and errors as sentences for the person who clicked or typed."""

from __future__ import annotations

import re

from bot.cards.words import Code, Moment, Part, Person, Words, approver_words, name_words
from bot.slack.kit.payloads import PayloadError
from bot.slack.windows.drafts import FormGoneError
from orchestrator.errors import (
    AlreadyCountedError,
    ApprovalClosedError,
    ApprovalError,
    ApprovalNotFoundError,
    ApproversError,
    DirectoryError,
    GraphChangedError,
    GraphNotFoundError,
    InputError,
    NotAnApproverError,
    NotYourTurnError,
    OutsiderError,
    PayloadChangedError,
    RuleNotFoundError,
    RunError,
    RunFinishedError,
    RunNotFoundError,
    SelfApprovalError,
    UnknownDecisionError,
    UnknownSignalError,
)

_MOST = 6  # names in a sentence
#: Ids of people, which have a digit, and handles of groups.
_NAME = re.compile(r"(\b[UW](?=[A-Z]*\d)[A-Z0-9]{4,}\b|(?<!\S)@[a-z0-9][a-z0-9._-]*[a-z0-9])")


def sentence(error: Exception, *, reader: str) -> Words | None:
    """Say what happened and what to do next; None: people cannot be told more than an id.

    Args:
        error: What was raised.
        reader: The user id of who reads it.
    """
    match error:
        case ApprovalClosedError():
            return _closed(error, reader)
        case NotAnApproverError():
            return _not_an_approver(error, reader)
        case ApprovalNotFoundError(reference=reference):
            return (
                "The question ",
                Code(reference),
                " is not known here, or not for you. ",
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
        case FormGoneError():
            return (f"{error}",)
        case PayloadError():
            return (
                "This button was made by another version of Signoff. ",
                Code("/signoff pending"),
                " lists what is open.",
            )
        case _:
            return _other(error, reader)


def _other(error: Exception, reader: str) -> Words | None:
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
                "The run ",
                Code(reference),
                " is not known here, or not for you. ",
                Code("/signoff list"),
                " shows what is.",
            )
        case GraphNotFoundError(graph_id=graph, known=known):
            return _no_graph(graph, known)
        case RuleNotFoundError(reference=reference):
            return (
                "There is no standing rule ",
                Code(reference),
                "; ",
                Code("/signoff rules"),
                " lists them.",
            )
        case UnknownSignalError(name=name, known=known):
            waits = ", ".join(known) or "none"
            return ("Nothing in this run waits for the signal ", Code(name), f"; known: {waits}.")
        case InputError() | ApproversError() | UnknownDecisionError():
            return (f"{error}",)
        case ApprovalError() | RunError():
            return _message(str(error), reader)
        case _:
            return None


def _not_an_approver(error: NotAnApproverError, reader: str) -> Words:
    names = name_words(error.approvers, most=_MOST)
    match error:
        case NotYourTurnError():
            return ("It is not your turn yet: waiting for ", *names, ". Nothing was changed.")
        case AlreadyCountedError():
            return ("Your approval was counted in an earlier stage; now it takes ", *names, ".")
        case OutsiderError():
            return (
                (
                    "Bots, guests and people of other organisations cannot decide this one: it "
                    "takes a member of the workspace whom its policy names."
                ),
            )
        case SelfApprovalError():
            return _message(str(error), reader)
        case _:
            return (
                "You cannot decide this one: it takes ",
                *names,
                ". Ask one of them; nothing was changed.",
            )


def _message(text: str, reader: str) -> Words:
    """Write a message of the engine for a reader, with people and groups as what they are."""
    words: list[Part] = []
    for piece in _NAME.split(text):
        if piece == reader:
            words.append("you" if words else "You")
        elif _NAME.fullmatch(piece):
            words.append(approver_words(piece))
        elif piece:
            words.append(piece if words else piece[:1].upper() + piece[1:])
    if not text.endswith((".", "!", "?")):
        words.append(".")
    return tuple(words)


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
