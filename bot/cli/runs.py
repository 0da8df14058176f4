"""`run` and `runs`."""

from __future__ import annotations

import click

from bot.app import Desk
from bot.cli.documents import print_json, run_document
from bot.cli.failures import REFUSED
from bot.cli.names import choose_workspace, resolve_person
from bot.cli.options import SURFACE, json_option, pairs
from bot.cli.secrecy import without_secrets_of
from bot.cli.session import beside_server, execute, system_user
from bot.cli.tables import age, print_table
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.runtime import Engine
from orchestrator.store import Run

_BUSY = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING)
#: Seconds that a standing rule gets to answer what has been asked.
_FOR_RULES = 2.0


@click.command()
@click.argument("graph")
@click.argument("values", nargs=-1, callback=pairs, metavar="[KEY=VALUE]...")
@click.option("--as", "requester", metavar="USER", help="Who asks for it. Default: you.")
@click.option("--label", "labels", multiple=True, callback=pairs, metavar="KEY=VALUE")
@click.option("--workspace", metavar="ID", help="Whose people are asked, where there are several.")
@click.option("--wait", is_flag=True, help="Run it here until it waits or is over.")
@json_option("the run")
def run(  # noqa: PLR0913 - its options
    *,
    graph: str,
    values: dict[str, str],
    requester: str | None,
    labels: dict[str, str],
    workspace: str | None,
    wait: bool,
    as_json: bool,
) -> int:
    """Start a run of GRAPH with the input that the KEY=VALUE words give.

    A serving process takes it on. With --wait, this process serves until the run waits for
    people or a signal, or is over; the exit code is then 1 unless it waits or is completed.
    """

    async def work() -> int:
        async with beside_server(needs_graphs=True, needs_people=True) as desk:
            where = choose_workspace(desk, workspace)
            who = await _requester(desk, requester, where)
            started = await desk.engine.start(
                graph,
                values,
                requester=who,
                surface=SURFACE,
                labels=labels,
                are_words=True,
                workspace=where,
            )
            if wait:
                async with desk.engine:
                    started = await _settled(desk.engine, started)
            (started,) = await without_secrets_of(desk.engine, [started])
            if as_json:
                print_json(run_document(started))
            else:
                click.echo(f"{started.ref} {started.graph}: {_state(started)}")
        good = {*_BUSY, RunStatus.WAITING, RunStatus.PAUSED, RunStatus.COMPLETED}
        return 0 if started.status in good else REFUSED

    return execute(work())


async def _requester(desk: Desk, name: str | None, workspace: str) -> str:
    """Return who asks; by an e-mail address four eyes would not know them again."""
    if name is None:
        return system_user()
    return await resolve_person(desk, name, workspace=workspace) if "@" in name else name


async def _settled(engine: Engine, started: Run) -> Run:
    """Wait until a run is over, or waits for people or a signal; other waits do not count."""
    seen = -1

    def has_come_to_rest(run: Run) -> bool:
        return run.seq > seen and run.status not in _BUSY

    while True:
        found = await engine.wait_until(started.id, has_come_to_rest)
        if found.status in FINISHED or found.status is RunStatus.PAUSED:
            return found
        if await _waits_for_somebody(engine, found) and not await _goes_on(engine, found):
            return found
        seen = found.seq


async def _waits_for_somebody(engine: Engine, run: Run) -> bool:
    if await engine.list_pending(run=run.id, limit=1):
        return True
    state = await engine.get_state_at(run.id, run.seq)
    return any(place.signal for place in state.places.values())


async def _goes_on(engine: Engine, run: Run) -> bool:
    """Give a standing rule the time to answer what was asked."""
    if not any(rule.graph == run.graph for rule in await engine.list_rules()):
        return False
    try:
        await engine.wait_until(run.id, lambda each: each.seq > run.seq, timeout=_FOR_RULES)
    except TimeoutError:
        return False
    return True


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
@json_option("a list of runs")
def runs(
    *, status: str | None, graph: str | None, requester: str | None, limit: int, as_json: bool
) -> None:
    """List runs, the newest first."""

    async def work() -> list[Run]:
        async with beside_server() as desk:
            found = await desk.engine.list_runs(
                status=status, graph=graph, requester=requester, limit=limit
            )
            return await without_secrets_of(desk.engine, found)

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
