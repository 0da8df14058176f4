"""Tests of the Slack surface, over the simulator's real sockets and HTTP."""

from __future__ import annotations
