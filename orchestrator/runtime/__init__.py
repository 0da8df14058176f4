"""The durable shell: the engine, its scheduler, and the ports it needs."""

from __future__ import annotations

from orchestrator.runtime.engine import Engine, Statistics
from orchestrator.runtime.ports import Clock, Directory, StaticDirectory, SystemClock
from orchestrator.runtime.process import process_name

__all__ = [
    "Clock",
    "Directory",
    "Engine",
    "StaticDirectory",
    "Statistics",
    "SystemClock",
    "process_name",
]
