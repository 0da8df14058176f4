"""Steps of workflows that people made in Slack's Workflow Builder."""

from __future__ import annotations

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.slack.listening import Tools
from bot.slack.steps import START_RUN
from orchestrator.runtime.patience import persist


async def executed(tools: Tools, args: AsyncArgs) -> None:
    """Store what a step asks for; it is started and finished beside this."""
    event = args.body.get("event") or {}
    execution = str(event.get("function_execution_id") or "")
    callback = (event.get("function") or {}).get("callback_id")
    if callback == START_RUN and execution and tools.steps is not None:
        steps, inputs = tools.steps, event.get("inputs") or {}
        # Slack was answered before this and tells nobody again, so the database is waited for.
        work = persist(lambda: steps.take(execution, inputs))
        tools.tasks.spawn(work, name="slack-step")


TABLE = {"event": [("function_executed", executed)]}
