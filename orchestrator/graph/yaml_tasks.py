"""The shape of what nodes of YAML have in common, of work that they do, and of tools."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from orchestrator.graph.kinds import OnError
from orchestrator.graph.nodes import Backoff
from orchestrator.graph.yaml_gates import Gate
from orchestrator.graph.yaml_scalars import (
    Function,
    Names,
    Number,
    Time,
)
from orchestrator.graph.yaml_types import UNSET, Also, Spec, examples


class RetrySpec(Spec):
    """How a task is tried again."""

    model_config = examples({"attempts": 4, "backoff": "linear", "delay": "2s"})

    attempts: StrictInt = Field(default=UNSET, description="How often to try in all; default: 1.")
    backoff: Backoff = Field(default=UNSET, description="How the wait grows; default: exponential.")
    delay: Time = Field(default=UNSET, description="The first wait; default: 1s.")
    factor: Number = Field(default=UNSET, description="By what it grows; default: 2.")
    cap: Time = Field(default=UNSET, description="The longest wait; default: 5m.")
    jitter: Number = Field(default=UNSET, description="Random share of the wait, 0 to 1.")
    give_up_on: Names = Field(
        default=UNSET, description="Exceptions not tried again: ValueError, package.module:MyError."
    )


def _as_retry(value: Any) -> Any:
    return {"attempts": value} if isinstance(value, int | str) else None


class NodeSpec(Spec):
    """What nearly every node may say: its gates, and what a failure means."""

    confirm: Gate = Field(default=UNSET, description="Asked before the node runs: may it?")
    input: Gate = Field(default=UNSET, description="Asked before it runs: values that it needs.")
    choose: Gate = Field(default=UNSET, description="Asked of a router: which routes?")
    tool: Gate = Field(default=UNSET, description="Asked before a tool of an agent is called.")
    result: Gate = Field(
        default=UNSET, description="Asked in place of running: what came out of work done outside?"
    )
    iterate: Gate = Field(default=UNSET, description="Asked after each round of a loop.")
    review: Gate = Field(default=UNSET, description="Asked about the node's output.")
    error: Gate = Field(
        default=UNSET, description="Asked when it failed; alone it means on_error: pause."
    )
    on_error: OnError = Field(default=UNSET, description="What a failure means; default: fail.")


class WorkSpec(NodeSpec):
    """What runs a function."""

    reads: Names = Field(default=UNSET, description="State keys that it sees; default: all.")
    writes: Names = Field(default=UNSET, description="State keys that it may set; default: all.")
    retry: Annotated[RetrySpec, Also("attempts", _as_retry)] = Field(
        default=UNSET, description="How to try again, or how often to try in all."
    )
    timeout: Time = Field(default=UNSET, description="How long one try may take.")
    idempotent: StrictBool = Field(
        default=UNSET, description="May it run again when nobody knows whether it ran?"
    )
    undo: Function = Field(
        default=UNSET, description="Takes back what it did, when the run fails later."
    )


def _as_tool(value: Any) -> Any:
    return {"run": value} if isinstance(value, str) else None


class ToolSpec(WorkSpec):
    """A tool of an agent; without run, result asks for what was done outside."""

    model_config = examples({"run": "flows.tools:send", "tool": "@sre"})

    run: Function = Field(default=UNSET, description="The function.")


Tool = Annotated[ToolSpec, Also("reference", _as_tool)]
