"""A migrated database to copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from orchestrator.store import migrate


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated database that nobody has used; examples take copies."""
    path = tmp_path_factory.mktemp("template") / "signoff.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give many examples the time that they take on a busy machine."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(600))
