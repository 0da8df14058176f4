"""Other libraries that run the workload, each in an environment of its own.

These modules, and `benchmarks.wire`, import nothing of this repository but one another.
"""

from __future__ import annotations
