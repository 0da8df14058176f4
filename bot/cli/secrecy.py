"""Runs and their logs as the command line shows them: without what their gates call secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.core.events import Record
from orchestrator.graph.secrets import Secrets
from orchestrator.runtime import Engine
from orchestrator.store import Approval, Run


async def secrets_of_run(
    engine: Engine, run: Run, records: Sequence[Record] = (), approvals: Iterable[Approval] = ()
) -> Secrets:
    """Return what hides a run's secrets; it knows those of the input, and of what is given."""
    secrets = await engine.get_secrets(run)
    secrets.learn(run)
    for each in records:
        learn_record(secrets, each)
    for approval in approvals:
        secrets.learn(approval.payload)
    return secrets


def learn_record(secrets: Secrets, record: Record) -> None:
    """Learn the secrets that an entry of a log has, also where a node's whole output is one."""
    secrets.learn(record)
    event = record.event
    path, output = getattr(event, "path", ""), getattr(event, "output", None)
    if path and output is not None:
        node = path.rsplit("/", 1)[-1].partition("#")[0]
        secrets.learn({node: output})


async def without_secrets_of(engine: Engine, runs: Iterable[Run]) -> list[Run]:
    """Return runs without their secrets."""
    return [(await secrets_of_run(engine, each)).hide(each) for each in runs]
