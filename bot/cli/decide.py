"""`decide`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import click

from bot.app import Desk
from bot.cli.documents import approval_document, print_json
from bot.cli.failures import REFUSED, code_of, lines_of, write
from bot.cli.names import resolve_person
from bot.cli.options import DURATION, JSON, SURFACE, Given, json_option, pairs
from bot.cli.policies import progress
from bot.cli.session import beside_server, execute, system_user
from bot.cli.values import read_values
from orchestrator.errors import OrchestratorError
from orchestrator.graph import Decision
from orchestrator.store import Approval

_REFERENCE = re.compile(r"a-[0-9a-z]{7}|[0-9a-f]{32}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was typed, the same for every approval."""

    decision: str
    by: str
    comment: str
    words: dict[str, str]
    given: Given | None
    routes: tuple[str, ...]
    rule: Literal["run"] | timedelta | None
    confirm: str | None
    digest: str | None

    def values(self, approval: Approval) -> Any:
        """Return what the decision brings."""
        if self.given is not None:
            return self.given.value
        return read_values(approval, self.decision, self.words, self.routes)


@click.command()
@click.argument("approvals", nargs=-1, metavar="APPROVAL... DECISION")
@click.option("--as", "by", metavar="USER", required=True, help="Whose decision it is.")
@click.option("--comment", default="", help="Why; the run goes on with it.")
@click.option(
    "--value", "words", multiple=True, callback=pairs, metavar="KEY=VALUE", help="A field's value."
)
@click.option(
    "--data", "given", type=JSON, metavar="JSON|@FILE|-", help="All values as JSON; - is stdin."
)
@click.option("--route", "routes", multiple=True, metavar="NAME", help="A route that is chosen.")
@click.option("--for-run", is_flag=True, help="Approve questions like this in the run from now on.")
@click.option("--for", "period", type=DURATION, metavar="TIME", help="The same in any run, for 4h.")
@click.option("--break-glass", is_flag=True, help="Approve alone, against the policy.")
@click.option("--confirm", metavar="APPROVAL", help="With --break-glass: the approval once more.")
@click.option("--digest", metavar="HEX", help="Refuse if what is asked is not this any more.")
@json_option("the approval, or a list of results,")
def decide(  # noqa: PLR0913 - one for each option
    *,
    approvals: tuple[str, ...],
    by: str,
    comment: str,
    words: dict[str, str],
    given: Given | None,
    routes: tuple[str, ...],
    for_run: bool,
    period: timedelta | None,
    break_glass: bool,
    confirm: str | None,
    digest: str | None,
    as_json: bool,
) -> int:
    """Record USER's DECISION about one APPROVAL or several.

    \b
    approve, reject          a confirmation, a review, a round, a tool call
    edit                     a review or tool call, with --value or --data
    request-changes          a review or round, with --comment
    answer                   an input, with --value or --data
    choose                   a router, with --route
    result                   work done outside, with --value or --data
    retry, skip, fail        an error

    USER is a Slack user id or an e-mail address, and must be an approver. That you typed it is
    recorded too. The exit code is 1 when any of the approvals could not be decided.
    """  # noqa: D301 - click's mark for text that is not to be wrapped
    asked, decision = _split(approvals)
    _check(decision, words, given, routes, for_run=for_run, period=period)
    if break_glass != (confirm is not None):
        raise click.UsageError("--break-glass takes --confirm APPROVAL, and only it does")
    if break_glass and (decision != Decision.APPROVE or not comment.strip()):
        raise click.UsageError("--break-glass only approves, and takes the reason as --comment")
    wish = _Wish(
        decision=decision,
        by=by,
        comment=comment,
        words=words,
        given=given,
        routes=routes,
        rule="run" if for_run else period,
        confirm=confirm,
        digest=digest,
    )
    if len(asked) == 1:
        _tell(execute(_one(asked[0], wish)), as_json=as_json)
        return 0
    return _tell_all(execute(_all(asked, wish)), as_json=as_json)


def _split(words: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Separate the approvals from the decision, which comes last."""
    *approvals, decision = words or ("",)
    if not approvals:
        raise click.UsageError("name an approval and, last, the decision")
    if _REFERENCE.fullmatch(decision):
        raise click.UsageError(f"{decision} is an approval; say the decision last")
    return tuple(dict.fromkeys(approvals)), decision


def _check(
    decision: str,
    words: dict[str, str],
    given: Given | None,
    routes: Sequence[str],
    *,
    for_run: bool,
    period: timedelta | None,
) -> None:
    """Refuse options that contradict each other."""
    if sum(map(bool, (words, given, routes))) > 1:
        raise click.UsageError("give values in one way: --value, --data or --route")
    if routes and decision != Decision.CHOOSE:
        raise click.UsageError(f"--route goes with choose, not with {decision!r}")
    if for_run and period:
        raise click.UsageError("give --for-run or --for, not both")
    if (for_run or period) and decision != Decision.APPROVE:
        raise click.UsageError("--for-run and --for go with approve")


async def _one(approval: str, wish: _Wish) -> Approval:
    async with beside_server(needs_graphs=True, needs_people=True) as desk:
        return await _decide(desk, approval, wish)


async def _all(
    approvals: Sequence[str], wish: _Wish
) -> list[tuple[str, Approval | OrchestratorError]]:
    found: list[tuple[str, Approval | OrchestratorError]] = []
    async with beside_server(needs_graphs=True, needs_people=True) as desk:
        for each in approvals:
            try:
                found.append((each, await _decide(desk, each, wish)))
            except OrchestratorError as error:
                found.append((each, error))
    return found


async def _decide(desk: Desk, approval: str, wish: _Wish) -> Approval:
    person = await resolve_person(desk, wish.by)
    asked = await desk.engine.get_approval(approval)
    await desk.engine.decide(
        asked.id,
        wish.decision,
        by=person,
        surface=SURFACE,
        comment=wish.comment,
        values=wish.values(asked),
        digest=wish.digest,
        recorded_by=system_user(),
        rule=wish.rule,
        break_glass_confirm=wish.confirm,
    )
    return await desk.engine.get_approval(asked.id)


def _tell(found: Approval, *, as_json: bool) -> None:
    if as_json:
        print_json(approval_document(found))
    else:
        click.echo(_sentence(found))


def _sentence(found: Approval) -> str:
    state = f"is still open: {progress(found)}" if found.is_open else str(found.status)
    return f"{found.ref} {state}; run {found.run.ref} is {found.run.status}"


def _tell_all(found: Sequence[tuple[str, Approval | OrchestratorError]], *, as_json: bool) -> int:
    codes = {code_of(error) for _, error in found if isinstance(error, OrchestratorError)}
    if as_json:
        print_json([_document(asked, result) for asked, result in found])
    for asked, result in found:
        if isinstance(result, OrchestratorError):
            write(f"{asked}: {'; '.join(lines_of(result))}")
        elif not as_json:
            click.echo(_sentence(result))
    return REFUSED if len(codes) > 1 else next(iter(codes), 0)


def _document(asked: str, result: Approval | OrchestratorError) -> dict[str, Any]:
    if isinstance(result, OrchestratorError):
        return {"asked": asked, "error": "; ".join(lines_of(result)), "approval": None}
    return {"asked": asked, "error": None, "approval": approval_document(result)}
