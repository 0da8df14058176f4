"""What the tests of YAML name by import path: functions, a model, a calendar, a built graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel

from orchestrator import GraphBuilder
from orchestrator.graph import gated
from orchestrator.graph.calendars import WorkingHours

MODULE = "tests.unit.graph.yaml_flows"


class Form(BaseModel):
    """What people fill in."""

    reason: str
    days: int = 7


class Refused(Exception):  # noqa: N818 - a fact of the flow, not an error of the program
    """Trying again would not help."""


def draft(context: Any) -> dict[str, Any]:
    """Do some work."""
    return {"draft": context.state.get("topic")}


def check(context: Any) -> None:
    """Do other work."""
    del context


def undo(context: Any) -> None:
    """Take work back."""
    del context


@gated(confirm="@leads")
def guarded(context: Any) -> None:
    """Do work that brings its own question along."""
    del context


def pick(view: Any) -> str:
    """Choose a way."""
    return "one" if view.state else "two"


def is_large(view: Any) -> bool:
    """Look at the amount."""
    return bool(view.state.get("amount", 0) > 1)


def words(view: Any) -> str:
    """Say something."""
    return str(view.run)


def soon(view: Any) -> timedelta:
    """Compute a time."""
    del view
    return timedelta(hours=1)


def morning(view: Any) -> datetime:
    """Compute an instant."""
    del view
    return datetime(2030, 1, 1, tzinfo=UTC)


def owners(view: Any) -> list[str]:
    """Name approvers."""
    del view
    return ["U1"]


def items(view: Any) -> list[Any]:
    """Return what there is to do."""
    return list(view.state)


def values(view: Any) -> Mapping[str, Any]:
    """Compute the input of an inner graph."""
    return dict(view.state)


def best(found: list[Any]) -> Any:
    """Reduce several values to one."""
    return found[0]


HOURS = WorkingHours(zone="UTC", days="mon-sun", start=time(8), end=time(20), holidays=())
HOLIDAYS = (date(2026, 12, 25),)
INNER = GraphBuilder("inner").task("work", check).start("work").ends("work").build()
