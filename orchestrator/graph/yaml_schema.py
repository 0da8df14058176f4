"""The shape of a graph in YAML; what it means is `yaml_graph`'s matter."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from orchestrator.graph.nodes import Backoff


class Spec(BaseModel):
    """A mapping without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunSpec(Spec):
    """A Python function by name, `{run: package.module:function}`."""

    run: str


def _run_or(kinds: tuple[type, ...], example: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, dict) and list(value) == ["run"] and isinstance(value["run"], str):
            return RunSpec(run=value["run"])
        if isinstance(value, kinds) and not isinstance(value, bool):
            return value
        raise ValueError(f"must be {example}, or {{run: package.module:function}}")

    return BeforeValidator(check)


def _only(kinds: tuple[type, ...], example: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, kinds) and not isinstance(value, bool):
            return value
        raise ValueError(f"must be {example}")

    return BeforeValidator(check)


def _texts(value: Any) -> Any:
    if isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ):
        return value
    raise ValueError("must be a text or a list of texts")


Names = Annotated[Any, BeforeValidator(_texts)]
Words = Annotated[Any, _run_or((str,), "a text")]
Condition = Annotated[Any, _run_or((str,), "a condition in quotes")]
Time = Annotated[Any, _only((str, int, float), "a duration such as 5m")]
ComputedTime = Annotated[Any, _run_or((str, int, float), "a duration such as 5m")]
Number = Annotated[Any, _only((int, float), "a number")]


class RetrySpec(Spec):
    """How a task is tried again."""

    attempts: StrictInt = 1
    backoff: Backoff = Backoff.EXPONENTIAL
    delay: Time = None
    factor: Number = None
    cap: Time = None
    jitter: Number = None
    give_up_on: Names = ()


def _attempts(value: Any) -> Any:
    """Read a mere number as the number of tries."""
    return {"attempts": value} if isinstance(value, int | str) else value


class TaskSpec(Spec):
    """A task: `run` names its function."""

    kind: Literal["task"]
    run: str
    reads: Names = None
    writes: Names = None
    retry: Annotated[RetrySpec | None, BeforeValidator(_attempts)] = None
    timeout: Time = None
    idempotent: StrictBool | None = None


class ApprovalSpec(Spec):
    """A question to people."""

    kind: Literal["approval"]
    approvers: Names = ()
    title: Words = None
    prompt: Words = None
    review_keys: Names = None
    reads: Names = None
    writes: Names = None
    timeout: ComputedTime = None
    on_timeout: str | None = None
    timeout_route: str | None = None
    remind_before: ComputedTime = None
    rejection: str | None = None


class RouterSpec(Spec):
    """A fork; `select` names a function that returns the node to go on at."""

    kind: Literal["router"]
    select: str | None = None


class EndSpec(Spec):
    """Where a run completes."""

    kind: Literal["end"]
    output: Names = None


class EdgeSpec(Spec):
    """A way from one node to another."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    when: Condition = None


NodeSpec = Annotated[
    TaskSpec | ApprovalSpec | RouterSpec | EndSpec,
    Field(discriminator="kind"),
]


class GraphSpec(Spec):
    """One document: a graph."""

    id: str
    title: str | None = None
    description: str = ""
    version: Annotated[Any, _only((str, int), "a text in quotes")] = None
    #: A JSON schema, or `{model: package.module:Model}`.
    input: dict[str, Any] | None = None
    operators: Names = ()
    max_visits: StrictInt = 1_000
    start: str | None = None
    ends: Names = ()
    nodes: dict[str, NodeSpec]
    edges: list[EdgeSpec] = Field(default_factory=list)


#: The shapes by the word that leads to them, for messages about unknown keys.
SHAPES: dict[str, type[Spec]] = {
    "task": TaskSpec,
    "approval": ApprovalSpec,
    "router": RouterSpec,
    "end": EndSpec,
    "retry": RetrySpec,
    "edges": EdgeSpec,
}
