"""How much is tried.

In CI (the variable `CI` is set) the examples are the same every time; elsewhere, and in CI with
`--hypothesis-profile=default`, they are others every time. `EXAMPLES=10` tries ten times as many,
`--hypothesis-seed=N` repeats what was tried with a seed.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

#: All but the search for what failing examples have in common, which takes long here.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def effort(examples: int, steps: int) -> settings:
    """Return settings for so many examples of at most so many steps."""
    return settings(
        max_examples=examples * int(os.environ.get("EXAMPLES", "1")),
        stateful_step_count=steps,
        deadline=None,
        phases=_PHASES,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
