"""Tests of the declaration of graphs."""

from __future__ import annotations
