"""Running the app's steps, as a workflow of the workspace does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator.errors import SimulatorError
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, Execution, Grant


def run_step(
    workspace: Workspace, user: str, callback_id: str, inputs: Mapping[str, Any]
) -> Execution:
    """Start a step of the app's as a person, and tell the app of it.

    Raises:
        SimulatorError: The app declares no such step, or an input is missing or unknown.
    """
    person = workspace.person(user)
    declared = workspace.app.functions.get(callback_id)
    if declared is None:
        raise SimulatorError(f"this app has no step {callback_id!r}")
    wanted = declared["input_parameters"]
    missing = [
        name for name, rule in wanted.items() if rule.get("is_required") and not inputs.get(name)
    ]
    unknown = sorted(set(inputs) - set(wanted))
    if missing or unknown:
        raise SimulatorError(f"the step {callback_id!r} lacks {missing}, and knows no {unknown}")
    world = workspace.world
    execution = Execution(
        id=world.next_id("Fx"),
        callback_id=callback_id,
        user=person.id,
        inputs=dict(inputs),
        token=f"xwfp-{workspace.team.id}-{opaque(world.count('step'))}",
        started=int(workspace.clock()),
    )
    world.put(execution)
    grant = Grant(
        token=execution.token, team=workspace.team.id, scopes=[], issued_at=workspace.clock()
    )
    workspace.site.main.world.put(grant)
    workspace.site.main.save()
    workspace.emit("function_executed", _event(workspace, execution, declared))
    workspace.changes.publish({"type": "steps"}, user=user)
    return execution


def _event(
    workspace: Workspace, execution: Execution, declared: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": "function_executed",
        "function": {
            "id": f"Fn{execution.callback_id}",
            "callback_id": execution.callback_id,
            "title": declared["title"],
            "description": declared["description"],
            "type": "app",
            "input_parameters": _parameters(declared["input_parameters"]),
            "output_parameters": _parameters(declared["output_parameters"]),
            "app_id": APP_ID,
            "date_created": execution.started,
            "date_updated": execution.started,
            "date_deleted": 0,
            "form_enabled": False,
        },
        "inputs": dict(execution.inputs),
        "function_execution_id": execution.id,
        "workflow_execution_id": execution.id.replace("Fx", "Wx"),
        "event_ts": workspace.next_ts(),
        "bot_access_token": execution.token,
    }


def _parameters(declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": rule.get("type", "string"),
            "name": name,
            "title": rule.get("title", name),
            "description": rule.get("description", ""),
            "is_required": bool(rule.get("is_required")),
        }
        for name, rule in declared.items()
    ]
