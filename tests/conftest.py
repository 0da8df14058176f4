"""Runs the Python in README.md and docs/ as tests, and records what is said to Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests import recording
from tests.postgres import Server, serving

_ROOT = Path(__file__).parents[1]
# How long one example takes says more about the machine than about the code; each test has a limit.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")


class _Documents:
    """A plugin, because the hooks of this file alone would see nothing outside of tests/."""

    pytest_collect_file = staticmethod(
        Sybil(
            parsers=[PythonCodeBlockParser()],
            path=str(_ROOT),
            patterns=["README.md", "CONTRIBUTING.md", "docs/**/*.md", "docs/*.md"],
            # Its snippets stand on each other; test_guide.py runs them by chapters.
            excludes=["docs/writing-graphs.md"],
        ).pytest()
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have the documents collected, and Slack's side of the tests recorded."""
    config.pluginmanager.register(_Documents(), "documents")
    recording.register(config)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a real PostgreSQL, which is started for the first test that asks for it."""
    with serving() as server:
        yield server
