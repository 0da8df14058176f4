"""The fields of a form, spread over as many pages as it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from bot.cards.fields import Field, FieldType
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.elements import input_block
from bot.slack.kit.inputs import error_text, initial_typed
from bot.slack.kit.mrkdwn import escape, fit_escaped

#: Press it, and the form shows the page before.
BACK = "signoff_back"
#: Fields on a page: more than that people lose sight of.
FIELDS = 20
_FEW_MORE = 24  # fields that are not worth a page more
_ROOM = limits.VIEW_BYTES - 60_000  # bytes of JSON for the fields of a page
_PROBLEM = 300  # characters
_PROBLEMS = 8  # on a page's top


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A form with what has been typed into it so far, open at one of its pages."""

    fields: tuple[Field, ...]
    #: What was typed, by the field's number, where it differs from what stood there first.
    typed: Mapping[int, Any] = field(default_factory=dict)
    #: The number of the first field of each page up to this one.
    starts: tuple[int, ...] = (0,)
    comment: str = ""
    #: Say what is there now, for somebody who edits it.
    has_now: bool = False
    #: What is wrong with fields of this page, by their number.
    problems: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def opening(self) -> Mapping[int, Any]:
        """What stood in the fields at first; raises TooLargeError."""
        return {number: initial_typed(self.fields[number]) for number in self.numbers}

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The fields that are shown on some page."""
        shown = enumerate(self.fields)
        return tuple(number for number, each in shown if each.type is not FieldType.HIDDEN)

    @property
    def everything(self) -> dict[int, Any]:
        """What stands in all fields by now."""
        return {**self.opening, **self.typed}

    @cached_property
    def _inputs(self) -> Mapping[int, Block]:
        typed = self.everything
        return {
            number: input_block(number, self.fields[number], typed[number], has_now=self.has_now)
            for number in self.numbers
        }

    def _page(self, start: int) -> tuple[int, ...]:
        left = [number for number in self.numbers if number >= start]
        most = len(left) if len(left) <= _FEW_MORE else FIELDS
        room = _ROOM
        page: list[int] = []
        for number in left:
            room -= len(json.dumps(self._inputs[number]))
            if page and (room < 0 or len(page) == most):
                return self._without_torn(page, number)
            page.append(number)
        return tuple(page)

    def _without_torn(self, page: list[int], following: int) -> tuple[int, ...]:
        """Leave the beginning of an object to the next page, where the rest of it is."""
        group = self.fields[following].group
        whole = [number for number in page if group is None or self.fields[number].group != group]
        return tuple(whole or page)

    @cached_property
    def page(self) -> tuple[int, ...]:
        """The fields of this page; raises TooLargeError when one of any page cannot be shown."""
        return self._page(self.starts[-1])

    @property
    def is_last(self) -> bool:
        """Is this page the last one?"""
        return not self.page or self.page[-1] == self.numbers[-1]

    @property
    def count(self) -> int:
        """How many pages there are, the ones before this one as they were shown."""
        count, page = len(self.starts), self.page
        while page and page[-1] != self.numbers[-1]:
            count, page = count + 1, self._page(page[-1] + 1)
        return count

    def after(self) -> Self:
        """Return the sheet open at the next page."""
        return replace(self, starts=(*self.starts, self.page[-1] + 1), problems={})

    def before(self) -> Self:
        """Return the sheet open at the page before; at the first one it stays as it is."""
        return replace(self, starts=self.starts[:-1] or self.starts, problems={})

    def at(self, problems: Mapping[int, Sequence[str]]) -> Self:
        """Return the sheet open at the first page with a problem, which is told there."""
        first = min(problems)
        sheet = replace(self, starts=(0,), problems={})
        while first not in sheet.page and not sheet.is_last:
            sheet = sheet.after()
        found = {number: texts for number, texts in problems.items() if number in sheet.page}
        return replace(sheet, problems=found or problems)

    def elsewhere(self) -> dict[str, Any]:
        """Return what was typed that the page does not show by itself, for a form to remember."""
        opening = self.opening
        kept = {
            str(number): value
            for number, value in self.typed.items()
            if number not in self.page and number in opening and value != opening[number]
        }
        return kept | ({"comment": self.comment} if self.comment else {})

    def blocks(self) -> list[Block]:
        """Return the page: what is wrong with it, its fields, and headings for parts of objects."""
        shown = [b.section(self._problem_text())] if self.problems else []
        heading = ""
        for number in self.page:
            group = self.fields[number].group
            if group is not None and group.label != heading:
                shown.append(b.header(group.label))
                if not group.is_required:
                    shown.append(b.context("If there is none, leave all of it empty."))
            elif group is None and heading:
                shown.append({"type": "divider"})
            heading = group.label if group is not None else ""
            shown.append(self._inputs[number])
            if number in self.problems:
                text = fit_escaped(error_text(self.problems[number]), _PROBLEM)
                shown.append(b.context(f":warning: {text}"))
        return shown

    def steps(self) -> list[Block]:
        """Return the way back, on every page but the first."""
        if len(self.starts) == 1:
            return []
        return [b.actions([b.button("Back", action_id=BACK, value="back")])]

    @property
    def place(self) -> str:
        """Say which page this is; empty for a form of one page."""
        count = self.count
        if count == 1:
            return ""
        is_sent = "" if self.is_last else " Nothing is sent before the last one."
        return f"Page {len(self.starts)} of {count}.{is_sent}"

    def _problem_text(self) -> str:
        """Name the fields with something wrong; what it is stands at those of this page."""
        here = [self._name(number) for number in sorted(self.problems) if number in self.page]
        away = [number for number in sorted(self.problems) if number not in self.page]
        lines = [f"*Please look at these again:* {', '.join(filter(None, here))}".rstrip()]
        for number in away[:_PROBLEMS]:
            label = f"{self._name(number)}: " if number < len(self.fields) else ""
            text = error_text(self.problems[number])
            lines.append(f"• {label}{fit_escaped(text, _PROBLEM)}")
        if len(away) > _PROBLEMS:
            lines.append(f"• {len(away) - _PROBLEMS} more on other pages")
        return "\n".join(lines)

    def _name(self, number: int) -> str:
        if number >= len(self.fields):
            return ""
        found = self.fields[number]
        return escape(f"{found.group.label} · {found.label}" if found.group else found.label)
