"""A field of a form: what it takes, what it holds, and where its value belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.cards.values import one_line, value_text


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    EMAIL = "email"
    URL = "url"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    INSTANT = "instant"
    DURATION = "duration"
    ONE = "one"  #: one of the choices
    SEVERAL = "several"  #: any of the choices
    LINES = "lines"  #: a list, an item a line
    PERSON = "person"  #: the id of one
    PEOPLE = "people"
    CHANNEL = "channel"  #: the id of one
    CHANNELS = "channels"
    JSON = "json"
    HIDDEN = "hidden"  #: a secret: shown nowhere, and left as it is


#: Fields that hold a list, which may be empty.
LISTS = frozenset({FieldType.SEVERAL, FieldType.LINES, FieldType.PEOPLE, FieldType.CHANNELS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An object whose parts are fields of their own."""

    label: str
    path: tuple[str, ...]
    #: If not, all of its fields may stay empty, and then there is no such object.
    is_required: bool = True
    #: It was null, and is so again when nothing is filled in.
    is_null: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field."""

    #: Dotted: `address.city`.
    name: str
    label: str
    type: FieldType
    path: tuple[str, ...] = ()
    #: The object that it is a part of; None: the whole.
    group: Group | None = None
    #: It is the value as a whole, and not a part of an object; then it is the only field.
    is_whole: bool = False
    is_required: bool = True
    may_be_null: bool = False
    #: What it holds when the form opens; None: nothing.
    value: Any = None
    #: The value is there already, and it may be null.
    is_given: bool = False
    #: What counts when it stays empty; None: nothing.
    default: Any = None
    #: What it is for.
    about: str = ""
    #: What would be right, as a sentence.
    rule: str = ""
    placeholder: str = ""
    choices: tuple[Any, ...] = ()
    #: What people call the choices; empty: as they are written.
    titles: tuple[str, ...] = ()
    #: What the items of a list are, in the words of JSON schema.
    item: str = "string"
    is_multiline: bool = False
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    #: The fewest items of a list.
    min_items: int = 0

    @property
    def may_stay_empty(self) -> bool:
        """May a form be sent without it?"""
        is_optional_part = self.group is not None and not self.group.is_required
        is_empty_list = self.type in LISTS and not self.min_items
        return not self.is_required or is_optional_part or is_empty_list


def choice_text(field: Field, number: int) -> str:
    """Write a choice for people."""
    if field.titles:
        return one_line(field.titles[number])
    value = field.choices[number]
    return one_line(value_text(value)) if value != "" else "(empty)"


def matching_choices(field: Field, typed: str, *, most: int) -> list[int]:
    """Return the numbers of the choices that have a text in them, the best first.

    Every choice is found by its whole text, however many others have that text in them.
    """
    wanted = one_line(typed).casefold()
    texts = [choice_text(field, number).casefold() for number in range(len(field.choices))]
    found = [number for number, text in enumerate(texts) if wanted in text]
    found.sort(key=lambda number: (texts[number] != wanted, not texts[number].startswith(wanted)))
    return found[:most]


#: What was typed, by the field's number; None: it was left empty. Choices are told by their number.
Typed = Mapping[int, Any]
Problem = tuple[str, str]  # the field's name, and what would be right
