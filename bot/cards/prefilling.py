"""What somebody has said already, written into the fields of a form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.fields import Field, FieldType, choice_text
from bot.cards.reading import typed_value
from bot.cards.values import SHORT, clean, cut, one_line, value_text
from orchestrator.graph.fields import InputField, coerce_word

_ID = re.compile(r"[@#]?([UWCGD][A-Z0-9]{2,20})")
_MENTION = re.compile(r"<[@#]([A-Z0-9]+)(?:\|[^>]*)?>")
_MOST = 3000  # characters of a text that is offered
_MOST_CHOICES = 8  # that are named
_TEXTS = ("text", "message", "body")
_LINKS = ("link", "permalink", "url", "message_link")
_AUTHORS = ("author", "reporter", "sender")


def typed_words(fields: Sequence[Field], words: Mapping[str, str]) -> dict[int, Any]:
    """Return what stands in the fields for values that came as `name=word`.

    None: the field stays empty, for it cannot show what was given; no default takes its place.
    """
    return {number: _shown(fields[number], given) for number, given in _given(fields, words)}


def misfits(fields: Sequence[Field], words: Mapping[str, str]) -> dict[int, str]:
    """Return what is wrong with values that the fields cannot show, by the field's number."""
    return {
        number: _misfit(fields[number], given)
        for number, given in _given(fields, words)
        if not _is_nothing(fields[number], given) and _shown(fields[number], given) is None
    }


def find_given_secret(fields: Sequence[Field], words: Mapping[str, str]) -> Field | None:
    """Return a secret that was given and that no form may hold, if there is one."""
    given = (fields[number] for number, _ in _given(fields, words))
    return next((field for field in given if field.type is FieldType.HIDDEN), None)


def _given(fields: Sequence[Field], words: Mapping[str, str]) -> Iterator[tuple[int, Any]]:
    """Yield the fields that something was given for: a word, or the value of an object's part."""
    for number, field in enumerate(fields):
        if field.is_whole or not field.path or field.path[0] not in words:
            continue
        word = words[field.path[0]]
        if len(field.path) == 1:
            yield number, word
            continue
        outer: Any = _json(word)
        for step in field.path[1:-1]:
            outer = outer.get(step) if isinstance(outer, Mapping) else None
        if not isinstance(outer, Mapping):
            yield number, None
        elif field.path[-1] in outer:
            yield number, outer[field.path[-1]]


def _shown(field: Field, given: Any) -> Any:
    """Return what stands in a field for what was given; None: it cannot show that."""
    if len(field.path) == 1:
        return _typed(field, given)
    try:
        return None if given is None else typed_value(replace(field, value=given))
    except (TypeError, ValueError, RecursionError):
        return None


def _is_nothing(field: Field, given: Any) -> bool:
    """Does it mean that the field is empty?"""
    is_null = given == "null" and field.may_be_null
    return is_null or given in (None, "", []) or field.type is FieldType.HIDDEN


def _misfit(field: Field, given: Any) -> str:
    text = repr(cut(one_line(given if isinstance(given, str) else value_text(given)), SHORT))
    match field.type:
        case FieldType.ONE | FieldType.SEVERAL:
            known = {name.casefold() for name in _names(field)}
            items = _items(given) if isinstance(given, str) else given
            if field.type is FieldType.SEVERAL and isinstance(items, list):
                wrong = [str(each) for each in items if str(each).casefold() not in known]
                text = ", ".join(repr(cut(one_line(each), SHORT)) for each in wrong) or text
            shown = [choice_text(field, n) for n in range(min(len(field.choices), _MOST_CHOICES))]
            rest = len(field.choices) - len(shown)
            return f"{text} is not one of {', '.join(shown)}{f' or {rest} more' if rest else ''}"
        case FieldType.PERSON | FieldType.PEOPLE:
            return f"{text} is no person that Slack knows; choose again"
        case FieldType.CHANNEL | FieldType.CHANNELS:
            return f"{text} is no channel that Slack knows; choose again"
        case FieldType.BOOLEAN:
            return f"{text} is neither yes nor no; choose one"
        case _:
            return f"{text} cannot be shown here; write it again"


def _typed(field: Field, word: str) -> Any:
    match field.type:
        case FieldType.ONE:
            return next(iter(_numbers(field, [word])), None)
        case FieldType.SEVERAL:
            return _all_or_none(
                [next(iter(_numbers(field, [each])), None) for each in _items(word)]
            )
        case FieldType.BOOLEAN:
            return _yes_no(word)
        case FieldType.LINES:
            return "\n".join(map(str, _items(word)))
        case FieldType.PERSON | FieldType.CHANNEL:
            return _id(word)
        case FieldType.PEOPLE | FieldType.CHANNELS:
            return _all_or_none([_id(str(each)) for each in _items(word)])
        case FieldType.DATE | FieldType.TIME | FieldType.INSTANT:
            return typed_value(replace(field, value=word))
        case FieldType.HIDDEN:
            return None
        case _:
            return word


def _all_or_none(found: list[str | None]) -> list[str] | None:
    """Return what was found if nothing is missing: a part of a list would be another list."""
    known = [each for each in found if each is not None]
    return list(dict.fromkeys(known)) if known and len(known) == len(found) else None


def _names(field: Field) -> Iterator[str]:
    for number, value in enumerate(field.choices):
        yield from (str(value), choice_text(field, number))


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
