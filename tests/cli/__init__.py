"""Tests of the command line, settings, health routes, the demo and the examples."""

from __future__ import annotations
