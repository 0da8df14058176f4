"""Who may decide: approvers named by user id, e-mail address or user group.

Only the names are kept here; who belongs to a group is looked up at the moment of a click.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ApproverKind(StrEnum):
    """How an approver is named."""

    USER = "user"  #: a chat user's id, such as `U012AB3CD`
    EMAIL = "email"  #: the address in a user's profile
    GROUP = "group"  #: a user group's id (`S…`) or its handle without the `@`


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_GROUP_ID = re.compile(r"S[A-Z0-9]{6,}")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_USER_ID = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Approver:
    """One name on a list of approvers."""

    kind: ApproverKind
    name: str

    def __str__(self) -> str:
        is_handle = self.kind is ApproverKind.GROUP and not _GROUP_ID.fullmatch(self.name)
        return f"@{self.name}" if is_handle else self.name


def parse_approver(text: str) -> Approver:
    """Read `@handle`, a group id `S…`, an e-mail address, or any other word as a user's id.

    Raises:
        ValueError: The text is empty or has white space in it.
    """
    name = text.strip()
    if name.startswith("@") and _HANDLE.fullmatch(name[1:]):
        return Approver(ApproverKind.GROUP, name[1:])
    if _EMAIL.fullmatch(name):
        return Approver(ApproverKind.EMAIL, name.lower())
    if _GROUP_ID.fullmatch(name):
        return Approver(ApproverKind.GROUP, name)
    if _USER_ID.fullmatch(name) and "@" not in name:
        return Approver(ApproverKind.USER, name)
    raise ValueError(
        f"{text!r} names no approver; write a user id, an e-mail address or a group's @handle"
    )


def parse_approvers(names: str | Iterable[str]) -> tuple[Approver, ...]:
    """Read several names: an iterable, or one text separated by commas or spaces.

    Raises:
        ValueError: One of them names no approver. An empty list is returned as it is; building a
            graph refuses it.
    """
    parts = names.replace(",", " ").split() if isinstance(names, str) else names
    return tuple(dict.fromkeys(parse_approver(part) for part in parts))
