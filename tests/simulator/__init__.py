"""Tests of the local Slack."""

from __future__ import annotations
