"""The Home tab as blocks: what waits first, then what one asked for, started and decided."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cards.card import ButtonStyle
from bot.cards.home import Home, Page, Part, asked_row, decided_row, own_run_row, waiting_rows
from bot.cards.question import question_card
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.messages import render
from bot.slack.kit.mrkdwn import GroupIds, escape, lines, mrkdwn
from bot.slack.kit.payloads import PageButton, StartButton
from bot.slack.runs import question_button, run_menu
from orchestrator.store.records import Approval

PAGE = "signoff_page_"
BATCH = "signoff_batch"
#: Buttons of other parts: the form that starts a run, and the window about notifications.
START = "signoff_start"
NOTIFICATIONS = "signoff_notifications"

_DECIDING = 3  # buttons of a question, before the one that opens it
_GRAPHS = 10  # graphs that are named to somebody who has none yet
_DIVIDER: Block = {"type": "divider"}


def home_view(home: Home, *, command: str, groups: GroupIds | None) -> Block:
    """Return the Home tab; it never has more blocks than Slack takes."""
    blocks = [
        *_waiting(home, groups),
        _buttons(home),
        *_asked(home, groups),
        *_runs(home, command, groups),
        *_decided(home, groups),
        b.context(f"`{escape(command)} help` lists everything that you can write."),
    ]
    return {"type": "home", "blocks": blocks[: limits.VIEW_BLOCKS]}


def _waiting(home: Home, groups: GroupIds | None) -> Iterable[Block]:
    page = home.pages[Part.WAITING]
    count = f" · {page.count}{'+' if home.then else ''}" if page.count else ""
    yield b.header(f"Waiting for you{', further on' if home.after else ''}{count}")
    if not page.approvals:
        yield b.section(_nothing(home))
    for approval in page.approvals:
        yield b.section(lines(list(waiting_rows(approval)), groups))
        yield b.actions([*_deciding(approval), question_button(approval)])
    if home.looked is not None and not page.has_more:
        yield b.context(looked_through(home.looked, is_further=bool(home.after)))
    yield from _waiting_pages(home)


def _nothing(home: Home) -> str:
    if home.then:
        return f"None of the {home.looked:,} open questions that were looked through waits for you."
    if home.after:
        return "Nothing more waits for you."
    return "Nothing waits for you. Questions that you may decide appear here and in their channel."


def looked_through(count: int, *, is_further: bool) -> str:
    """Say that there are more open questions than were looked through."""
    where = "next" if is_further else "nearest"
    return f"Looked through the {where} {count:,} open questions, by deadline. *More* goes on."


def _waiting_pages(home: Home) -> Iterable[Block]:
    page = home.pages[Part.WAITING]
    buttons = []
    if page.number:
        buttons.append(_page_button(home, Part.WAITING, page, -1, "Back"))
    elif home.after:
        buttons.append(_further_button(home, "newer", "To the first", ""))
    if page.has_more:
        buttons.append(_page_button(home, Part.WAITING, page, 1, "More"))
    elif home.then:
        buttons.append(_further_button(home, "older", "More", home.then))
    if buttons:
        yield b.actions(buttons)


def _further_button(home: Home, name: str, label: str, after: str) -> Block:
    pages = {each.value: found.number for each, found in home.pages.items()}
    value = PageButton(pages={**pages, Part.WAITING.value: 0}, after=after).pack()
    return b.button(label, action_id=f"{PAGE}{Part.WAITING.value}_{name}", value=value)


def _deciding(approval: Approval) -> list[Block]:
    """Return the buttons by which a question is decided, just as its message has them."""
    card = question_card(approval, due_at=approval.due_at)
    rows = [block for block in render(card).blocks if block["type"] == "actions"]
    buttons = [each for row in rows for each in row["elements"] if each["type"] == "button"]
    opening = {"signoff_show"}
    return [each for each in buttons if each["action_id"] not in opening][:_DECIDING]


def _buttons(home: Home) -> Block:
    value = StartButton().pack()
    start = b.button("Start a run", action_id=START, value=value, style=ButtonStyle.PRIMARY)
    batch = b.button("Decide several…", action_id=BATCH, value="home")
    settings = b.button("Notifications…", action_id=NOTIFICATIONS, value="home")
    return b.actions([start, *([batch] if home.can_batch else []), settings])


def _asked(home: Home, groups: GroupIds | None) -> Iterable[Block]:
    page = home.pages[Part.ASKED]
    if not page.approvals and not page.number:
        return
    yield _DIVIDER
    yield b.header("Waiting for others")
    for approval in page.approvals:
        section = b.section(mrkdwn(asked_row(approval), groups))
        yield {**section, "accessory": question_button(approval)}
    yield from _paging(home, Part.ASKED)


def _runs(home: Home, command: str, groups: GroupIds | None) -> Iterable[Block]:
    page = home.pages[Part.RUNS]
    yield _DIVIDER
    yield b.header("Your runs")
    for run in page.runs:
        yield {**b.section(mrkdwn(own_run_row(run), groups)), "accessory": run_menu(run)}
    if not page.runs:
        yield b.section(_no_runs(home, command))
    if page.has_more and page.is_last:
        yield b.context(f"`{escape(command)} history me` lists older ones.")
    yield from _paging(home, Part.RUNS)


def _no_runs(home: Home, command: str) -> str:
    if not home.graphs:
        return "No graph is loaded. Tell who runs Signoff."
    names = ", ".join(f"*{escape(name)}*" for name in home.graphs[:_GRAPHS])
    return (
        f"You have started nothing yet. Press *Start a run*, or write "
        f"`{escape(command)} run`. There is {names}."
    )


def _decided(home: Home, groups: GroupIds | None) -> Iterable[Block]:
    page = home.pages[Part.DECIDED]
    yield _DIVIDER
    yield b.header("Your decisions")
    for approval in page.approvals:
        section = b.section(mrkdwn(decided_row(approval, home.person), groups))
        yield {**section, "accessory": question_button(approval)}
    if not page.approvals:
        yield b.section("What you decide is listed here.")
    yield from _paging(home, Part.DECIDED)


def _paging(home: Home, part: Part) -> Iterable[Block]:
    page = home.pages[part]
    buttons = []
    if page.number:
        buttons.append(_page_button(home, part, page, -1, "Newer"))
    if page.has_more and not page.is_last:
        buttons.append(_page_button(home, part, page, 1, "Older"))
    if part is Part.ASKED:
        words = {"Newer": "Back", "Older": "More"}
        for button in buttons:
            button["text"]["text"] = words[button["text"]["text"]]
    if buttons:
        yield b.actions(buttons)


def _page_button(home: Home, part: Part, page: Page, step: int, label: str) -> Block:
    pages = {each.value: found.number for each, found in home.pages.items()}
    value = PageButton(pages={**pages, part.value: page.number + step}, after=home.after).pack()
    name = "older" if step > 0 else "newer"
    return b.button(label, action_id=f"{PAGE}{part.value}_{name}", value=value)
