"""What is to be done after the commit, beside what the state itself says.

Ready nodes and timers are read off the state; a delivery is the one thing that is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why something is shown to people."""

    QUESTION = "question"  #: the approval, first shown
    OUTCOME = "outcome"  #: the approval's message, brought up to date
    REMINDER = "reminder"  #: a nudge in the question's thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Bring an approval before people, or bring what they see up to date."""

    purpose: Purpose
    approval_id: str


Effect = Deliver
