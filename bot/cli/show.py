"""`show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from bot.cards.diagram import diagram
from bot.cards.tree import Body, grow
from bot.cli.documents import approval_document, print_json, record_document, run_document
from bot.cli.failures import write
from bot.cli.options import json_option
from bot.cli.outline import visit_document
from bot.cli.secrecy import secrets_of_run
from bot.cli.session import beside_server, execute
from bot.cli.story import print_log, print_run
from orchestrator.core.events import Record
from orchestrator.errors import GraphError, GraphNotFoundError
from orchestrator.graph import Graph
from orchestrator.runtime import Engine
from orchestrator.store import Approval, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Everything that is stored about a run."""

    run: Run
    approvals: list[Approval]
    output: Any
    records: list[Record]
    #: The graph that the run follows, if it is at hand in the run's version.
    graph: Graph | None

    @property
    def tree(self) -> Body:
        return grow(self.records, self.run.places)


@click.command()
@click.argument("run")
@click.option("--log", "with_log", is_flag=True, help="Also print everything that happened.")
@click.option("--mermaid", is_flag=True, help="Print the graph as Mermaid, the places marked.")
@json_option("the run")
def show(*, run: str, with_log: bool, mermaid: bool, as_json: bool) -> None:
    """Show one RUN, named by its id or short reference: where it is, and what it waits for.

    The picture of its graph is drawn where SIGNOFF_GRAPHS names it, in the run's version.
    """
    if mermaid and (with_log or as_json):
        raise click.UsageError("--mermaid prints a picture and nothing else")
    if mermaid:
        execute(_draw(run))
        return
    found = execute(_find(run, wants_picture=not as_json))
    if as_json:
        print_json(_document(found, with_log=with_log))
        return
    picture = diagram(found.graph, found.run, found.records) if found.graph else ""
    print_run(found.run, found.tree, found.approvals, found.output, picture=picture)
    if with_log:
        click.echo()
        print_log(found.records)


async def _find(run: str, *, wants_picture: bool) -> _Found:
    try:
        async with beside_server(wants_graphs=wants_picture) as desk:
            return await _read(desk.engine, run)
    except GraphError as error:
        write(f"there is no picture: {error}")
    async with beside_server() as desk:
        return await _read(desk.engine, run)


async def _read(engine: Engine, run: str) -> _Found:
    found = await engine.get_run(run)
    records = await engine.get_events(found.id)
    approvals = await engine.list_approvals(found.id)
    graph = engine.graphs.get(found.graph)
    secrets = await secrets_of_run(engine, found, records, approvals)
    return _Found(
        graph=graph if graph and graph.version == found.version else None,
        run=secrets.hide(found),
        approvals=approvals,
        output=secrets.hide(await engine.get_output(found.id)),
        # What was stored since the run was read is left out, so that all of it fits together.
        records=[secrets.hide(each) for each in records if each.seq <= found.seq],
    )


async def _draw(run: str) -> None:
    async with beside_server(needs_graphs=True) as desk:
        found = await desk.engine.get_run(run)
        graph = desk.engine.graphs.get(found.graph)
    if graph is None:
        raise GraphNotFoundError(found.graph, sorted(desk.engine.graphs))
    if graph.version != found.version:
        write(f"{found.ref} follows version {found.version}, the picture is of {graph.version}")
    click.echo(graph.mermaid(at=found.places), nl=False)


def _document(found: _Found, *, with_log: bool) -> dict[str, Any]:
    document = run_document(found.run)
    document["output"] = found.output
    document["nodes"] = [visit_document(each) for each in found.tree.visits]
    document["approvals"] = [approval_document(each) for each in found.approvals]
    if with_log:
        document["log"] = [record_document(each) for each in found.records]
    return document
