"""`graphs`, with `show`, `check` and `diff`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import click

from bot.app import load
from bot.cli.checking import check_files
from bot.cli.documents import difference_document, graph_document, print_json
from bot.cli.failures import REFUSED, write
from bot.cli.leaks import find_leaks
from bot.cli.logs import configure_logging
from bot.cli.options import json_option
from bot.cli.session import beside_server, execute
from bot.cli.tables import print_facts, print_table
from bot.cli.text import clean, compact
from bot.settings import Settings
from orchestrator.errors import GraphNotFoundError
from orchestrator.graph import Graph, InputField
from orchestrator.runtime import GraphDifference


@click.group(invoke_without_command=True)
@json_option("a list of graphs")
@click.pass_context
def graphs(context: click.Context, *, as_json: bool) -> None:
    """List the graphs that can be started, with their inputs; or what is wrong with them."""
    if context.invoked_subcommand is not None:
        if as_json:
            raise click.UsageError(f"put --json behind {context.invoked_subcommand}", context)
        return
    found = _load()
    if as_json:
        print_json([graph_document(graph) for graph in found.values()])
        return
    if not found:
        click.echo("No file of SIGNOFF_GRAPHS holds a graph; a graph is a module's variable.")
    for number, graph in enumerate(found.values()):
        if number:
            click.echo()
        _print(graph)


@graphs.command()
@click.argument("graph")
@click.option("--mermaid", is_flag=True, help="Print its picture as Mermaid.")
@json_option("the graph")
def show(*, graph: str, mermaid: bool, as_json: bool) -> None:
    """Show one GRAPH: its nodes, whom it asks, its input."""
    if mermaid and as_json:
        raise click.UsageError("--mermaid prints a picture and nothing else")
    known = _load()
    found = known.get(graph)
    if found is None:
        raise GraphNotFoundError(graph, sorted(known))
    if mermaid:
        click.echo(found.mermaid(), nl=False)
    elif as_json:
        print_json({**graph_document(found), "definition": found.definition})
    else:
        _print(found)
        click.echo("\nNodes")
        _print_nodes(found)


@graphs.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option("the graphs and the problems")
def check(*, paths: Sequence[Path], as_json: bool) -> int:
    """Check the graphs of files and folders, and list all problems.

    Neither a database nor Slack is needed, so this can run before anything is deployed. The exit
    code is 2 when there is a problem. A warning, such as of a secret that another question of the
    graph shows, changes nothing about it.
    """
    configure_logging("console", level=logging.WARNING)
    found = check_files(paths, Settings.load().allow)
    warnings = [each for graph in found.graphs.values() for each in find_leaks(graph)]
    if as_json:
        documents = [graph_document(graph) for graph in found.graphs.values()]
        print_json({"graphs": documents, "problems": found.problems, "warnings": warnings})
        return found.code
    for problem in found.problems:
        write(problem)
    for warning in warnings:
        write(f"warning: {warning}")
    for graph in found.graphs.values():
        click.echo(f"{graph.id}  version {graph.version}  {len(list(graph.every_node()))} nodes")
    if not found.graphs and not found.problems:
        click.echo("No file holds a graph; a graph is a module's variable.")
    return found.code


@graphs.command()
@json_option("a list of runs with what differs")
def diff(*, as_json: bool) -> int:
    """List the unfinished runs that follow another version of a graph than the one at hand.

    A run goes on where nothing has changed in front of it. The exit code is 1 when one would
    stop and ask its operators.
    """

    async def work() -> list[GraphDifference]:
        async with beside_server(needs_graphs=True) as desk:
            return await desk.engine.graphs_diff()

    found = execute(work())
    if as_json:
        print_json([difference_document(each) for each in found])
    elif not found:
        click.echo("Every unfinished run follows a graph at hand.")
    else:
        rows = [(each.run.ref, each.run.graph, each.run.version, _meets(each)) for each in found]
        print_table(("RUN", "GRAPH", "VERSION", "MEETS"), rows)
    return REFUSED if any(each.differences for each in found) else 0


def _meets(each: GraphDifference) -> str:
    if not each.differences:
        return "goes on: nothing has changed in front of it"
    return f"stops: {'; '.join(each.differences)}"


def _load() -> dict[str, Graph]:
    configure_logging("console", level=logging.WARNING)
    return load(Settings.load())


def _print(graph: Graph) -> None:
    click.echo(f"{click.style(graph.id, bold=True)}  version {graph.version}")
    if graph.title != graph.id:
        click.echo(f"  {clean(graph.title)}")
    if graph.description:
        click.echo(f"  {clean(graph.description)}")
    if graph.starters:
        click.echo(f"  started by {', '.join(map(str, graph.starters))}")
    click.echo(f"  asks {', '.join(map(str, graph.approvers)) or 'nobody'}")
    print_facts([(f"  {field.name}", _field(field)) for field in graph.input.fields])


def _field(field: InputField) -> str:
    if field.required:
        rest = "required"
    else:
        rest = "optional" if field.default in (None, "") else f"default {compact(field.default)}"
    choices = f" ({' | '.join(map(str, field.choices))})" if field.choices else ""
    text = f"; {field.description}" if field.description else ""
    return f"{field.type}{choices}, {rest}{text}"


def _print_nodes(graph: Graph) -> None:
    """Write each node at its address, with its kind and gates."""
    lines = []
    for address, scope in graph.scopes.items():
        for node_id, node in scope.nodes.items():
            name = f"{address}/{node_id}" if address else node_id
            kind = type(node).__name__.removesuffix("Node").lower()
            gates = ", ".join(str(each) for each, _ in getattr(node, "gates", ()))
            lines.append((f"  {name}", f"{kind}, asks: {gates}" if gates else kind))
    print_facts(sorted(lines))
