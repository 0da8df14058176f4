"""The HTTP server: binds, serves the routes it is given, stops in time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.errors import ConfigurationError

#: Seconds that requests under way get when the server stops.
_GRACE = 2.0


_log = logging.getLogger(__name__)


class _Strangers(logging.Filter):
    """Tells in one line what aiohttp tells in a traceback: bytes that are no HTTP, cut-off bodies.

    Anybody who reaches the port can cause those, and the traceback repeats what they sent.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through, plainer where it is a stranger's fault."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = f"a request could not be read: {type(error).__name__}", ()
            record.exc_info = None
        return True


_log.addFilter(_Strangers())


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
    runner = web.AppRunner(app, access_log=None, logger=_log, shutdown_timeout=_GRACE)
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
