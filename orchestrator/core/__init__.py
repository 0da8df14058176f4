"""The pure heart of the engine: events, their fold into a state, and `advance`."""

from __future__ import annotations

from orchestrator.core.advance import Advance, advance
from orchestrator.core.state import RunStatus, State
from orchestrator.core.turn import Terms

__all__ = ["Advance", "RunStatus", "State", "Terms", "advance"]
