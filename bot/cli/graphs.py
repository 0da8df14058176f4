"""`graphs`."""

from __future__ import annotations

import logging

import click

from bot.app import load
from bot.cli.documents import graph_document, print_json
from bot.cli.logs import configure_logging
from bot.cli.tables import clean, print_facts
from bot.settings import Settings
from orchestrator.graph import Graph, InputField


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of graphs as JSON.")
def graphs(*, as_json: bool) -> None:
    """List the graphs that can be started, with their inputs; or what is wrong with them."""
    configure_logging("console", level=logging.WARNING)
    found = load(Settings.load())
    if as_json:
        print_json([graph_document(graph) for graph in found.values()])
        return
    if not found:
        click.echo("No file of SIGNOFF_GRAPHS holds a graph; a graph is a module's variable.")
    for number, graph in enumerate(found.values()):
        if number:
            click.echo()
        _print(graph)


def _print(graph: Graph) -> None:
    click.echo(f"{click.style(graph.id, bold=True)}  version {graph.version}")
    if graph.title != graph.id:
        click.echo(f"  {clean(graph.title)}")
    if graph.description:
        click.echo(f"  {clean(graph.description)}")
    click.echo(f"  asks {', '.join(map(str, graph.approvers)) or 'nobody'}")
    print_facts([(f"  {field.name}", _field(field)) for field in graph.input.fields])


def _field(field: InputField) -> str:
    if field.required:
        rest = "required"
    else:
        rest = "optional" if field.default in (None, "") else f"default {field.default}"
    choices = f" ({' | '.join(map(str, field.choices))})" if field.choices else ""
    text = f"; {field.description}" if field.description else ""
    return f"{field.type}{choices}, {rest}{text}"
