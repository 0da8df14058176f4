"""Tests that need no service beside the process."""

from __future__ import annotations
