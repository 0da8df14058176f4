"""Where an open approval stands among all of them: the place after which a page goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from orchestrator.store.records import Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in the order by deadline, those without one last, then by opening, then by id."""

    due_at: datetime | None
    opened_at: datetime
    id: str

    @classmethod
    def of(cls, approval: Approval) -> Self:
        """Return where an approval stands."""
        return cls(due_at=approval.due_at, opened_at=approval.opened_at, id=approval.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote.

        Raises:
            ValueError: It is something else.
        """
        due, opened, approval_id = text.split("|")
        return cls(
            due_at=_instant(due) if due else None, opened_at=_instant(opened), id=approval_id
        )

    @property
    def is_dated(self) -> bool:
        """Has it a deadline, so that all those without one are behind it?"""
        return self.due_at is not None

    def __str__(self) -> str:
        due = self.due_at.isoformat() if self.due_at is not None else ""
        return f"{due}|{self.opened_at.isoformat()}|{self.id}"

    def without_deadline(self) -> Position:
        """Return the place before everything that has no deadline."""
        return Position(due_at=None, opened_at=datetime.fromtimestamp(0, UTC), id="")


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no zone")
    return found
