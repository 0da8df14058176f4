"""`dead` and what it lists."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bot.cli.documents import dead_document, print_json
from bot.cli.options import json_option
from bot.cli.session import beside_server, execute
from bot.cli.tables import age, print_table
from orchestrator.core.ids import run_ref
from orchestrator.runtime import DeadLetter

_NO_QUEUE = (
    "No dead letters: only PostgreSQL's queue has them. On SQLite a node that cannot be started "
    "is tried for ever, and the log says once why its run cannot go on."
)


@click.group(invoke_without_command=True)
@json_option("a list of dead letters")
@click.pass_context
def dead(context: click.Context, *, as_json: bool) -> None:
    """List dead letters: nodes that were given up on because no process could start them.

    Mostly no worker has loaded the graph. Load it, then put them back.
    """
    if context.invoked_subcommand is not None:
        return

    async def work() -> tuple[bool, list[DeadLetter]]:
        async with beside_server() as desk:
            return desk.engine.has_queue, await desk.engine.list_dead()

    has_queue, found = execute(work())
    if as_json:
        print_json([dead_document(each) for each in found])
    elif not has_queue:
        click.echo(_NO_QUEUE)
    elif not found:
        click.echo("No dead letters.")
    else:
        rows = [
            (each.id, run_ref(each.run_id), each.path, each.tries, age(each.since), each.reason)
            for each in found
        ]
        print_table(("ID", "RUN", "NODE", "TRIES", "SINCE", "REASON"), rows)


@dead.command()
@click.argument("ids", nargs=-1, type=int, metavar="ID…")
@click.option("--all", "is_all", is_flag=True, help="All of them.")
@json_option("a list of what was put back")
def retry(*, ids: Sequence[int], is_all: bool, as_json: bool) -> None:
    """Have the nodes behind dead letters tried again, from the beginning."""
    if bool(ids) == is_all:
        raise click.UsageError("name dead letters by their ids, or give --all")

    async def work() -> list[DeadLetter]:
        async with beside_server() as desk:
            return await desk.engine.retry_dead(None if is_all else ids)

    found = execute(work())
    if as_json:
        print_json([dead_document(each) for each in found])
    elif not found:
        click.echo("No dead letters.")
    for each in () if as_json else found:
        click.echo(f"{run_ref(each.run_id)} {each.path} is tried again")
