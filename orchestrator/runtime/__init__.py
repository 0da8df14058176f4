"""The durable shell: the engine, its scheduler, and the ports it needs."""

from __future__ import annotations

from orchestrator.runtime.engine import Engine, GraphDifference, Statistics
from orchestrator.runtime.ports import Clock, Directory, StaticDirectory, SystemClock
from orchestrator.runtime.process import process_name, settle_memory
from orchestrator.runtime.streaming import Continued, Paused
from orchestrator.store.dead import DeadLetter

__all__ = [
    "Clock",
    "Continued",
    "DeadLetter",
    "Directory",
    "Engine",
    "GraphDifference",
    "Paused",
    "StaticDirectory",
    "Statistics",
    "SystemClock",
    "process_name",
    "settle_memory",
]
