"""Checks against reference data of Slack, when that is at hand."""

from __future__ import annotations
