"""`verify`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import click

from bot.cli.failures import REFUSED, write
from bot.cli.session import beside_server, execute
from orchestrator.core.ids import run_ref
from orchestrator.runtime import Engine

_PAGE = 200  # runs read in one go


@click.command()
@click.argument("runs", nargs=-1)
@click.option("--all", "all_runs", is_flag=True, help="Check every run in the database.")
def verify(*, runs: Sequence[str], all_runs: bool) -> int:
    """Check that the logs of RUNS are unbroken chains that lead to what is stored.

    The exit code is 1 when one is not.
    """
    if bool(runs) == all_runs:
        raise click.UsageError("name runs, or give --all")

    async def work() -> int:
        checked = events = unsound = 0
        async with beside_server() as desk:
            async for run in _every(desk.engine) if all_runs else _named(runs):
                found = await desk.engine.verify(run)
                checked += 1
                events += found.events
                if not found.is_sound:
                    unsound += 1
                    write(f"run {run_ref(found.run_id)} ({found.run_id}): {found.problem}")
        click.echo(f"Runs: {checked}. Events: {events}. Unsound: {unsound}.")
        return REFUSED if unsound else 0

    return execute(work())


async def _named(runs: Sequence[str]) -> AsyncIterator[str]:
    for run in runs:
        yield run


async def _every(engine: Engine) -> AsyncIterator[str]:
    before = None
    while page := await engine.list_runs(limit=_PAGE, before=before):
        for run in page:
            yield run.id
        before = page[-1].id
