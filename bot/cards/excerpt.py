"""What of a payload stands in a message: all that decides, and the beginning of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.cards.passages import Passage, PassageStyle
from bot.cards.shapes import is_weighty
from bot.cards.tables import columns_text, narrow
from bot.cards.values import SHORT, cut

#: Characters of prose in a message; more makes people scroll past it.
PROSE = 600
#: Characters that a piece of prose gets at least when there are several.
LEAST = 120
#: Lines of prose in a message, all pieces together.
PROSE_LINES = 10
#: Pieces of prose, and such, in a message.
PIECES = 3
#: Short values in a message; what is weighty is shown beyond that.
LINES = 12
#: The same of a payload that shares a message with others.
_LEAST_LINES, _SHARED_PIECES, _SHARED_ROWS, _SHARED_WIDTH = 6, 2, 4, 24
_WEIGHTY_ROOM = 2000  # characters of weighty lines
_DIFF_LINES = 14
_ROWS = 6  # of a table
_COLUMNS = 7
_WIDTH = 60  # characters of a cell
_FILES = 5
_PROSE = frozenset({PassageStyle.QUOTE, PassageStyle.MARKDOWN, PassageStyle.CODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The part of a payload that a message shows."""

    #: Short values that weigh most, to be repeated where an answer is asked back.
    facts: tuple[Passage, ...] = ()
    passages: tuple[Passage, ...] = ()
    #: Labels of the values that the message does not show at all.
    left_off: tuple[str, ...] = ()
    is_cut: bool = False


def excerpt(shown: Sequence[Passage], *, facts: int = 0, share: int = 1) -> Excerpt:
    """Pick what decides most cases, and keep its order.

    Args:
        shown: The whole payload.
        facts: How many short values are repeated as facts.
        share: How many payloads share the message, and so the room in it.
    """
    most = PIECES if share == 1 else _SHARED_PIECES
    pieces = [each for each in shown if not each.is_line][:most]
    shortened = dict(zip(map(id, pieces), _shorten(pieces, share), strict=True))
    ordered = [part for each in shown for part in _opened(each, shortened.get(id(each)))]
    lines = sorted((each for each in ordered if each.is_line), key=lambda each: not each.is_weighty)
    kept = {id(each) for each in _lines(lines, share)}
    passages = tuple(each for each in ordered if not each.is_line or id(each) in kept)
    told = [each for each in lines if len(each.text) <= SHORT][:facts]
    left_off = tuple(each.label for each in ordered if each.is_line and id(each) not in kept)
    left_off += tuple(each.label for each in shown if not each.is_line)[most:]
    is_cut = bool(left_off) or any(shortened[id(each)] != each for each in pieces)
    return Excerpt(facts=tuple(told), passages=passages, left_off=left_off, is_cut=is_cut)


def _opened(passage: Passage, piece: Passage | None) -> Iterator[Passage]:
    """Yield what stands in the place of a value: before what is cut, what is weighty inside it."""
    if passage.is_line:
        yield passage
        return
    if piece != passage:
        yield from passage.inside
    if piece is not None:
        yield piece


def _lines(lines: Sequence[Passage], share: int) -> list[Passage]:
    kept: list[Passage] = []
    room = _WEIGHTY_ROOM // share
    most = max(LINES // share, _LEAST_LINES)
    for each in lines:
        room -= len(each.text) + len(each.label)
        if len(kept) >= most and not (each.is_weighty and room >= 0):
            break
        kept.append(each)
    return kept


def _shorten(passages: Sequence[Passage], share: int) -> list[Passage]:
    prose = (sum(each.style in _PROSE for each in passages) or 1) * share
    characters = max(PROSE // prose, LEAST)
    lines = max(PROSE_LINES // prose, 1)
    return [_short(each, characters, lines, share) for each in passages]


def _short(passage: Passage, characters: int, lines: int, share: int) -> Passage:
    match passage.style:
        case PassageStyle.TABLE:
            return _short_table(passage, is_alone=share == 1)
        case PassageStyle.FILES:
            rows = passage.rows[:_FILES]
            text = "\n".join(passage.text.split("\n")[:_FILES])
            rest = _rest(len(passage.rows) - len(rows), "file")
            return replace(passage, rows=rows, text=text, rest=rest)
        case PassageStyle.DIFF:
            found = passage.text.split("\n")
            most = max(_DIFF_LINES // share, _LEAST_LINES)
            text = cut("\n".join(found[:most]), 2 * PROSE // share)
            return replace(passage, text=text, rest=_rest(len(found) - most, "line"))
        case _:
            text = cut(_first_lines(passage.text, lines), characters)
            return replace(passage, text=text.replace(".…", ". …"))


def _short_table(passage: Passage, *, is_alone: bool) -> Passage:
    most, width = (_ROWS, _WIDTH) if is_alone else (_SHARED_ROWS, _SHARED_WIDTH)
    head, *body = passage.rows
    by_weight = sorted(range(len(head)), key=lambda n: not is_weighty(head[n]))
    columns = sorted(by_weight[:_COLUMNS])
    rows = tuple(tuple(row[n] for n in columns) for row in (head, *body[:most]))
    missing = [
        part
        for part in (
            _rest(len(body) - most, "row"),
            _rest(len(head) - len(columns), "column"),
        )
        if part
    ]
    numeric = frozenset(new for new, old in enumerate(columns) if old in passage.numeric)
    rows = narrow(rows, width)
    return replace(
        passage,
        rows=rows,
        numeric=numeric,
        text=columns_text(rows, numeric),
        rest=" and ".join(missing),
    )


def _rest(count: int, what: str) -> str:
    if count <= 0:
        return ""
    return f"{count:,} more {what}" + ("s" if count > 1 else "")


def _first_lines(text: str, most: int) -> str:
    lines = text.split("\n")
    return text if len(lines) <= most else "\n".join(lines[:most]).rstrip() + " …"
