"""The picture of an approval: what a message about it says and which buttons it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.cards.passages import Passage
from bot.cards.words import Part, Words

#: Values that stand for all of a question where it has a line.
MOST_FACTS = 2
#: Buttons in a row; the others are in the menu.
MOST_BUTTONS = 4


class ButtonStyle(StrEnum):
    """How much a button stands out."""

    DEFAULT = "default"
    PRIMARY = "primary"
    DANGER = "danger"


class Form(StrEnum):
    """What a button opens instead of deciding at once."""

    REASON = "reason"  #: a form that asks why
    VALUES = "values"  #: a form with the fields that an answer, a result, an edit or a choice takes
    PAYLOAD = "payload"  #: the whole payload
    AGAIN = "again"  #: starts the same graph with the same input


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """A question that the surface asks back before a button counts."""

    title: str
    text: str
    yes: str
    no: str = "Back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something that a reader of the message may do."""

    label: str
    #: The decision that it makes, directly or through its form; None: it decides nothing.
    decision: str | None = None
    #: The route that it chooses, for the decision `choose`.
    route: str | None = None
    opens: Form | None = None
    style: ButtonStyle = ButtonStyle.DEFAULT
    confirm: Confirm | None = None


class Aside(StrEnum):
    """Something on the menu of an open question."""

    EDIT = "edit"  #: the form of the decision, where there is no room for its button
    SHOW = "show"  #: all of the payload, likewise
    WHO = "who"  #: may answer, and whose answer is missing
    COMMENT = "comment"
    ASK = "ask"  #: the requester, for information
    DELEGATE = "delegate"
    SNOOZE = "snooze"
    EXTEND = "extend"
    REASSIGN = "reassign"
    WITHDRAW = "withdraw"
    FOR_RUN = "run"  #: approve, and questions like this one for the rest of the run
    FOR_HOURS = "hours"  #: approve, and questions like this one for some hours
    BREAK_GLASS = "break"
    MORE = "more"  #: shows those that are not on the menu itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A short fact with its name."""

    label: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody wrote beside a decision."""

    text: str
    by: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message about an approval. The same for every surface."""

    approval_id: str
    run_id: str
    graph: str
    node: str
    kind: str
    #: Changes when what is asked about changes.
    revision: str
    digest: str
    #: Which graph, which gate, who asks.
    heading: Words
    #: Whom the message calls; nobody else may be called by it.
    calls: Words = ()
    #: Empty while the approval is open.
    icon: str = ""
    title: str
    #: What tells it from others of the same title.
    gist: Words = ()
    prompt: str = ""
    #: What an edit changed, before and after.
    changes: tuple[Passage, ...] = ()
    passages: tuple[Passage, ...] = ()
    facts: tuple[Fact, ...] = ()
    #: Sentences about the outcome, one a line.
    story: tuple[Words, ...] = ()
    #: Sentences about where an open question stands: votes, rules, who is asked later.
    notes: tuple[Words, ...] = ()
    comments: tuple[Comment, ...] = ()
    buttons: tuple[Button, ...] = ()
    #: What else may be done; empty when the approval has its outcome.
    asides: tuple[Aside, ...] = ()
    footer: Words
    #: All that a notification shows; enough to act on by itself.
    summary: Words
