"""`worker`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import structlog

from bot.app import working
from bot.cli.logs import configure_logging
from bot.cli.stopping import until_stopped
from bot.settings import Settings
from orchestrator.runtime import settle_memory

_SPARE = 4.0  # seconds for what is left to do when the grace is over
_log = structlog.get_logger(__name__)


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many nodes run at once. Default: SIGNOFF_CONCURRENCY, or 32.",
)
@click.option(
    "--graphs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file or folder of graphs; may be repeated. Default: SIGNOFF_GRAPHS.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=25.0,
    show_default=True,
    metavar="SECONDS",
    help="How long nodes may go on when the worker is to stop.",
)
def worker(*, concurrency: int | None, graphs: Sequence[Path], grace: float) -> None:
    """Run nodes and keep deadlines, beside servers that talk to Slack.

    Any number of workers and servers share one PostgreSQL database. Ctrl-C or SIGTERM lets what
    runs end within the grace, and a second one ends the worker at once; what was not ended goes
    to the others.
    """
    settings = Settings.load()
    configure_logging(settings.log)
    chosen: dict[str, Any] = {"graphs": tuple(graphs)} if graphs else {}
    if concurrency is not None or not settings.concurrency:
        chosen["concurrency"] = concurrency or Settings.model_fields["concurrency"].default
    settings = settings.model_copy(update=chosen)

    async def work() -> None:
        async with (
            until_stopped(limit=grace + _SPARE) as stopped,
            working(settings, grace=grace) as engine,
        ):
            names = ", ".join(sorted(engine.graphs)) or "none"
            click.echo(
                f"Working. Nodes at once: {settings.concurrency}. Graphs: {names}. "
                "Stop with Ctrl-C."
            )
            settle_memory()
            await stopped.wait()
            _log.info("the worker stops", running=engine.statistics().running_attempts)
        _log.info("the worker has stopped")

    asyncio.run(work())
