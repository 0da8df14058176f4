"""What people do about an open approval beside deciding it, one command each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import click

from bot.cli.documents import approval_document, print_json
from bot.cli.names import resolve_person
from bot.cli.options import MOMENT, SURFACE, as_option, json_option
from bot.cli.policies import progress
from bot.cli.session import beside_server, execute, person
from bot.cli.story import instant
from orchestrator.runtime import Engine
from orchestrator.store import Approval, Run

#: What a command does, given the engine, the approval's id and who does it.
_Deed = Callable[[Engine, str, str], Awaitable[object]]


def _do(
    approval: str,
    by: str | None,
    deed: _Deed,
    said: Callable[[Approval], str],
    *,
    as_json: bool,
) -> None:
    """Do something about an approval and say what came of it."""

    async def work() -> Approval:
        async with beside_server(wants_graphs=True, needs_people=True) as desk:
            who = await person(desk, by)
            found = await desk.engine.get_approval(approval)
            await deed(desk.engine, found.id, who)
            return await desk.engine.get_approval(found.id)

    found = execute(work())
    if as_json:
        print_json(approval_document(found))
    else:
        click.echo(f"{found.ref} {said(found)}")


@click.command()
@click.argument("approval")
@click.argument("text")
@as_option("Who writes it. Default: you.")
@json_option("the approval")
def comment(*, approval: str, text: str, by: str | None, as_json: bool) -> None:
    """Write TEXT beside an open APPROVAL: its approvers, requester and operators may."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.comment(asked, text, by=who, surface=SURFACE)

    _do(approval, by, deed, lambda _: "has the comment", as_json=as_json)


@click.command()
@click.argument("approval")
@click.argument("text")
@as_option("Who asks. Default: you.")
@json_option("the approval")
def ask(*, approval: str, text: str, by: str | None, as_json: bool) -> None:
    """Ask the requester of an open APPROVAL something; it stays open."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.request_info(asked, text, by=who, surface=SURFACE)

    def said(found: Approval) -> str:
        return f"has the question; {found.requester} is asked"

    _do(approval, by, deed, said, as_json=as_json)


@click.command()
@click.argument("approval")
@click.argument("to", metavar="USER")
@as_option("Who may decide it and lets USER do so. Default: you.")
@json_option("the approval")
def delegate(*, approval: str, to: str, by: str | None, as_json: bool) -> None:
    """Let USER answer an open APPROVAL in your place."""

    async def work() -> Approval:
        async with beside_server(wants_graphs=True, needs_people=True) as desk:
            who = await person(desk, by)
            deputy = await resolve_person(desk, to)
            await desk.engine.delegate(approval, by=who, to=deputy, surface=SURFACE)
            return await desk.engine.get_approval(approval)

    found = execute(work())
    if as_json:
        print_json(approval_document(found))
    else:
        click.echo(f"{found.ref} may be answered by {to}, too")


@click.command()
@click.argument("approval")
@click.argument("approvers", nargs=-1, required=True)
@as_option("An approver, or an operator. Default: you.")
@click.option("--reason", default="", help="Why; people see it in Slack.")
@json_option("the approval")
def reassign(
    *, approval: str, approvers: Sequence[str], by: str | None, reason: str, as_json: bool
) -> None:
    """Ask other people: the first of APPROVERS decides; answers so far are void.

    APPROVERS are user ids, e-mail addresses, @groups and #channels.
    """

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.reassign(asked, approvers, by=who, reason=reason, surface=SURFACE)

    _do(approval, by, deed, lambda found: f"is open: {progress(found)}", as_json=as_json)


@click.command()
@click.argument("approval")
@click.argument("until", metavar="WHEN", type=MOMENT)
@as_option("Who is not reminded. Default: you.")
@json_option("the approval")
def snooze(*, approval: str, until: timedelta | datetime, by: str | None, as_json: bool) -> None:
    """Get no reminders of an open APPROVAL for a time such as 2h, or until an instant."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.snooze(asked, by=who, until=until, surface=SURFACE)

    _do(approval, by, deed, lambda _: "is snoozed; its deadline stays", as_json=as_json)


@click.command()
@click.argument("approval")
@click.argument("until", metavar="WHEN", type=MOMENT)
@as_option("An approver, or an operator. Default: you.")
@click.option("--reason", default="", help="Why; people see it in Slack.")
@json_option("the approval")
def extend(
    *, approval: str, until: timedelta | datetime, by: str | None, reason: str, as_json: bool
) -> None:
    """Move the deadline of an open APPROVAL by a time such as 4h, or to an instant."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.extend(asked, by=who, until=until, reason=reason, surface=SURFACE)

    def said(found: Approval) -> str:
        return f"is due {instant(found.due_at)}" if found.due_at else "has no deadline"

    _do(approval, by, deed, said, as_json=as_json)


@click.command()
@click.argument("approval")
@as_option("The run's requester, or an operator. Default: you.")
@click.option("--reason", default="", help="Why; people see it in Slack.")
@json_option("the approval")
def withdraw(*, approval: str, by: str | None, reason: str, as_json: bool) -> None:
    """Take an open APPROVAL back; the run goes on as if it had been rejected."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.withdraw(asked, by=who, reason=reason, surface=SURFACE)

    def said(found: Approval) -> str:
        return f"{found.status}; run {found.run.ref} is {found.run.status}"

    _do(approval, by, deed, said, as_json=as_json)


@click.command()
@click.argument("approval")
@as_option("Its requester, an approver or an operator. Default: you.")
@json_option("the approval")
def remind(*, approval: str, by: str | None, as_json: bool) -> None:
    """Remind the approvers of an open APPROVAL now; at most once a minute."""

    async def deed(engine: Engine, asked: str, who: str) -> Run:
        return await engine.remind(asked, by=who, surface=SURFACE)

    _do(approval, by, deed, lambda found: f"was reminded of: {progress(found)}", as_json=as_json)


@click.command()
@click.argument("approval")
@as_option("Its requester, an approver or an operator. Default: you.")
@json_option("the approval")
def repost(*, approval: str, by: str | None, as_json: bool) -> None:
    """Post an open APPROVAL in Slack anew, where its message is gone or stands elsewhere."""

    async def deed(engine: Engine, asked: str, who: str) -> bool:
        return await engine.repost(asked, by=who)

    _do(approval, by, deed, lambda _: "is posted anew", as_json=as_json)
