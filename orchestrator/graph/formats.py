"""How values of a payload are shown to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.graph.views import EVERYTHING


class FormatKind(StrEnum):
    """What a value is set as; without a format its shape decides."""

    TEXT = "text"  #: as it is
    MARKDOWN = "markdown"
    CODE = "code"  #: with fixed width
    JSON = "json"
    TABLE = "table"  #: a list of mappings, a row each
    DIFF = "diff"  #: a unified diff, or a mapping of before and after
    FILES = "files"  #: a list of names, or of mappings with name, size and url
    NUMBER = "number"  #: with a thousands separator and its unit
    SECRET = "secret"  # noqa: S105 - the name of a format


@dataclass(frozen=True, slots=True)
class Format:
    """How one value is shown; written `number:EUR` in short."""

    kind: FormatKind
    #: What a number counts, such as EUR or GB.
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.unit}" if self.unit else self.kind.value


def parse_format(text: str) -> Format:
    """Read a format as it is written in short: `code`, `number:EUR`.

    Raises:
        ValueError: The text is no format.
    """
    word, colon, unit = (part.strip() for part in text.partition(":"))
    if word not in set(FormatKind):
        known = ", ".join(FormatKind)
        raise ValueError(f"{text!r} is no format; write one of {known}, or number:EUR")
    kind = FormatKind(word)
    if colon and (kind is not FormatKind.NUMBER or not unit):
        raise ValueError(f"{text!r} is no format; only a number has a unit, such as number:EUR")
    return Format(kind, unit)


def find_format(formats: Mapping[str, Format], key: str) -> Format | None:
    """Return how the value under a label, or under a dotted key inside it, is shown.

    What is inside a secret is secret, too.
    """
    own = formats.get(key)
    if own is not None and own.kind is FormatKind.SECRET:
        return own
    return next((formats[each] for each in _around(key) if _is_secret(formats, each)), own)


def find_format_problems(labels: Iterable[str], review_keys: tuple[str, ...]) -> Iterator[str]:
    """List formats of what a gate does not show."""
    for label in labels:
        if not label.strip(".") or any(not part.strip() for part in label.split(".")):
            yield f"formats has an empty name, {label!r}; give labels as in review_keys"
        elif review_keys != EVERYTHING and not {label, *_around(label)} & set(review_keys):
            yield f"formats {label!r}, which it does not show; add it to review_keys"


def _around(key: str) -> Iterator[str]:
    """Yield the keys in which a dotted key reaches, the nearest first."""
    while "." in key:
        key = key.rpartition(".")[0]
        yield key


def _is_secret(formats: Mapping[str, Format], key: str) -> bool:
    return key in formats and formats[key].kind is FormatKind.SECRET
