"""Tokens, and other texts that look like secrets; the same in every run, so that tests repeat."""

from __future__ import annotations

BOT_TOKEN = "xoxb-simulator-bot-token"  # noqa: S105 - opens nothing but the local simulator
APP_TOKEN = "xapp-simulator-app-token"  # noqa: S105 - opens nothing but the local simulator

_SPREAD = 2654435761  # Knuth's multiplier: neighbours come to lie far apart


def opaque(number: int, *, digits: int = 12) -> str:
    """Return hexadecimal digits that look random, for the `number`-th of something."""
    return f"{number * _SPREAD % 16**digits:0{digits}x}"
