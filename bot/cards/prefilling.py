"""What somebody has said already, written into the fields of a form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.fields import Field, FieldType, choice_text
from bot.cards.reading import typed_value
from bot.cards.values import clean, cut
from orchestrator.graph.fields import InputField, coerce_word

_ID = re.compile(r"[@#]?([UWCGD][A-Z0-9]{2,20})")
_MENTION = re.compile(r"<[@#]([A-Z0-9]+)(?:\|[^>]*)?>")
_MOST = 3000  # characters of a text that is offered
_TEXTS = ("text", "message", "body")
_LINKS = ("link", "permalink", "url", "message_link")
_AUTHORS = ("author", "reporter", "sender")


def typed_words(fields: Sequence[Field], words: Mapping[str, str]) -> dict[int, Any]:
    """Return what stands in the fields for values that came as `name=word`, as far as they fit."""
    found: dict[int, Any] = {}
    for number, field in enumerate(fields):
        if field.is_whole or not field.path or field.path[0] not in words:
            continue
        word = words[field.path[0]]
        typed = _part(field, word) if len(field.path) > 1 else _typed(field, word)
        if typed is not None:
            found[number] = typed
    return found


def _part(field: Field, word: str) -> Any:
    """Find the value of a part of an object that came as JSON."""
    value: Any = _json(word)
    for step in field.path[1:]:
        value = value.get(step) if isinstance(value, Mapping) else None
    try:
        return None if value is None else typed_value(replace(field, value=value))
    except (TypeError, ValueError, RecursionError):
        return None


def _typed(field: Field, word: str) -> Any:
    match field.type:
        case FieldType.ONE:
            return next(iter(_numbers(field, [word])), None)
        case FieldType.SEVERAL:
            return _numbers(field, _items(word)) or None
        case FieldType.BOOLEAN:
            return _yes_no(word)
        case FieldType.LINES:
            return "\n".join(map(str, _items(word)))
        case FieldType.PERSON | FieldType.CHANNEL:
            return _id(word)
        case FieldType.PEOPLE | FieldType.CHANNELS:
            return [found for each in _items(word) if (found := _id(str(each)))] or None
        case FieldType.DATE | FieldType.TIME | FieldType.INSTANT:
            return typed_value(replace(field, value=word))
        case FieldType.HIDDEN:
            return None
        case _:
            return word


def _numbers(field: Field, words: Sequence[Any]) -> list[str]:
    """Return the numbers of the choices that words name, by value or by title."""
    known: dict[str, str] = {}
    for number, value in enumerate(field.choices):
        for name in (str(value), choice_text(field, number)):
            known.setdefault(name.casefold(), str(number))
    named = (known.get(str(word).casefold()) for word in words)
    return [number for number in named if number is not None]


def _items(word: str) -> list[Any]:
    found = _json(word)
    return found if isinstance(found, list) else [each.strip() for each in word.split(",")]


def _json(word: str) -> Any:
    try:
        return json.loads(word)
    except (ValueError, RecursionError):
        return None


def _yes_no(word: str) -> str | None:
    try:
        value = coerce_word(InputField(name="", type="boolean", required=True), word)
    except ValueError:
        return None
    return "yes" if value else "no"


def _id(word: str) -> str | None:
    found = _MENTION.fullmatch(word.strip()) or _ID.fullmatch(word.strip())
    return found[1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A message that a run is started from."""

    text: str = ""
    author: str = ""
    link: str = ""


def typed_message(fields: Sequence[Field], message: Quoted) -> dict[int, Any]:
    """Offer a message's text, link and author to the fields that are named after such things.

    The text goes to the first field for text if none is called so.
    """
    found: dict[int, Any] = {}
    link = _first(fields, _LINKS, {FieldType.TEXT, FieldType.URL})
    author = _first(fields, _AUTHORS, {FieldType.TEXT, FieldType.PERSON})
    text = _first(fields, _TEXTS, {FieldType.TEXT})
    if text is None:
        taken = {link, author}
        texts = (n for n, each in enumerate(fields) if each.type is FieldType.TEXT)
        text = next((number for number in texts if number not in taken), None)
    for number, value in ((text, message.text), (link, message.link), (author, message.author)):
        if number is not None and value:
            most = min(fields[number].max_length or _MOST, _MOST)
            found[number] = cut(clean(value), most)
    return found


def _first(fields: Sequence[Field], names: Sequence[str], types: set[FieldType]) -> int | None:
    def fits(name: str) -> Callable[[int], bool]:
        return lambda number: fields[number].path == (name,) and fields[number].type in types

    numbers = range(len(fields))
    return next((number for name in names for number in filter(fits(name), numbers)), None)
