"""The whole payload in a window, a page at a time, and as the text of a file.

A window remembers nothing: which page comes next is in its buttons.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from bot.cards import Passage, whole_payload
from bot.cards.values import cut, one_line
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import escape, fit_escaped
from bot.slack.kit.payload_blocks import whole_blocks
from bot.slack.kit.payloads import FileButton, TurnButton
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.store.records import Approval

PREVIOUS = "signoff_page_previous"
NEXT = "signoff_page_next"
SEND = "signoff_page_file"
#: Pages of a window; what is longer is read in the file.
MOST_PAGES = 20
_BLOCKS = 40
_SIZE = 8_000  # characters of JSON; each may be twelve bytes
_GRAPH = 100  # characters of a graph's name
_TITLE = 1000  # characters of a question
_MOST_BLOCKS = MOST_PAGES * _BLOCKS + 1


def pages_of(passages: Sequence[Passage]) -> tuple[list[list[Block]], bool]:
    """Return the blocks of each page, and whether there is more than those hold."""
    pages: list[list[Block]] = [[]]
    room = _SIZE
    for block in islice(whole_blocks(passages), _MOST_BLOCKS):
        size = len(json.dumps(block, ensure_ascii=False))
        if pages[-1] and (len(pages[-1]) == _BLOCKS or room < size):
            if len(pages) == MOST_PAGES:
                return pages, True
            pages.append([])
            room = _SIZE
        pages[-1].append(block)
        room -= size
    return pages, False


def payload_view(
    approval: Approval, page: int = 0, *, note: str = "", can_send: bool = True
) -> dict[str, Any]:
    """Return a page of the whole payload of an approval.

    Args:
        approval: What is asked.
        page: From 0; beyond the last one it is the last.
        note: Something to say on top; mark-up, already escaped.
        can_send: Is there a button for the file?
    """
    pages, is_more = pages_of(whole_payload(approval))
    page = min(page, len(pages) - 1)
    nothing = b.section("There is nothing else to see: the question has no payload.")
    graph = escape(cut(one_line(approval.graph), _GRAPH))
    title = fit_escaped(one_line(approval.title), _TITLE)
    where = f" · page {page + 1} of {len(pages)}" if len(pages) > 1 else ""
    more = "There is more than a window can hold. Send it as a file to read all of it."
    made = [
        *([b.section(note)] if note else []),
        b.context(f"*{graph}* · {title} · `{approval.ref}`{where}"),
        *(pages[page] or [nothing]),
        *([b.context(more)] if is_more and page == len(pages) - 1 else []),
        *_foot(approval, page, len(pages), can_send=can_send),
    ]
    return b.modal("Shown in full", made[: limits.VIEW_BLOCKS], callback_id=NOTICE_CALLBACK)


def payload_file(approval: Approval) -> str:
    """Return the whole payload as plain text."""
    head = [
        one_line(approval.title),
        f"Graph {approval.graph}, run {approval.run.ref}, approval {approval.ref}",
    ]
    return "\n".join([*head, "", *_told(whole_payload(approval))]) + "\n"


def _foot(approval: Approval, page: int, count: int, *, can_send: bool) -> list[Block]:
    if count == 1:
        return []
    buttons = []
    if page > 0:
        buttons.append(_turn(approval, "Previous", PREVIOUS, page - 1))
    if page < count - 1:
        buttons.append(_turn(approval, "Next", NEXT, page + 1))
    if can_send:
        value = FileButton(approval=approval.id, page=page).pack()
        buttons.append(b.button("Send as file", action_id=SEND, value=value))
    return [b.actions(buttons)]


def _turn(approval: Approval, label: str, action_id: str, page: int) -> Block:
    value = TurnButton(approval=approval.id, page=page).pack()
    return b.button(label, action_id=action_id, value=value)


def _told(passages: Iterable[Passage]) -> Iterable[str]:
    for passage in passages:
        if passage.is_line:
            yield f"{passage.label}: {passage.text}"
        else:
            yield f"\n{passage.label}\n{'=' * len(passage.label)}\n{passage.text}\n"
