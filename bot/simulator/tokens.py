"""The tokens of the simulated installation; fixed, so that examples can name them."""

from __future__ import annotations

BOT_TOKEN = "xoxb-simulator-bot-token"  # noqa: S105 - opens nothing but the local simulator
APP_TOKEN = "xapp-simulator-app-token"  # noqa: S105 - opens nothing but the local simulator
