"""The reference data, where somebody has named it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def reference() -> Path:
    """Return the folder of reference data, or skip where nobody has named one."""
    named = os.environ.get("SLACK_REFERENCE")
    if not named:
        pytest.skip("SLACK_REFERENCE names no reference data")
    return Path(named)
