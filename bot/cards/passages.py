"""The pieces of a payload, before a surface sets them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PassageStyle(StrEnum):
    """How a piece of a payload is set."""

    LINE = "line"  #: label and value on a line
    QUOTE = "quote"  #: prose
    MARKDOWN = "markdown"  #: prose with marks
    CODE = "code"  #: a structure, or a listing
    DIFF = "diff"  #: lines with + and -
    TABLE = "table"  #: rows of cells, the first one names the columns
    FILES = "files"  #: rows of name, size and address


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a payload, verbatim as far as it goes."""

    label: str
    #: All of it as text, also where there are rows.
    text: str
    style: PassageStyle
    rows: tuple[tuple[str, ...], ...] = ()
    #: Columns whose cells are numbers.
    numeric: frozenset[int] = frozenset()
    #: What is left out at the end, in words.
    rest: str = ""
    #: Must people see it before they decide?
    is_weighty: bool = False
    #: Weighty values that are inside it, for where it is cut.
    inside: tuple[Passage, ...] = ()

    @property
    def is_line(self) -> bool:
        """Is it a label and a value on a line?"""
        return self.style is PassageStyle.LINE
