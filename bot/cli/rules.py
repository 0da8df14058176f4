"""`rules` and `revoke`."""

from __future__ import annotations

import click

from bot.cli.documents import print_json, rule_document
from bot.cli.options import SURFACE, as_option, json_option
from bot.cli.session import beside_server, execute, person
from bot.cli.story import instant
from bot.cli.tables import age, print_table
from orchestrator.core.ids import run_ref
from orchestrator.store import Rule


@click.command()
@click.option("--all", "include_over", is_flag=True, help="Also those that hold no longer.")
@json_option("a list of rules")
def rules(*, include_over: bool, as_json: bool) -> None:
    """List standing rules: what people have approved in advance, the newest first."""

    async def work() -> list[Rule]:
        async with beside_server() as desk:
            return await desk.engine.list_rules(include_over=include_over)

    found = execute(work())
    if as_json:
        print_json([rule_document(each) for each in found])
    elif not found:
        click.echo("No standing rules.")
    else:
        rows = [
            (
                each.ref,
                each.by,
                f"{each.graph}: {each.node} ({each.kind})",
                _scope(each),
                age(each.granted_at),
                _end(each),
            )
            for each in found
        ]
        print_table(("RULE", "BY", "APPROVES", "IN", "GRANTED", "HOLDS"), rows)


def _scope(rule: Rule) -> str:
    return run_ref(rule.run_id) if rule.run_id else "any run"


def _end(rule: Rule) -> str:
    if rule.revoked_at:
        return f"no longer: revoked by {rule.revoked_by} {age(rule.revoked_at)}"
    if rule.expires_at:
        return f"until {instant(rule.expires_at)}"
    return "as long as the run"


@click.command()
@click.argument("rule")
@as_option("Who granted it, or an operator or approver of the graph. Default: you.")
@json_option("the rule")
def revoke(*, rule: str, by: str | None, as_json: bool) -> None:
    """Have a standing RULE hold no longer; what it has approved stays approved."""

    async def work() -> Rule:
        async with beside_server(wants_graphs=True, needs_people=True) as desk:
            found = await desk.engine.get_rule(rule)
            who = await person(desk, by)
            return await desk.engine.revoke_rule(found.id, by=who, surface=SURFACE)

    found = execute(work())
    if as_json:
        print_json(rule_document(found))
    else:
        click.echo(f"{found.ref} holds no longer; it was revoked by {found.revoked_by}")
