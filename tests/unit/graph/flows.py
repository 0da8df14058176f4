"""Functions, a model and a view that the tests of graphs share; YAML names them by import path."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from subprocess import run
from typing import Any

from pydantic import BaseModel, Field

__all__ = ["Invoice", "Seen", "Unpayable", "due", "pay", "pick", "run", "subprocess", "write"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A view made by hand."""

    state: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    item: Any = None
    number: int | None = None


class Invoice(BaseModel):
    """What a payment starts from."""

    payee: str = Field(description="Who gets the money")
    amount: float
    days: int = 30
    urgent: bool = False
    notes: list[str] = []
    wait: timedelta = timedelta(minutes=5)


class Unpayable(Exception):  # noqa: N818 - a fact of the flow, not an error of the program
    """Trying again would not help."""


async def write(context: Any) -> dict[str, Any]:
    """Draft."""
    return {"draft": context.state.get("topic")}


def pay(context: Any) -> None:
    """Pay."""
    del context


def pick(view: Any) -> str:
    """Choose a way."""
    return "paid" if view.state else "refused"


def due(view: Any) -> timedelta:
    """Wait as long as the input says."""
    wait: timedelta = view.input.wait
    return wait
