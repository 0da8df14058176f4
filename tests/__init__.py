"""Tests of the whole project."""

from __future__ import annotations
