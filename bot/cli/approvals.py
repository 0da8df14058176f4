"""`pending` and `decide`."""

from __future__ import annotations

import click

from bot.app import resolve_person
from bot.cli.documents import approval_document, print_json
from bot.cli.runs import SURFACE
from bot.cli.session import beside_server, execute, system_user
from bot.cli.tables import age, print_table
from orchestrator.store import Approval


@click.command()
@click.option("--run", metavar="RUN", help="Only those of this run.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of approvals as JSON.")
def pending(*, run: str | None, limit: int, as_json: bool) -> None:
    """List open approvals, the oldest deadline first."""

    async def work() -> list[Approval]:
        async with beside_server() as desk:
            return await desk.engine.list_pending(run=run, limit=limit)

    found = execute(work())
    if as_json:
        print_json([approval_document(each) for each in found])
    elif not found:
        click.echo("Nothing waits for an answer.")
    else:
        rows = [
            (
                each.ref,
                each.run.ref,
                each.graph,
                age(each.due_at) if each.due_at else "no deadline",
                " ".join(each.approvers),
                each.title,
            )
            for each in found
        ]
        print_table(("APPROVAL", "RUN", "GRAPH", "DUE", "WAITS FOR", "QUESTION"), rows)


@click.command()
@click.argument("approval")
@click.argument("decision")
@click.option("--as", "by", metavar="USER", required=True, help="Whose decision it is.")
@click.option("--comment", default="", help="Why; the run goes on with it.")
@click.option("--json", "as_json", is_flag=True, help="Print the approval as JSON.")
def decide(*, approval: str, decision: str, by: str, comment: str, as_json: bool) -> None:
    """Record USER's DECISION about an APPROVAL: approve, reject, or what it else takes.

    USER is a Slack user id or an e-mail address, and must be an approver. That you typed it is
    recorded too.
    """

    async def work() -> Approval:
        async with beside_server(needs_graphs=True, needs_people=True) as desk:
            person = await resolve_person(desk, approval, by)
            await desk.engine.decide(
                approval,
                decision,
                by=person,
                surface=SURFACE,
                comment=comment,
                recorded_by=system_user(),
            )
            return await desk.engine.get_approval(approval)

    found = execute(work())
    if as_json:
        print_json(approval_document(found))
    else:
        click.echo(f"{found.ref} {found.status}; run {found.run.ref} is {found.run.status}")
