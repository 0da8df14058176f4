"""What conditions and templates share: the names that they may look at."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.errors import ConditionError

#: The parts of a view, in the order in which messages list them.
NAMES = ("state", "input", "outputs", "run", "item", "number")


def check_names(kind: str, source: str, used: Iterable[str]) -> None:
    """Refuse names that no view has.

    Raises:
        ConditionError: At least one of the used names is in no view.
    """
    unknown = sorted(set(used) - set(NAMES))
    if unknown:
        raise ConditionError(
            f"{kind} {source!r} uses unknown name(s) {', '.join(unknown)}; "
            f"known are {', '.join(NAMES)}, so write state.{unknown[0]} for a key of the state"
        )
