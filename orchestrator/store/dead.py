"""Dead letters: nodes that are ready and that no process could start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A ready node that was given up on after several tries to start it."""

    id: int
    run_id: str
    path: str
    #: How often it could not be started.
    tries: int
    reason: str
    since: datetime
