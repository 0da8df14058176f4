"""A local Slack for demos and tests: Web API, Socket Mode, signed callbacks and a page.

The simulator is an outside party. It knows Slack's documented behaviour and nothing of the
application that talks to it.
"""

from __future__ import annotations

from bot.simulator.defaults import SECOND, organisation
from bot.simulator.delivery import Ack
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Faults
from bot.simulator.log import LogEntry
from bot.simulator.manifest import App, ManifestError
from bot.simulator.simulator import Simulator
from bot.simulator.timing import Timing
from bot.simulator.world import Team

__all__ = [
    "SECOND",
    "Ack",
    "App",
    "Faults",
    "LogEntry",
    "ManifestError",
    "Simulator",
    "SimulatorError",
    "Team",
    "Timing",
    "organisation",
]
