"""Deliveries that were handled a moment ago, for Slack delivers some of them twice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

#: Slack's last retry of an event comes about six minutes after the first try, and a signed
#: request can be replayed for five: https://docs.slack.dev/apis/events-api/#retries
WINDOW = 900.0  # seconds


class Seen:
    """Remembers keys for a while."""

    def __init__(self, *, window: float = WINDOW, size: int = 50_000) -> None:
        self._window = window
        self._size = size
        self._keys: dict[str, float] = {}

    def add(self, key: str) -> bool:
        """Remember a key; return whether it is new."""
        now = time.monotonic()
        while self._keys:
            oldest = next(iter(self._keys))
            if self._keys[oldest] > now and len(self._keys) < self._size:
                break
            del self._keys[oldest]
        if key in self._keys:
            return False
        self._keys[key] = now + self._window
        return True

    def forget(self, key: str) -> None:
        """Forget a key whose handling failed, so that a retry is handled."""
        self._keys.pop(key, None)


def retry_number(headers: Mapping[str, Sequence[str]]) -> int:
    """Return how often Slack has delivered this before.

    The header is there on a first delivery too, as "0" in Socket Mode, so its presence says
    nothing: https://github.com/slackapi/bolt-python/issues/1484
    """
    values = headers.get("x-slack-retry-num") or ()
    try:
        return int(values if isinstance(values, str) else values[0])
    except (ValueError, IndexError):
        return 0
