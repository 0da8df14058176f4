"""The application: approvals in Slack on top of the orchestrator."""

from __future__ import annotations
