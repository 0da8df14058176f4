"""The hash chain of a run's log: each event's hash covers the one before and its own text."""

from __future__ import annotations

import hashlib

#: What the first event of every run is chained to.
GENESIS = "0" * 64


def link(previous: str, *, run_id: str, seq: int, at: str, kind: str, body: str) -> str:
    """Return the hash of an event as 64 hexadecimal digits.

    Args:
        previous: Hash of the event before, GENESIS for the first one.
        run_id: The run's id.
        seq: The event's number in the run's log.
        at: When it was stored, exactly as the text in the database.
        kind: The event's type as stored.
        body: The event's JSON text as stored.
    """
    text = "\x1f".join((previous, run_id, str(seq), at, kind, body))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
