"""What is to be done after the commit, beside what the state itself says.

Ready nodes and timers are read off the state; a delivery is the one thing that is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why something is shown to people."""

    QUESTION = "question"  #: the approval, first shown
    PROGRESS = "progress"  #: the open approval's message, brought up to date
    OUTCOME = "outcome"  #: the message of an approval or run that is over, brought up to date
    REMINDER = "reminder"  #: a nudge in the question's thread
    NOTICE = "notice"  #: an event that people are told about in the question's thread
    ENDED = "ended"  #: a run is over that asked nobody, so that no message is there to say it
    #: What one person is told in a direct message. A surface adds it when it has sent what it
    #: is about; the core asks for none.
    DIRECT = "direct"
    #: What is said in the thread that a run was started from; a surface adds it, too.
    STARTED = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Bring an approval before people, or bring what they see up to date, or tell of a run."""

    purpose: Purpose
    #: What it is about; at the end of a run that asked nobody, that is the run.
    approval_id: str
    #: Number of the event that a reminder or notice is about.
    seq: int | None = None


Effect = Deliver
