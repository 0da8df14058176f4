"""Keeping strangers out: only this machine, only this origin, nothing cached or embedded.

A page on the web can reach loopback addresses through DNS rebinding or a plain form post;
the checks here are what stops it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LINKABLE = frozenset({"/", "/oauth/v2/authorize"})
"""What another site may send a person to; the rest is for this origin and for the app."""

CONTROL_HEADER = "X-Simulator"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Say whether a host name or address means this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for other hosts and from other origins, and forbid caching."""
    problem = _problem(request)
    if problem is not None:
        refusal = web.json_response({"ok": False, "error": problem}, status=403)
        refusal.headers.update(_HEADERS)
        return refusal
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the security headers on every answer, streams and errors included."""
    del request
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _problem(request: web.Request) -> str | None:
    host = request.host
    name = host.rpartition(":")[0] if _has_port(host) else host
    if not is_loopback(name):
        return f"host {host!r} is not this machine"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "requests from other origins are refused"
    is_linkable = request.method == "GET" and (
        request.path in _LINKABLE or request.path.startswith("/page/")
    )
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in {"none", "same-origin"} and not is_linkable:
        return "requests from other sites are refused"
    if request.path.startswith("/sim/") and request.method != "GET":
        return _control_problem(request)
    return None


def _control_problem(request: web.Request) -> str | None:
    # A header of our own cannot be sent across origins without a preflight, which is refused.
    if request.headers.get(CONTROL_HEADER) != "1":
        return f"the control API needs the header {CONTROL_HEADER}: 1"
    if request.content_type != "application/json":
        return "the control API takes application/json"
    return None


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and not host.endswith("]")
