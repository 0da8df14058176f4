"""What tests of a turn's card need: an agent that wants several calls, and hands for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator import Ack
from orchestrator.graph import Graph, GraphBuilder, ToolCall, ToolCalls, tool
from orchestrator.store import Approval
from tests.slack.bench import CHANNEL, Bench, Effects, button, eventually, labels

PEOPLE = ("Ann", "Ben", "Cem", "Dee", "Eva", "Flo", "Gus")
_GATE = {"approvers": "@editors", "title": "Pay?"}


def agent(
    effects: Effects, count: int = 3, gates: Mapping[str, Mapping[str, Any]] | None = None
) -> Graph:
    """Return an agent that wants to pay several people in its first turn.

    Args:
        effects: Notes what was paid, and what the agent was told.
        count: Of how many people.
        gates: By a person's name, options of a gate of their own.
    """
    own = gates or {}

    def pay(context: Any) -> str:
        effects.published.append(f"{context.answer['to']}: {context.answer['amount']}")
        return "paid"

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            calls = tuple(
                ToolCall(
                    tool=f"pay-{name.lower()}" if name in own else "pay",
                    arguments={"to": name, "amount": 40},
                    id=name,
                )
                for name in PEOPLE[:count]
            )
            return ToolCalls(calls=calls)
        effects.seen.extend(each.output or each.rejected for each in context.turn.results)
        return "done"

    tools = {"pay": tool(pay, tool=_GATE)}
    tools |= {
        f"pay-{name.lower()}": tool(pay, tool=_GATE | dict(gate)) for name, gate in own.items()
    }
    return (
        GraphBuilder("agent").agent("helper", helper, tools=tools)
        .start("helper").ends("helper").build()
    )  # fmt: skip


def paying(count: int = 3, **gates: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `bench` takes."""
    return {"graphs": lambda effects: [agent(effects, count, gates)]}


async def calls_of(bot: Bench) -> dict[str, Approval]:
    """Return the questions of the newest run by whom they want to pay."""
    run = await bot.last_run()
    found = await bot.engine.list_approvals(run.id)
    return {str(each.payload["to"]): each for each in found}


def parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of buttons of a card, each as a message of its own."""
    return [
        {"ts": message["ts"], "blocks": [block]}
        for block in message["blocks"]
        if block["type"] == "actions"
    ]


def part(message: Mapping[str, Any], approval: Approval) -> dict[str, Any]:
    """Return the row of buttons of one call."""
    return next(each for each in parts(message) if approval.id in str(each))


def open_calls(message: Mapping[str, Any]) -> int:
    """Return how many calls of a card can be approved."""
    return sum("Approve" in labels(each) for each in parts(message))


async def touch(
    bot: Bench,
    user: str,
    message: Mapping[str, Any],
    approval: Approval,
    label: str,
    *,
    channel: str = CHANNEL,
) -> Ack:
    """Press a button of one call, or where it stood until now."""
    block = part(message, approval)
    found = button(block, label)
    return await bot.sim.click(
        user,
        channel,
        message["ts"],
        found["action_id"],
        block_id=block["blocks"][0]["block_id"],
    )


async def all_delivered(bot: Bench, count: int) -> dict[str, Approval]:
    """Wait until every call came before people, and return them."""

    async def is_there() -> bool:
        found = await calls_of(bot) if await bot.engine.list_runs(limit=1) else {}
        return len(found) == count and all(each.delivered_at for each in found.values())

    await eventually(is_there)
    return await calls_of(bot)


def posts(bot: Bench) -> list[dict[str, Any]]:
    """Return what was posted into the channel itself."""
    return [m for m in bot.messages() if m.get("thread_ts") in {None, m["ts"]}]


def card_of(bot: Bench) -> dict[str, Any]:
    """Return the only message in the channel."""
    [found] = posts(bot)
    return found
