"""Fixtures: a bot at each of Slack's two transports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.slack.bench import Bench, bench, fragile_graph, publish_graph


@pytest.fixture(params=["socket", "http"])
async def bot(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a running bot, once per transport."""
    async with bench(
        tmp_path,
        transport=request.param,
        graphs=lambda effects: [publish_graph(effects), fragile_graph(effects)],
    ) as running:
        yield running


@pytest.fixture
async def socket_bot(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a running bot in Socket Mode."""
    async with bench(tmp_path) as running:
        yield running


@pytest.fixture
async def http_bot(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a running bot in HTTP mode."""
    async with bench(tmp_path, transport="http") as running:
        yield running
