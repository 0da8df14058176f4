"""HTTP mode: signed POSTs to the app's request URL.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.simulator.delivery import Ack, Outgoing
from bot.simulator.workspace import Workspace

_OK = 200
_FORM = "application/x-www-form-urlencoded"


class Callbacks:
    """Posts payloads to one request URL and reads the answers."""

    def __init__(self, workspace: Workspace, request_url: str, signing_secret: str) -> None:
        self._workspace = workspace
        self._request_url = request_url
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, outgoing: Outgoing) -> Ack:
        """Post a payload; only events are repeated, as Slack documents it."""
        copies = 2 if self._workspace.faults.take_duplicate() else 1
        ack = await self._post(outgoing, 0, "")
        if copies == 2:  # noqa: PLR2004 - a duplicate is the second of two
            _ = await self._post(outgoing, 0, "")
        if outgoing.kind != "events_api":
            return ack
        for attempt, delay in enumerate(self._workspace.timing.event_retries, start=1):
            if ack.ok or ack.error == "no_retry":
                break
            await asyncio.sleep(delay)
            ack = await self._post(outgoing, attempt, _reason(ack.error or ""))
        return ack

    async def verify(self, challenge: str) -> Ack:
        """Post the url_verification that Slack sends when a request URL is saved."""
        body = {"token": "verification_token", "challenge": challenge, "type": "url_verification"}
        outgoing = Outgoing(
            kind="url_verification", name="url_verification", body=body, takes_answer=True
        )
        return await self._post(outgoing, 0, "")

    async def close(self) -> None:
        """Close the client."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, outgoing: Outgoing, attempt: int, reason: str) -> Ack:
        content_type, raw = _encode(outgoing)
        headers = self._headers(content_type, raw)
        if attempt:
            headers["X-Slack-Retry-Num"] = str(attempt)
            headers["X-Slack-Retry-Reason"] = reason
        log = self._workspace.log
        entry = log.add(
            "envelope",
            outgoing.name,
            status="pending",
            summary=outgoing.summary if not attempt else f"retry {attempt}: {outgoing.summary}",
            request={"headers": headers, "body": outgoing.body},
        )
        log.record(
            {
                "what": "envelope",
                "transport": "http",
                "kind": outgoing.kind,
                "headers": headers,
                "body": outgoing.body,
            }
        )
        loop = asyncio.get_running_loop()
        started = loop.time()
        status, body, error = await self._exchange(raw, headers)
        ms = (loop.time() - started) * 1000
        log.settle(
            entry,
            status="ok" if error is None else ("timeout" if error == "timeout" else "error"),
            ms=ms,
            response={"status": status, "body": body},
        )
        return Ack(
            ok=error is None,
            body=body if outgoing.takes_answer else None,
            ms=ms,
            error=error,
            attempts=attempt + 1,
        )

    async def _exchange(self, raw: bytes, headers: dict[str, str]) -> tuple[int, Any, str | None]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=self._workspace.timing.ack)
        try:
            async with self._session.post(
                self._request_url, data=raw, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                text = await answer.text()
                body = _decode(text, answer.content_type)
                if answer.status == _OK:
                    return answer.status, body, None
                if answer.headers.get("X-Slack-No-Retry") == "1":
                    return answer.status, body, "no_retry"
                return answer.status, body, f"http_{answer.status}"
        except TimeoutError:
            return 0, None, "timeout"
        except aiohttp.ClientError as error:
            return 0, str(error), "connection_failed"

    def _headers(self, content_type: str, raw: bytes) -> dict[str, str]:
        timestamp = str(int(self._workspace.clock()))
        base = b"v0:" + timestamp.encode() + b":" + raw
        signature = hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={signature}",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }


def _encode(outgoing: Outgoing) -> tuple[str, bytes]:
    match outgoing.kind:
        case "slash_commands":
            return _FORM, urlencode(outgoing.body).encode()
        case "interactive":
            return _FORM, urlencode({"payload": json.dumps(outgoing.body)}).encode()
        case _:
            return "application/json", json.dumps(outgoing.body).encode()


def _decode(text: str, content_type: str) -> Any:
    if not text:
        return None
    if content_type == "application/json":
        try:
            return json.loads(text)
        except ValueError:
            return {"text": text}
    return {"text": text}


def _reason(error: str) -> str:
    if error == "timeout":
        return "http_timeout"
    return "connection_failed" if error == "connection_failed" else "http_error"
