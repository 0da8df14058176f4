"""`pending` and `approval`."""

from __future__ import annotations

import click

from bot.cli.documents import approval_document, print_json, record_document
from bot.cli.options import json_option
from bot.cli.policies import progress
from bot.cli.question import print_approval
from bot.cli.secrecy import secrets_of_run
from bot.cli.session import beside_server, execute
from bot.cli.tables import age, print_table
from orchestrator.core.events import Record
from orchestrator.graph import ApprovalKind
from orchestrator.runtime import Engine
from orchestrator.store import Approval


@click.command()
@click.option("--kind", type=click.Choice([each.value for each in ApprovalKind]))
@click.option("--run", metavar="RUN", help="Only those of this run.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option("a list of approvals")
def pending(*, kind: str | None, run: str | None, limit: int, as_json: bool) -> None:
    """List open approvals, the oldest deadline first."""

    async def work() -> list[Approval]:
        async with beside_server() as desk:
            return await desk.engine.list_pending(kind=kind, run=run, limit=limit)

    found = execute(work())
    if as_json:
        print_json([approval_document(each) for each in found])
    elif not found:
        click.echo("Nothing waits for an answer.")
    else:
        rows = [
            (
                each.ref,
                each.kind,
                each.run.ref,
                each.graph,
                each.path or "-",
                age(each.due_at) if each.due_at else "no deadline",
                progress(each).removeprefix("waits for "),
                each.title,
            )
            for each in found
        ]
        print_table(
            ("APPROVAL", "KIND", "RUN", "GRAPH", "AT", "DUE", "WAITS FOR", "QUESTION"), rows
        )


@click.command()
@click.argument("approval")
@json_option("the approval")
def approval(*, approval: str, as_json: bool) -> None:
    """Show one APPROVAL: what is asked, who answered, what an edit changed, what happened."""

    async def work() -> tuple[Approval, list[Record]]:
        async with beside_server() as desk:
            found = await desk.engine.get_approval(approval)
            return found, await _history(desk.engine, found)

    found, history = execute(work())
    if as_json:
        document = approval_document(found)
        document["history"] = [record_document(each) for each in history]
        print_json(document)
    else:
        print_approval(found, history)


async def _history(engine: Engine, approval: Approval) -> list[Record]:
    records = await engine.get_events(approval.run_id)
    secrets = await secrets_of_run(engine, approval.run, records, [approval])
    return [
        secrets.hide(record)
        for record in records
        if getattr(record.event, "approval_id", None) == approval.id
    ]
