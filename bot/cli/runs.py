"""`run`, `runs`, `show` and `cancel`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bot.cli.documents import approval_document, print_json, record_document, run_document
from bot.cli.failures import REFUSED
from bot.cli.session import beside_server, execute, system_user
from bot.cli.story import print_log, print_run
from bot.cli.tables import age, print_table
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.runtime import Engine
from orchestrator.store import Run

SURFACE = "cli"
_BUSY = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING)


def _pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    """Read `key=value` words."""
    del context
    pairs: dict[str, str] = {}
    for word in values:
        key, separator, value = word.partition("=")
        if not separator or not key.strip():
            raise click.BadParameter(f"{word!r} is not of the form key=value", param=parameter)
        if key.strip() in pairs:
            raise click.BadParameter(f"{key.strip()!r} is given twice", param=parameter)
        pairs[key.strip()] = value
    return pairs


@click.command()
@click.argument("graph")
@click.argument("values", nargs=-1, callback=_pairs, metavar="[KEY=VALUE]...")
@click.option("--as", "requester", metavar="USER", help="Who asks for it. Default: you.")
@click.option("--label", "labels", multiple=True, callback=_pairs, metavar="KEY=VALUE")
@click.option("--wait", is_flag=True, help="Run it here until it waits for people or is over.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def run(
    *,
    graph: str,
    values: dict[str, str],
    requester: str | None,
    labels: dict[str, str],
    wait: bool,
    as_json: bool,
) -> int:
    """Start a run of GRAPH with the input that the KEY=VALUE words give.

    A serving process takes it on. With --wait, this process serves until the run waits for
    people or is over; the exit code is then 1 unless it waits or is completed.
    """

    async def work() -> int:
        async with beside_server(needs_graphs=True, needs_people=True) as desk:
            who = requester or system_user()
            started = await desk.engine.start(
                graph, values, requester=who, surface=SURFACE, labels=labels, are_words=True
            )
            if wait:
                async with desk.engine:
                    started = await _settled(desk.engine, started)
            if as_json:
                print_json(run_document(started))
            else:
                click.echo(f"{started.ref} {started.graph}: {_state(started)}")
        good = {*_BUSY, RunStatus.WAITING, RunStatus.COMPLETED}
        return 0 if started.status in good else REFUSED

    return execute(work())


async def _settled(engine: Engine, started: Run) -> Run:
    """Wait until a run is over or waits for people; a wait for the next try does not count."""
    seen = -1

    def has_come_to_rest(run: Run) -> bool:
        return run.seq > seen and run.status not in _BUSY

    while True:
        found = await engine.wait_until(started.id, has_come_to_rest)
        if found.status in FINISHED or await engine.list_pending(run=found.id, limit=1):
            return found
        seen = found.seq


def _state(run: Run) -> str:
    if run.error:
        return f"{run.status}: {run.error}"
    if run.places and run.status is not RunStatus.PENDING:
        return f"{run.status} at {', '.join(run.places)}"
    return str(run.status)


@click.command()
@click.option("--status", type=click.Choice([each.value for each in RunStatus]))
@click.option("--graph", metavar="GRAPH", help="Only runs of this graph.")
@click.option("--requester", metavar="USER", help="Only runs that this person asked for.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of runs as JSON.")
def runs(
    *, status: str | None, graph: str | None, requester: str | None, limit: int, as_json: bool
) -> None:
    """List runs, the newest first."""

    async def work() -> list[Run]:
        async with beside_server() as desk:
            return await desk.engine.list_runs(
                status=status, graph=graph, requester=requester, limit=limit
            )

    found = execute(work())
    if as_json:
        print_json([run_document(each) for each in found])
    elif not found:
        click.echo("No runs.")
    else:
        rows = [
            (each.ref, each.graph, each.status, age(each.started_at), each.requester, _where(each))
            for each in found
        ]
        print_table(("RUN", "GRAPH", "STATUS", "STARTED", "BY", "AT"), rows)


def _where(run: Run) -> str:
    return run.error or ", ".join(run.places) or "-"


@click.command()
@click.argument("run")
@click.option("--log", "with_log", is_flag=True, help="Also print everything that happened.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def show(*, run: str, with_log: bool, as_json: bool) -> None:
    """Show one RUN, named by its id or short reference."""

    async def work() -> None:
        async with beside_server() as desk:
            found = await desk.engine.get_run(run)
            approvals = await desk.engine.list_approvals(found.id)
            output = await desk.engine.get_output(found.id)
            records = await desk.engine.get_events(found.id) if with_log else []
        if as_json:
            document = run_document(found)
            document["output"] = output
            document["approvals"] = [approval_document(each) for each in approvals]
            if with_log:
                document["log"] = [record_document(each) for each in records]
            print_json(document)
            return
        print_run(found, approvals, output)
        if with_log:
            print_log(records)

    execute(work())


@click.command()
@click.argument("run")
@click.option("--as", "by", metavar="USER", help="Who cancels it. Default: you.")
@click.option("--reason", default="", help="Why; people see it in Slack.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def cancel(*, run: str, by: str | None, reason: str, as_json: bool) -> None:
    """Cancel a RUN: its open approvals are withdrawn and its running nodes are stopped."""

    async def work() -> Run:
        async with beside_server() as desk:
            return await desk.engine.cancel(
                run, by=by or system_user(), surface=SURFACE, reason=reason
            )

    found = execute(work())
    if as_json:
        print_json(run_document(found))
    else:
        click.echo(f"{found.ref} {found.graph}: {found.status}")
