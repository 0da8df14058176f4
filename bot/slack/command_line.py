"""The text after a slash command, split into words as a shell would, and forgiving."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Phones and word processors put these where a keyboard has straight quotes.
_DOUBLE = frozenset('"“”„‟«»″')
_SINGLE = frozenset("'\u2018\u2019\u201a\u201b\u2032")
_SPACES = frozenset(" \t\n\r\u00a0\u202f\u2009")


class CommandError(ValueError):
    """The text cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command as it was typed."""

    name: str  #: lower case; empty when nothing was typed
    words: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)  #: from `key=value` words


@dataclass(slots=True)
class _Reader:
    """Splits a text; a quote counts only where a value or a word begins."""

    text: str
    index: int = 0
    word: str = ""
    words: list[str] = field(default_factory=list)
    is_inside: bool = False

    def read(self) -> list[str]:
        while self.index < len(self.text):
            self._step(self.text[self.index])
        self._end()
        return self.words

    def _step(self, char: str) -> None:
        self.index += 1
        if char in _SPACES:
            self._end()
            return
        self.is_inside = True
        is_start = not self.word or self.word.endswith("=")
        if char in _DOUBLE and is_start:
            self.word += self._quoted(char, _DOUBLE)
        elif char in _SINGLE and is_start:
            self.word += self._quoted(char, _SINGLE)
        elif char == "\\" and self.index < len(self.text):
            self.word += self.text[self.index]
            self.index += 1
        else:
            self.word += char

    def _end(self) -> None:
        if self.is_inside:
            self.words.append(self.word)
        self.word, self.is_inside = "", False

    def _quoted(self, opening: str, quotes: frozenset[str]) -> str:
        # A straight quote is closed by a straight one only, so that “these” may stand inside.
        closing = frozenset(opening) if opening in "\"'" else quotes
        found = ""
        while self.index < len(self.text):
            char = self.text[self.index]
            self.index += 1
            if char == "\\" and self.index < len(self.text):
                found += self.text[self.index]
                self.index += 1
            elif char in closing and self._is_end():
                return found
            else:
                found += char
        raise CommandError(
            f'A quote is not closed: {opening}{found[:40]} … Write topic="two words".'
        )

    def _is_end(self) -> bool:
        """Does a word end here? An apostrophe inside a quoted sentence closes nothing."""
        return self.index >= len(self.text) or self.text[self.index] in _SPACES


def split(text: str) -> list[str]:
    """Split a text into words; quotes of any kind keep words together.

    Raises:
        CommandError: A quote is not closed.
    """
    return _Reader(text).read()


def parse_command(text: str) -> CommandLine:
    """Read `name word … key=value …`.

    Raises:
        CommandError: A quote is not closed, or a key is given twice.
    """
    found = split(text)
    if not found:
        return CommandLine(name="")
    words: list[str] = []
    values: dict[str, str] = {}
    for word in found[1:]:
        key, sign, value = word.partition("=")
        if not sign or not key:
            words.append(word)
        elif key in values:
            raise CommandError(f"{key} is given twice; write it once.")
        else:
            values[key] = value
    return CommandLine(name=found[0].lower(), words=tuple(words), values=values)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that is most like a mistyped one, if any is like it."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return found[0] if found else None


def example(graph: str, fields: Sequence[tuple[str, str]]) -> str:
    """Write a command that would start a graph: `/signoff run graph topic="…" words=3`.

    Args:
        graph: The graph's id.
        fields: The required fields, name and type.
    """
    shown = {
        "integer": "3",
        "number": "1.5",
        "boolean": "yes",
        "duration": "5m",
        "date": "2026-12-31",
        "array": """'["a", "b"]'""",
        "object": "'{}'",
    }
    values = [f"{name}={shown.get(kind, chr(34) + '…' + chr(34))}" for name, kind in fields]
    return " ".join([f"run {graph}", *values])
