"""The servers that tests start, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 30.0  # seconds
_DYING = """
import os, signal
from tests.postgres import serving
with serving() as server:
    print(server.url.query["host"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.skipif("SIGNOFF_TEST_POSTGRES" in os.environ, reason="no server is started")
def test_a_server_does_not_outlive_the_process_that_needs_it():
    """Not even one that was killed, and could tidy nothing up."""
    words = [sys.executable, "-c", _DYING]
    killed = subprocess.run(words, stdout=subprocess.PIPE, check=False)  # noqa: S603 - ours
    folder = Path(killed.stdout.decode().strip())
    until = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < until:
        os.sched_yield()

    assert killed.returncode == -signal.SIGKILL
    assert folder.name == "data"
    assert not folder.exists()
