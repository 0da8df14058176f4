"""Benchmarks: `python -m benchmarks` says which there are; docs/performance.md explains them."""

from __future__ import annotations
