"""Who may decide: names of approvers, and the rules for what their answers amount to.

Only names are kept here; who belongs to a group is looked up at the moment of a click.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ApproverKind(StrEnum):
    """How an approver is named."""

    USER = "user"  #: a chat user's id, such as `U012AB3CD`
    EMAIL = "email"  #: the address in a user's profile
    GROUP = "group"  #: a user group's id (`S…`) or its handle without the `@`
    CHANNEL = "channel"  #: the members of a channel, by its id (`C…`) or name without the `#`


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_GROUP_ID = re.compile(r"S[A-Z0-9]{6,}")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{8,}")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_CHANNEL = re.compile(r"[\w][\w-]*")
_USER_ID = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Approver:
    """One name on a list of approvers."""

    kind: ApproverKind
    name: str

    def __str__(self) -> str:
        match self.kind:
            case ApproverKind.GROUP if not _GROUP_ID.fullmatch(self.name):
                return f"@{self.name}"
            case ApproverKind.CHANNEL if not _CHANNEL_ID.fullmatch(self.name):
                return f"#{self.name}"
            case _:
                return self.name


def parse_approver(text: str) -> Approver:
    """Read one name: `@handle`, `#channel`, an id, an e-mail address.

    Any word that is none of the others is a user's id.

    Raises:
        ValueError: The text is empty or has white space in it.
    """
    name = text.strip()
    if name.startswith("@") and _HANDLE.fullmatch(name[1:]):
        return Approver(ApproverKind.GROUP, name[1:])
    if name.startswith("#") and _CHANNEL.fullmatch(name[1:]):
        return Approver(ApproverKind.CHANNEL, name[1:])
    if _EMAIL.fullmatch(name):
        return Approver(ApproverKind.EMAIL, name.lower())
    if _GROUP_ID.fullmatch(name):
        return Approver(ApproverKind.GROUP, name)
    if _CHANNEL_ID.fullmatch(name):
        return Approver(ApproverKind.CHANNEL, name)
    if _USER_ID.fullmatch(name) and not set("@#") & set(name):
        return Approver(ApproverKind.USER, name)
    raise ValueError(
        f"{text!r} names no approver; write a user id, an e-mail address, a group's @handle or a "
        "#channel"
    )


def parse_approvers(names: str | Iterable[str | Approver]) -> tuple[Approver, ...]:
    """Read several names: an iterable, or one text separated by commas or spaces.

    Raises:
        ValueError: One of them names no approver. An empty list is returned as it is; building a
            graph refuses it.
    """
    parts = names.replace(",", " ").split() if isinstance(names, str) else names
    return tuple(
        dict.fromkeys(
            part if isinstance(part, Approver) else parse_approver(part) for part in parts
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """So many approvals by different people of one list."""

    approvers: tuple[Approver, ...]
    #: How many of them must approve; None: every one of them, as they are at the time.
    count: int | None = 1
    #: Any one of these may approve in everybody's place; an escalation calls them in.
    deputies: tuple[Approver, ...] = ()

    @property
    def asked(self) -> tuple[Approver, ...]:
        """Everybody who may approve here."""
        return (*self.approvers, *self.deputies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Slots that are open at the same time; the next stage opens when all are filled."""

    slots: tuple[Slot, ...]
    name: str = ""
    #: The requester may not approve in this stage.
    four_eyes: bool = False
    #: How long the stage may take; the earlier of this and the gate's own timeout wins.
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What must come together for an approval to be approved or rejected."""

    stages: tuple[Stage, ...]
    #: One rejection by any of these rejects, whatever the threshold.
    veto: tuple[Approver, ...] = ()
    #: How many rejections, by different people of the present stage, reject.
    deny_threshold: int = 1
    #: One person fills one slot only, over all stages.
    distinct: bool = True
    #: May somebody approve who edited what is asked about? Then an edit is the editor's approval.
    last_editor_may_approve: bool = True
    #: Who may approve alone, against the policy, with a reason; everybody concerned is told.
    break_glass: tuple[Approver, ...] = ()
    #: May bots, guests and people of other organisations decide, if they are named?
    outsiders: bool = False

    def approvers(self) -> tuple[Approver, ...]:
        """Return everybody who is named in a stage, each once."""
        return tuple(dict.fromkeys(_named(self.stages)))

    def everybody(self) -> tuple[Approver, ...]:
        """Return everybody who is named anywhere, each once."""
        return tuple(dict.fromkeys([*_named(self.stages), *self.veto, *self.break_glass]))


def _named(stages: Iterable[Stage]) -> Iterator[Approver]:
    return (each for stage in stages for slot in stage.slots for each in slot.asked)


Names = str | Iterable[str | Approver]


def any_of(approvers: Names, *, four_eyes: bool = False) -> Policy:
    """Let the first one of a list decide."""
    return quorum(1, approvers, four_eyes=four_eyes)


def quorum(count: int, approvers: Names, *, four_eyes: bool = False) -> Policy:
    """Ask for so many approvals from one list."""
    slot = Slot(approvers=parse_approvers(approvers), count=count)
    return Policy(stages=(Stage(slots=(slot,), four_eyes=four_eyes),))


def everyone(approvers: Names, *, four_eyes: bool = False) -> Policy:
    """Ask everybody on a list; members of a group are those at the time of the answer."""
    slot = Slot(approvers=parse_approvers(approvers), count=None)
    return Policy(stages=(Stage(slots=(slot,), four_eyes=four_eyes),))


def four_eyes(approvers: Names) -> Policy:
    """Let the first one of a list decide who is not the requester."""
    return any_of(approvers, four_eyes=True)


def in_order(*lists: Names | Policy) -> Policy:
    """Ask one list after the other; each is a list of names or a policy, whose stages are used."""
    parts = [each if isinstance(each, Policy) else any_of(each) for each in lists]
    return Policy(stages=tuple(stage for part in parts for stage in part.stages))
