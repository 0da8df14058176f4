"""Slack: cards become messages, clicks become decisions, deliveries become calls."""

from __future__ import annotations
