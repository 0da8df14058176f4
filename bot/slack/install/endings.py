"""Events that say that the app was removed from a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.errors import EncryptionKeyError
from bot.slack.install.installs import UNINSTALLED
from bot.slack.tasks import TaskKeeper
from orchestrator.errors import StoreError

if TYPE_CHECKING:
    from bot.slack.install.installed import InstalledWorkspaces

_WHY = {
    "app_uninstalled": UNINSTALLED,
    "tokens_revoked": "its token was revoked",
}
_log = structlog.get_logger(__name__)


def register_endings(app: AsyncApp, workspaces: InstalledWorkspaces, tasks: TaskKeeper) -> None:
    """Register the listeners; Bolt acknowledges events by itself."""

    async def listener(body: dict[str, Any]) -> None:
        event = body.get("event") or {}
        kind = str(event.get("type"))
        if kind == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # tokens of people, of which there are none
        for name in _names(body):
            tasks.spawn(_end(workspaces, name, _WHY[kind]), name="slack-ending")

    for kind in _WHY:
        app.event(kind)(listener)


def _names(body: dict[str, Any]) -> list[str]:
    """Return the installations that an event may be about."""
    first = (body.get("authorizations") or [{}])[0]
    names = (body.get("team_id"), body.get("enterprise_id"), first.get("enterprise_id"))
    return list(dict.fromkeys(str(name) for name in names if name))


async def _end(workspaces: InstalledWorkspaces, name: str, why: str) -> None:
    try:
        await workspaces.end(name, why=why)
    except (StoreError, EncryptionKeyError) as error:
        _log.warning("slack_ending_not_recorded", workspace=name, error=str(error))
