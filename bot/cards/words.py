"""Sentences with people, groups, instants and names in them, before a surface renders them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from orchestrator.graph.policy import ApproverKind, parse_approver


@dataclass(frozen=True, slots=True)
class Person:
    """A person, by the chat's user id."""

    id: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people as a graph names it: `@handle` or an id."""

    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel whose members are asked: `#name` or an id."""

    name: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that every reader is to see in their own time zone."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A reference or a name to be copied exactly."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """A name that stands out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads somewhere; the address is one of our own or the chat system's."""

    text: str
    url: str


Part = str | Person | Group | Channel | Moment | Code | Strong | Link
Words = tuple[Part, ...]


def approver_words(approver: str) -> Part:
    """Return the name of an approver, as a graph writes it, as the person or group it is."""
    try:
        found = parse_approver(approver)
    except ValueError:
        return approver
    match found.kind:
        case ApproverKind.USER:
            return Person(found.name)
        case ApproverKind.GROUP:
            return Group(str(found))
        case ApproverKind.CHANNEL:
            return Channel(str(found))
        case ApproverKind.EMAIL:
            return found.name


def name_words(names: Sequence[str], *, most: int = 4, last: str = "or") -> Words:
    """List approvers for people: `@a, @b or @c`; beyond `most` they are counted."""
    shown = [approver_words(name) for name in names[:most]]
    rest = len(names) - len(shown)
    if rest > 0:
        shown.append(f"{rest} more")
    if not shown:
        return ("nobody",)
    words: list[Part] = [shown[0]]
    for index, part in enumerate(shown[1:], start=2):
        words += [f" {last} " if index == len(shown) else ", ", part]
    return tuple(words)


def join(pieces: Iterable[Words], separator: str = " · ") -> Words:
    """Put pieces into one sentence with a separator between them; empty ones are left out."""
    words: list[Part] = []
    for piece in pieces:
        if not piece:
            continue
        if words:
            words.append(separator)
        words += piece
    return tuple(words)


def utc(at: datetime) -> str:
    """Write an instant so that it is right everywhere: `2026-11-21 09:55 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def dated(at: datetime, zone: tzinfo) -> str:
    """Write an instant in a zone that it names: `2026-11-21 10:55 CET`."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {abbreviation(local)}"


def abbreviation(local: datetime) -> str:
    """Return what the zone of an instant is called: `CET`, or `UTC+03` where it has no name."""
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in {"+", "-"} else name or "UTC"


def plain(words: Words) -> str:
    """Write the words without any markup."""
    return "".join(map(_plain, words))


def _plain(part: Part) -> str:
    match part:
        case str():
            return part
        case Person(id=user):
            return f"@{user}"
        case Group(name=name) | Channel(name=name):
            return name
        case Moment(at=at):
            return utc(at)
        case Code(text=text) | Strong(text=text) | Link(text=text):
            return text
