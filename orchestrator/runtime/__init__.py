"""The durable shell: the engine, its scheduler, and the ports it needs."""

from __future__ import annotations

from orchestrator.runtime.engine import Engine, Statistics
from orchestrator.runtime.ports import Clock, Directory, StaticDirectory, SystemClock

__all__ = ["Clock", "Directory", "Engine", "StaticDirectory", "Statistics", "SystemClock"]
