"""`watch`."""

from __future__ import annotations

import click
from pydantic_core import to_json

from bot.cli.documents import level_document, record_document
from bot.cli.failures import REFUSED
from bot.cli.secrecy import learn_record, secrets_of_run
from bot.cli.session import beside_server, execute
from bot.cli.story import print_record
from orchestrator.core.events import Record
from orchestrator.core.state import RunStatus
from orchestrator.runtime import Continued, Paused

_BAD = frozenset({RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT})


@click.command()
@click.argument("run")
@click.option("--after", type=click.IntRange(0), default=0, help="Begin behind the event N.")
@click.option("--until-pause", is_flag=True, help="End also when the run waits for people.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document a line.")
def watch(*, run: str, after: int, until_pause: bool, as_json: bool) -> int:
    """Print what happens to a RUN as it happens, until it is over.

    Between the events stands where questions pause the run, and where it continues. The exit
    code is 1 if the run failed, was cancelled or timed out. To go on later, give --after the
    number of the last event.
    """

    async def work() -> int:
        async with beside_server() as desk:
            found = await desk.engine.get_run(run)
            secrets = await secrets_of_run(desk.engine, found)
            async for each in desk.engine.stream(found.id, after=after, until_pause=until_pause):
                if isinstance(each, Record):
                    learn_record(secrets, each)
                _print(secrets.hide(each), as_json=as_json)
            found = await desk.engine.get_run(found.id)
        if not as_json:
            click.echo(f"{found.ref} {found.graph}: {found.status}")
        return REFUSED if found.status in _BAD else 0

    return execute(work())


def _print(each: Record | Paused | Continued, *, as_json: bool) -> None:
    if as_json:
        document = record_document(each) if isinstance(each, Record) else level_document(each)
        click.echo(to_json(document))
    elif isinstance(each, Record):
        print_record(each)
    else:
        verb = "paused" if isinstance(each, Paused) else "continued"
        click.echo(f"      {'':8}  {verb} {each.path or 'the run'}")
