"""The simulator's web server: which address belongs to which part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from bot.simulator.api_files import download, receive_upload
from bot.simulator.api_oauth import allow, ask
from bot.simulator.control import Control
from bot.simulator.guard import add_headers, guard, is_loopback
from bot.simulator.responses import receive_response
from bot.simulator.site import Site
from bot.simulator.socketmode import SocketMode
from bot.simulator.webapi import WebApi

_PAGE = Path(__file__).parent / "page"
_MAX_BODY = 64 * 1024 * 1024
_SHUTDOWN = 1.0
"""Seconds that open requests get at the end; event streams never end by themselves."""
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Listens on one loopback address."""

    def __init__(
        self, site: Site, webapi: WebApi, control: Control, socket: SocketMode | None
    ) -> None:
        self._application = web.Application(middlewares=[guard], client_max_size=_MAX_BODY)
        self._application.on_response_prepare.append(add_headers)
        router = self._application.router
        router.add_route("*", "/api/{method}", webapi.handle)
        for kind in ("actions", "commands", "app"):
            router.add_post(
                f"/{kind}/{{team}}/{{number}}/{{secret}}", partial(receive_response, site)
            )
        router.add_post("/upload/v1/{ticket}", partial(receive_upload, site))
        router.add_get("/oauth/v2/authorize", _sync(partial(ask, site)))
        router.add_get("/oauth/v2/allow", _sync(partial(allow, site)))
        router.add_get("/files/{file}", _sync(partial(download, site)))
        if socket is not None:
            router.add_get("/link", socket.handle)
            router.add_get("/link/", socket.handle)
        control.add_routes(router)
        router.add_get("/", _sync(_page))
        router.add_get("/page/{path:.*}", _sync(_page))
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the address.

        Raises:
            ValueError: The host is not this machine; the simulator never listens further.
            OSError: The port is taken.
        """
        if not is_loopback(host):
            raise ValueError(f"the simulator listens on loopback only, not on {host!r}")
        self._runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=_SHUTDOWN)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and end all requests."""
        if self._runner is not None:
            await self._runner.cleanup()


def _sync(handler: Callable[[web.Request], web.StreamResponse]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return handler(request)

    return handle


def _page(request: web.Request) -> web.StreamResponse:
    """Serve a file of the page; nothing outside its folder, no unknown types."""
    wanted = (_PAGE / (request.match_info.get("path") or "index.html")).resolve()
    content_type = _TYPES.get(wanted.suffix)
    if content_type is None or not wanted.is_relative_to(_PAGE) or not wanted.is_file():
        return web.Response(status=404, text="There is no such page.")
    charset = "utf-8" if content_type.startswith("text/") else None
    return web.Response(body=wanted.read_bytes(), content_type=content_type, charset=charset)
