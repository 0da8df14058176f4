"""Commands, called in this process or as processes of their own, on a database of the test's."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.cli.shell import Shell

FLOWS = Path(__file__).parent / "flows.py"
DEEP = Path(__file__).parent / "deep.py"


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    """Commands set up the process's logging and environment; put both back."""
    environment, root = dict(os.environ), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configuration: dict[str, Any] = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    yield
    os.environ.clear()
    os.environ.update(environment)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    structlog.configure(**configuration)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder with no setting at all."""
    for name in list(os.environ):
        if name.startswith(("SLACK_", "SIGNOFF_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def unmigrated(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Have graphs, and no database yet."""
    monkeypatch.setenv("SIGNOFF_GRAPHS", str(FLOWS))
    return Shell(bare)


@pytest.fixture
def shell(unmigrated: Shell) -> Shell:
    """Have graphs and a database."""
    assert unmigrated("migrate").code == 0
    return unmigrated


@pytest.fixture
def deep(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Have a database, and graphs with every kind of question."""
    monkeypatch.setenv("SIGNOFF_GRAPHS", str(DEEP))
    return shell
