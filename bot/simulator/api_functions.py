"""Steps of workflows: the app says how one ended.

https://docs.slack.dev/workflows/workflow-steps
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.world import Execution

_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "slack#/types/user_id": str,
    "slack#/types/channel_id": str,
}


def complete_success(call: Call) -> Answer:
    """functions.completeSuccess: the outputs must fit what the manifest declares."""
    execution = _running(call)
    outputs = call.json("outputs", "parameter_validation_failed")
    declared = call.workspace.app.functions[execution.callback_id]["output_parameters"]
    problems = _problems(declared, outputs)
    if problems:
        raise ApiError.with_messages("parameter_validation_failed", problems)
    execution.outputs = dict(outputs)
    return _end(call, execution, "completed")


def complete_error(call: Call) -> Answer:
    """functions.completeError: the text is shown to the workflow's owner."""
    execution = _running(call)
    execution.error = call.text("error")
    return _end(call, execution, "failed")


def _running(call: Call) -> Execution:
    execution = call.workspace.world.executions.get(call.text("function_execution_id"))
    if execution is None:
        raise ApiError("function_execution_not_found")
    if execution.status != "running":
        raise ApiError("execution_not_in_running_state")
    return execution


def _end(call: Call, execution: Execution, status: str) -> Answer:
    execution.status = status
    call.workspace.world.put(execution)
    call.workspace.changes.publish({"type": "steps"}, user=execution.user)
    return {"ok": True}


def _problems(declared: Mapping[str, Any], outputs: Any) -> list[str]:
    if not isinstance(outputs, Mapping):
        return ["[ERROR] must provide an object [json-pointer:/outputs]"]
    problems = []
    for name, rule in declared.items():
        if name not in outputs:
            if rule.get("is_required"):
                problems.append(f"[ERROR] missing required parameter: {name}")
            continue
        kind = _KINDS.get(rule.get("type", ""))
        value = outputs[name]
        is_disguised = isinstance(value, bool) and rule.get("type") != "boolean"
        if kind is not None and (is_disguised or not isinstance(value, kind)):
            problems.append(f"[ERROR] {name} must be of type {rule['type']}")
    problems += [f"[ERROR] unknown parameter: {name}" for name in outputs if name not in declared]
    return problems


METHODS = {
    "functions.completeSuccess": Method(
        run=complete_success, required=("function_execution_id", "outputs"), is_write=True
    ),
    "functions.completeError": Method(
        run=complete_error, required=("function_execution_id", "error"), is_write=True
    ),
}
