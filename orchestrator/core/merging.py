"""How the state that branches wrote for themselves becomes the state of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import reduce
from operator import add
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.plain import plain
from orchestrator.core.state import Join
from orchestrator.core.turn import Turn
from orchestrator.core.values import Ref
from orchestrator.graph.composites import Reduce, Reducer

_REDUCERS: Mapping[Reducer, Callable[[list[Any]], Any]] = {
    Reducer.LIST: lambda values: values,
    Reducer.CONCAT: lambda values: reduce(add, values),
    Reducer.SUM: sum,
    Reducer.MERGE: lambda values: {key: each for value in values for key, each in value.items()},
    Reducer.FIRST: lambda values: values[0],
    Reducer.LAST: lambda values: values[-1],
}


#: What a map without items brings; by the others it brings nothing, and the key is not set.
_EMPTY: Mapping[Reducer, Callable[[], Any]] = {
    Reducer.LIST: list,
    Reducer.SUM: int,
    Reducer.MERGE: dict,
}


def merge(
    turn: Turn, path: str, join: Join, reducers: Mapping[str, Reduce], keys: tuple[str, ...]
) -> None:
    """Hand what the branches wrote over to the frame around them, in the order of the branches.

    Raises:
        ValueError: Values cannot be made into one, or two branches wrote a key without a reducer.
    """
    written: dict[str, list[Ref]] = {}
    for branch in keys:
        for key, ref in join.closed[branch].keys.items():
            written.setdefault(key, []).append(ref)
    made: dict[str, Any] = {}
    taken: dict[str, Ref] = {}
    for key, refs in written.items():
        if key in reducers:
            made[key] = _reduced(turn, key, reducers[key], refs)
        elif len(refs) == 1:
            taken[key] = refs[0]
        else:
            raise ValueError(f"{len(refs)} branches of {path} wrote {key!r}; say how they merge")
    for key, reducer in reducers.items():
        if not keys and isinstance(reducer, Reducer) and reducer in _EMPTY:
            made[key] = _EMPTY[reducer]()
    if made or taken:
        turn.emit(e.StateMerged(path=path, values=made, taken=taken))


def _reduced(turn: Turn, key: str, reducer: Reduce, refs: list[Ref]) -> Any:
    # Copies, because an author's reducer may change what it is given.
    values = [deepcopy(turn.state.value(ref)) for ref in refs]
    function = _REDUCERS[reducer] if isinstance(reducer, Reducer) else reducer
    try:
        return plain(function(values), f"the merged {key!r}")
    except Exception as error:
        name = reducer.value if isinstance(reducer, Reducer) else "the reducer"
        raise ValueError(f"{name} cannot merge the values of {key!r}: {error}") from error
