"""Another name for where `Block` is."""

from __future__ import annotations

from orchestrator.graph.declaring import Block

__all__ = ["Block"]
