"""The HTTP server: binds, serves the routes it is given, stops in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import ConfigurationError

#: Seconds that requests under way get when the server stops.
_GRACE = 2.0


class ListenError(ConfigurationError):
    """The server cannot listen at the address that is set."""


@asynccontextmanager
async def listening(routes: Iterable[web.RouteDef], *, host: str, port: int) -> AsyncIterator[str]:
    """Serve routes; gives the URL, which says the real port where 0 was asked for.

    Raises:
        ListenError: The address is taken or does not exist.
    """
    app = web.Application()
    app.add_routes(list(routes))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ListenError(
                f"cannot listen on {host}:{port} ({reason}); set SIGNOFF_HOST and SIGNOFF_PORT"
            ) from error
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}"
    finally:
        await runner.cleanup()
