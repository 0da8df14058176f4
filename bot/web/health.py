"""`/healthz` and `/readyz`: what they answer comes from looking, each time they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

_PATIENCE = 3.0  # seconds that one look may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a look at one part found."""

    is_good: bool
    detail: str


Probe = Callable[[], Awaitable[Check]]


def health_routes(*, alive: Mapping[str, Probe], ready: Mapping[str, Probe]) -> list[web.RouteDef]:
    """Return the two routes; each answers 200, or 503 when a look finds something wrong.

    Args:
        alive: What `/healthz` looks at: whatever only a restart mends.
        ready: What `/readyz` looks at: whatever people who press a button depend on.
    """
    return [web.get("/healthz", _Report(alive).handle), web.get("/readyz", _Report(ready).handle)]


class _Report:
    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes

    async def handle(self, _request: web.Request) -> web.Response:
        """Look at everything at once and answer."""
        found = await asyncio.gather(*(_look(probe) for probe in self._probes.values()))
        checks = dict(zip(self._probes, found, strict=True))
        is_good = all(check.is_good for check in found)
        document: dict[str, Any] = {
            "status": "ok" if is_good else "failing",
            "checks": {
                name: {"ok": check.is_good, "detail": check.detail}
                for name, check in checks.items()
            },
        }
        headers = {"Cache-Control": "no-store"}
        return web.json_response(document, status=200 if is_good else 503, headers=headers)


async def _look(probe: Probe) -> Check:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await probe()
    except TimeoutError:
        return Check(is_good=False, detail=f"did not answer within {_PATIENCE:g} s")
    except Exception as error:  # noqa: BLE001 - a look that fails is an answer, not a crash
        return Check(is_good=False, detail=f"{type(error).__name__}: {error}")
