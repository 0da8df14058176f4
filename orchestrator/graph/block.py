"""Bodies of composites, declared like graphs."""

from __future__ import annotations

from orchestrator.graph.declaring import Declaring
from orchestrator.graph.problems import Role


class Block(Declaring):
    """A body: the nodes of a branch, a route, a loop or another composite.

    Without any edge and without a start its nodes run in the order of declaration, and the last
    one ends it. Otherwise it says its edges, start and ends like a graph.
    """

    role = Role.BODY
