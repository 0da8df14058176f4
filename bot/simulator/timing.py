"""How long Slack waits for what, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Slack's delays; a test may shorten the ones that run on the real clock.

    `ack`, `ping`, `connect` and `event_retries` are measured on the event loop's clock,
    the others on the simulator's clock.
    """

    ack: float = 3.0
    """An app must answer an interaction within this time."""
    ping: float = 10.0
    """Distance of WebSocket pings."""
    connect: float = 3.0
    """How long a payload waits for an app that has no connection open."""
    event_retries: tuple[float, float, float] = (0.0, 60.0, 300.0)
    """Waits before the three repetitions of an event over HTTP."""
    redeliveries: int = 3
    """How often an unacknowledged Socket Mode envelope is sent again."""
    trigger: float = 3.0
    """Life of a trigger_id."""
    ticket: float = 30.0
    """Life of a WebSocket ticket."""
    response_url: float = 1800.0
    """Life of a response_url."""
    refresh_warning: float = 10.0
    """Time between the warning and the refresh of an old connection."""
