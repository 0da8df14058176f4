"""`cancel`, `pause`, `resume` and `signal`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import click

from bot.cli.documents import print_json, run_document
from bot.cli.options import JSON, SURFACE, Given, as_option, json_option, pairs
from bot.cli.secrecy import without_secrets_of
from bot.cli.session import beside_server, execute, system_user
from bot.cli.values import read_words
from orchestrator.graph import Graph, WaitNode
from orchestrator.runtime import Engine
from orchestrator.store import Run


def _steer(deed: Callable[[Engine], Awaitable[Run]], *, as_json: bool) -> None:
    """Do something to a run and say how it is now."""

    async def work() -> Run:
        async with beside_server(wants_graphs=True) as desk:
            (found,) = await without_secrets_of(desk.engine, [await deed(desk.engine)])
            return found

    found = execute(work())
    if as_json:
        print_json(run_document(found))
    else:
        click.echo(f"{found.ref} {found.graph}: {found.status}")


@click.command()
@click.argument("run")
@as_option("Who cancels it. Default: you.")
@click.option("--reason", default="", help="Why; people see it in Slack.")
@json_option("the run")
def cancel(*, run: str, by: str | None, reason: str, as_json: bool) -> None:
    """Cancel a RUN: open approvals are withdrawn, nodes are stopped, what was done is undone."""

    async def deed(engine: Engine) -> Run:
        return await engine.cancel(run, by=by or system_user(), surface=SURFACE, reason=reason)

    _steer(deed, as_json=as_json)


@click.command()
@click.argument("run")
@as_option("Who pauses it. Default: you.")
@click.option("--reason", default="", help="Why.")
@json_option("the run")
def pause(*, run: str, by: str | None, reason: str, as_json: bool) -> None:
    """Start no new nodes of a RUN; what runs goes on, and so do decisions and deadlines."""

    async def deed(engine: Engine) -> Run:
        return await engine.pause(run, by=by or system_user(), reason=reason)

    _steer(deed, as_json=as_json)


@click.command()
@click.argument("run")
@as_option("Who resumes it. Default: you.")
@json_option("the run")
def resume(*, run: str, by: str | None, as_json: bool) -> None:
    """Let a paused RUN go on."""

    async def deed(engine: Engine) -> Run:
        return await engine.resume(run, by=by or system_user())

    _steer(deed, as_json=as_json)


@click.command()
@click.argument("run")
@click.argument("name")
@click.option(
    "--value", "words", multiple=True, callback=pairs, metavar="KEY=VALUE", help="A part of it."
)
@click.option("--data", "given", type=JSON, metavar="JSON|@FILE|-", help="The payload; - is stdin.")
@as_option("Who sends it. Default: you.")
@json_option("the run")
def signal(
    *,
    run: str,
    name: str,
    words: dict[str, str],
    given: Given | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Send the signal NAME to a RUN, with a payload if it takes one.

    A signal that comes before the run waits for it is kept.
    """
    if words and given is not None:
        raise click.UsageError("give the payload in one way: --value or --data")

    async def deed(engine: Engine) -> Run:
        payload = given.value if given is not None else None
        if words:
            found = await engine.get_run(run)
            payload = read_words(words, _schema(engine.graphs.get(found.graph), name))
        return await engine.signal(run, name, payload, by=by or system_user(), surface=SURFACE)

    _steer(deed, as_json=as_json)


def _schema(graph: Graph | None, name: str) -> Mapping[str, Any]:
    """Return the JSON schema of a signal's payload; empty: it may be anything."""
    waits = (each for each in graph.every_node() if isinstance(each, WaitNode)) if graph else ()
    schemas = [each.schema for each in waits if each.signal == name]
    return schemas[0].json_schema if schemas and schemas[0] else {}
