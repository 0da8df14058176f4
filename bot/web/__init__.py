"""Routes that are not Slack's: is the process well, and can it serve?"""

from __future__ import annotations

from bot.web.health import Check, Probe, health_routes
from bot.web.probes import database_probe, queue_probe, scheduler_probe, slack_probe
from bot.web.server import ListenError, listening

__all__ = [
    "Check",
    "ListenError",
    "Probe",
    "database_probe",
    "health_routes",
    "listening",
    "queue_probe",
    "scheduler_probe",
    "slack_probe",
]
