"""Compares every Slack call and envelope of the whole session with Slack's reference data.

Active when SLACK_REFERENCE names a folder of that data. Every simulator, in whichever process,
appends what passes to one file; at the end the file is checked, and a problem fails the session.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.reference.check import check_recording

_MOST = 40  # problems printed


class Recording:
    """A plugin of the controlling process; workers inherit its environment."""

    def __init__(self, reference: Path) -> None:
        self._reference = reference
        self._folder = tempfile.TemporaryDirectory(prefix="slack-recording-")
        self._file = Path(self._folder.name) / "calls.jsonl"
        self._problems: list[str] = []
        os.environ["SIMULATOR_RECORD"] = str(self._file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Check what was recorded."""
        if self._file.exists():
            self._problems = check_recording(self._file, self._reference)
        if self._problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        size = self._file.stat().st_size if self._file.exists() else 0
        lines = self._file.read_text().count("\n") if size else 0
        found = f"{lines} Slack calls and envelopes compared with the reference"
        terminalreporter.write_line(f"{found}: {len(self._problems)} problems")
        for problem in self._problems[:_MOST]:
            terminalreporter.write_line(f"  {problem}")
        self._folder.cleanup()


def register(config: pytest.Config) -> None:
    """Record this session, if there is a reference to compare with."""
    reference = os.environ.get("SLACK_REFERENCE")
    is_worker = hasattr(config, "workerinput")
    if reference and not is_worker:
        config.pluginmanager.register(Recording(Path(reference)), "slack-recording")
