"""What goes wrong on purpose, the same way whenever it starts from the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.simulator.errors import SimulatorError

_UNLIMITED = frozenset({"apps.connections.open", "auth.test", "api.test"})
"""Methods of an app's start, which a fault for "the next call" should not hit."""
_ANY = "*"


@dataclass(slots=True, kw_only=True)
class Faults:
    """The faults in force; numbers count down to zero as they happen."""

    rate_limit_next: int = 0
    """So many of the next calls are answered with 429."""
    retry_after: int = 1
    """Seconds in the Retry-After header of a 429."""
    slow_ms: int = 0
    """Every Web API answer is held back this long."""
    duplicate_next: int = 0
    """So many of the next envelopes are delivered twice."""
    lose_answer_next: int = 0
    """So many of the next writing calls take effect, and then the connection breaks."""
    lose_answer_method: str = ""
    """Limits `lose_answer_next` to one method; empty means any writing method."""
    fail_next: list[dict[str, Any]] = field(default_factory=list)
    """`{method, error, count}`: calls that are refused with that error.

    The method `*` is any; an error such as `http_503` is Slack's own server failing.
    """
    enforce_rate: bool = False
    """Refuse more than about one message a second and channel, as Slack does."""
    rate_limit_share: float = 0.0
    """This share of all calls is answered with 429."""
    lose_answer_share: float = 0.0
    """This share of the writing calls takes effect, and then the connection breaks."""
    is_away: bool = False
    """Slack cannot be reached: calls find nobody, and no connection comes about."""
    seed: int = 1
    """Decides which calls the shares hit; setting it starts the order again."""
    _chances: dict[str, random.Random] = field(default_factory=dict, init=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the faults for the page."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.init}

    def update(self, wanted: Mapping[str, Any]) -> None:
        """Set the named faults.

        Raises:
            SimulatorError: A name or a value makes no sense; nothing was changed.
        """
        checked: dict[str, Any] = {}
        for name, value in wanted.items():
            if name == "fail_next":
                checked[name] = _failures(value)
            elif name not in self.as_json():
                raise SimulatorError(f"there is no fault {name!r}")
            elif not _fits(value, getattr(self, name)):
                raise SimulatorError(f"fault {name!r} cannot be {value!r}")
            else:
                checked[name] = value
        for name, value in checked.items():
            setattr(self, name, value)
        if "seed" in checked:
            self._chances.clear()

    def take_rate_limit(self, method: str) -> bool:
        """Say whether this call is to be answered with 429."""
        if method in _UNLIMITED:
            return False
        if self.rate_limit_next > 0:
            self.rate_limit_next -= 1
            return True
        return self._hits("rate limit", self.rate_limit_share)

    def take_failure(self, method: str) -> str | None:
        """Return the error this call is to be refused with, or None."""
        for failure in self.fail_next:
            is_any = failure["method"] == _ANY and method not in _UNLIMITED
            if (is_any or failure["method"] == method) and failure["count"] > 0:
                failure["count"] -= 1
                self.fail_next = [item for item in self.fail_next if item["count"] > 0]
                return str(failure["error"])
        return None

    def take_lost_answer(self, method: str, *, is_write: bool) -> bool:
        """Say whether the connection breaks before this call is answered."""
        if not is_write or self.lose_answer_method not in {"", method}:
            return False
        if self.lose_answer_next > 0:
            self.lose_answer_next -= 1
            return True
        return self._hits("lost answer", self.lose_answer_share)

    def take_duplicate(self) -> bool:
        """Say whether this envelope is to be delivered twice."""
        if self.duplicate_next <= 0:
            return False
        self.duplicate_next -= 1
        return True

    def _hits(self, what: str, share: float) -> bool:
        """Draw once, each kind of fault from an order of its own."""
        if share <= 0:
            return False
        if what not in self._chances:
            self._chances[what] = random.Random(f"{self.seed} {what}")  # noqa: S311 - no secret
        return self._chances[what].random() < share


def _fits(value: object, current: object) -> bool:
    if isinstance(current, bool):
        return isinstance(value, bool)
    if isinstance(current, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and 0 <= float(str(value)) <= 1
    if isinstance(current, int):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, str)


def _failures(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    failures = []
    for item in items:
        if not isinstance(item, dict) or not {"method", "error"} <= set(item):
            raise SimulatorError("fail_next needs a method, an error and a count")
        count = item.get("count", 1)
        if not _fits(count, 0):
            raise SimulatorError(f"fail_next cannot happen {count!r} times")
        failures.append({"method": item["method"], "error": item["error"], "count": count})
    return failures
