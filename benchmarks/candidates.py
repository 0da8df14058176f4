"""Who takes part in the comparison."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way to run the workload, in a process of its own."""

    key: str
    label: str
    module: str
    arguments: tuple[str, ...] = ()
    environment: str = ""  #: "": this one
    is_postgres: bool = False
    is_floor: bool = False


CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        key="floor-blocking",
        label="floor: sqlite3, a transaction a commit",
        module="benchmarks.floor",
        arguments=("blocking",),
        is_floor=True,
    ),
    Candidate(
        key="floor-single",
        label="floor: aiosqlite, one transaction a phase",
        module="benchmarks.floor",
        arguments=("single",),
        is_floor=True,
    ),
    Candidate(
        key="floor",
        label="floor: sqlite3, group commit",
        module="benchmarks.floor",
        arguments=("grouped",),
        is_floor=True,
    ),
    Candidate(key="signoff", label="Signoff", module="benchmarks.product"),
    Candidate(
        key="langgraph",
        label="LangGraph",
        module="benchmarks.peers.langgraph",
        arguments=("async",),
        environment="langgraph",
    ),
    Candidate(
        key="langgraph-exit",
        label='LangGraph, durability="exit"',
        module="benchmarks.peers.langgraph",
        arguments=("exit",),
        environment="langgraph",
    ),
    Candidate(
        key="burr-sync",
        label="Burr, synchronous",
        module="benchmarks.peers.burr",
        arguments=("sync",),
        environment="burr",
    ),
    Candidate(
        key="burr",
        label="Burr",
        module="benchmarks.peers.burr",
        arguments=("async",),
        environment="burr",
    ),
    Candidate(
        key="agno-sync",
        label="agno, synchronous",
        module="benchmarks.peers.agno",
        arguments=("sync",),
        environment="agno",
    ),
    Candidate(
        key="agno",
        label="agno",
        module="benchmarks.peers.agno",
        arguments=("async",),
        environment="agno",
    ),
    Candidate(
        key="pg-floor",
        label="floor: asyncpg, group commit",
        module="benchmarks.floor_postgres",
        environment="postgres",
        is_postgres=True,
        is_floor=True,
    ),
    Candidate(key="pg-signoff", label="Signoff", module="benchmarks.product", is_postgres=True),
    Candidate(
        key="pg-langgraph",
        label="LangGraph",
        module="benchmarks.peers.langgraph",
        arguments=("async",),
        environment="langgraph",
        is_postgres=True,
    ),
    Candidate(
        key="pg-langgraph-exit",
        label='LangGraph, durability="exit"',
        module="benchmarks.peers.langgraph",
        arguments=("exit",),
        environment="langgraph",
        is_postgres=True,
    ),
    Candidate(
        key="pg-dbos",
        label="DBOS",
        module="benchmarks.peers.dbos",
        environment="dbos",
        is_postgres=True,
    ),
)
BY_KEY = {each.key: each for each in CANDIDATES}
