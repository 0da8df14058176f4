"""Pieces of a payload as blocks: all of them in old ones, tables where it may be in new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.cards.passages import Passage, PassageStyle
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.markdown import rich_elements
from bot.slack.kit.mrkdwn import fit, literal, units

_BLANK = "-"  # a cell of a table cannot be empty


def message_blocks(shown: Sequence[Passage], *, has_tables: bool = True) -> list[Block]:
    """Return the pieces that stand in a message; what does not fit is cut at the end.

    Args:
        shown: The pieces.
        has_tables: May one of them be a table? Only messages take one, and only one.
    """
    made: list[Block] = []
    held: list[Block] = []
    room = limits.RICH_TEXT
    may_be_table = has_tables
    is_alone = len(shown) == 1 and not shown[0].is_line and not shown[0].rows
    for passage in shown:
        table = table_block(passage) if may_be_table else None
        elements = _elements(passage, room, has_label=not is_alone)
        size = sum(units(part) for part in _texts(elements))
        if held and room < units(passage.text) + units(passage.label):
            made.append(b.rich_text(held))
            held, room = [], limits.RICH_TEXT
            elements = _elements(passage, room, has_label=not is_alone)
        if table is None:
            held += elements
            room -= size
            continue
        may_be_table = False
        made += [b.rich_text([*held, _label(passage)]), table, *_rest_block(passage)]
        held, room = [], limits.RICH_TEXT
    if held:
        made.append(b.rich_text(held))
    return made


def table_block(passage: Passage) -> Block | None:
    """Return a table, where there is one and Slack takes its size."""
    if passage.style is not PassageStyle.TABLE:
        return None
    rows = [[literal(cell) or _BLANK for cell in row] for row in passage.rows]
    is_small = (
        len(rows) <= limits.TABLE_ROWS
        and len(rows[0]) <= limits.TABLE_COLUMNS
        and sum(units(cell) for row in rows for cell in row) <= limits.TABLE_TEXT
    )
    if not is_small:
        return None
    aligned = ["right" if n in passage.numeric else "left" for n in range(len(rows[0]))]
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
        "column_settings": [{"align": align, "is_wrapped": True} for align in aligned],
    }


def whole_blocks(shown: Sequence[Passage]) -> Iterator[Block]:
    """Yield blocks with every word of the pieces, as many as it takes."""
    lines: list[Block] = []
    room = limits.RICH_TEXT
    for passage in shown:
        if passage.is_line:
            size = units(passage.label) + units(passage.text)
            if lines and room < size:
                yield b.rich_text(lines)
                lines, room = [], limits.RICH_TEXT
            lines += _elements(passage, limits.RICH_TEXT, has_label=True)
            room -= size
            continue
        if lines:
            yield b.rich_text(lines)
            lines, room = [], limits.RICH_TEXT
        yield from _whole(passage)
    if lines:
        yield b.rich_text(lines)


def pieces(text: str, limit: int) -> Iterator[str]:
    """Cut a text into pieces that fit, at ends of lines or words where there are any."""
    while units(text) > limit:
        end = limit // 2 if any(char > "\uffff" for char in text[:limit]) else limit
        for separator in ("\n", " "):
            found = text.rfind(separator, end // 2, end)
            if found > 0:
                end = found + 1
                break
        yield text[:end]
        text = text[end:]
    if text:
        yield text


def _whole(passage: Passage) -> Iterator[Block]:
    yield b.rich_text([_label(passage)])
    if passage.style is PassageStyle.FILES:
        for start in range(0, len(passage.rows), limits.LIST_ITEMS):
            rows = passage.rows[start : start + limits.LIST_ITEMS]
            yield b.rich_text([_file_list(rows)])
        return
    for piece in _pieces_of(passage):
        if not piece.strip():
            continue
        match passage.style:
            case PassageStyle.QUOTE:
                yield b.plain_section(piece)
            case PassageStyle.MARKDOWN:
                yield b.rich_text(rich_elements(piece))
            case _:
                yield b.rich_text([_preformatted(piece.strip("\n"))])


def _pieces_of(passage: Passage) -> Iterator[str]:
    text = literal(passage.text)
    head, *body = text.split("\n")
    if passage.style is not PassageStyle.TABLE or not body or not set(body[0]) <= {"─", " "}:
        yield from pieces(text, limits.TEXT)
        return
    above = f"{head}\n{body[0]}\n"  # the names of the columns stand above each piece
    for piece in pieces("\n".join(body[1:]), limits.TEXT - units(above)):
        yield above + piece


def _elements(passage: Passage, room: int, *, has_label: bool) -> list[Block]:
    if passage.is_line:
        text = fit(literal(passage.text), max(room - units(passage.label), limits.FIELD_TEXT // 10))
        label = b.text(literal(passage.label), bold=True)
        return [_section([label, b.text(f"  {text}")])]
    above = [_label(passage)] if has_label else []
    return [*above, *_body(passage, room), *_rest(passage)]


def _body(passage: Passage, room: int) -> list[Block]:
    text = fit(literal(passage.text), max(room, limits.FIELD_TEXT // 10)) or " "
    match passage.style:
        case PassageStyle.FILES:
            return [_file_list(passage.rows[: limits.LIST_ITEMS])]
        case PassageStyle.MARKDOWN:
            return rich_elements(text) or [_section([b.text(text)])]
        case PassageStyle.QUOTE:
            return [{"type": "rich_text_quote", "elements": [b.text(text)]}]
        case _:
            return [_preformatted(text)]


def _label(passage: Passage) -> Block:
    return _section([b.text(literal(passage.label), bold=True)])


def _section(elements: list[Block]) -> Block:
    return {"type": "rich_text_section", "elements": elements}


def _preformatted(text: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [b.text(text)]}


def _rest(passage: Passage) -> list[Block]:
    return [_section([b.text(f"… {passage.rest}", italic=True)])] if passage.rest else []


def _rest_block(passage: Passage) -> list[Block]:
    return [b.context(f"… {passage.rest}")] if passage.rest else []


def _file_list(rows: Sequence[tuple[str, ...]]) -> Block:
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [_section(_file(*row)) for row in rows],
    }


def _file(name: str, size: str, address: str) -> list[Block]:
    shown = literal(name) or _BLANK
    first = {"type": "link", "url": address, "text": shown} if address else b.text(shown)
    return [first, b.text(f" · {literal(size)}")] if size else [first]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from _texts(value.get("elements", []))
