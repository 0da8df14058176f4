"""`serve` and `migrate`."""

from __future__ import annotations

import asyncio

import click

from bot.app import serving
from bot.cli.logs import configure_logging
from bot.cli.session import execute
from bot.cli.stopping import until_stopped
from bot.settings import Settings
from orchestrator.runtime import settle_memory
from orchestrator.store import migrate as migrate_database


@click.command()
@click.option("--no-nodes", is_flag=True, help="Leave the nodes of graphs to workers.")
def serve(*, no_nodes: bool) -> None:
    """Serve: run graphs, keep deadlines, talk to Slack; until Ctrl-C or SIGTERM.

    With SLACK_APP_TOKEN the bot connects to Slack by Socket Mode and needs no public address.
    Without, Slack calls it at /slack/events, and SLACK_SIGNING_SECRET has to be set. In both
    modes /healthz and /readyz say how it is.
    """
    settings = Settings.load()
    configure_logging(settings.log)
    if no_nodes:
        settings = settings.model_copy(update={"concurrency": 0})

    async def work() -> None:
        async with until_stopped() as stopped, serving(settings) as bot:
            mode = "Socket Mode" if bot.is_socket_mode else f"Slack calls {bot.url}/slack/events"
            graphs = ", ".join(sorted(bot.engine.graphs)) or "none"
            click.echo(f"Serving at {bot.url} ({mode}). Graphs: {graphs}. Stop with Ctrl-C.")
            settle_memory()
            if bot.has_pages:
                base = settings.url or bot.url
                click.echo(f"The app is installed at {base}/slack/install")
            await stopped.wait()

    asyncio.run(work())


@click.command()
def migrate() -> None:
    """Make the database, or bring it to this version's schema; twice does no harm."""
    settings = Settings.load()
    head = execute(migrate_database(settings.database_url))
    click.echo(f"The database is at schema {head}.")
