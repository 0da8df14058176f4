"""Answers that only one person sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.cards.words import Words
from bot.slack.kit import blocks as b
from bot.slack.kit.mrkdwn import lines
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.failures import describe

_log = structlog.get_logger(__name__)
_OK = 200
_TIMEOUT = 4  # seconds; later than that nobody connects the answer with their click


class Replies:
    """Tells the person who acted, through the response_url or else in the channel."""

    def __init__(
        self, client: AsyncWebClient, directory: SlackDirectory, session: aiohttp.ClientSession
    ) -> None:
        self._client = client
        self._directory = directory
        self._session = session

    async def text(self, rows: list[Words]) -> str:
        """Render sentences, one a line."""
        return lines(rows, await self._directory.known_groups())

    async def tell(self, body: Mapping[str, Any], words: Words) -> None:
        """Answer an interaction; a failure is logged and nothing else."""
        text = await self.text([words])
        if await self._respond(str(body.get("response_url") or ""), text):
            return
        user = (body.get("user") or {}).get("id") or body.get("user_id")
        channel = (body.get("channel") or {}).get("id") or body.get("channel_id")
        if not user:
            return
        try:
            if not channel or channel == user:
                await self._client.chat_postMessage(channel=user, text=text)
            else:
                await self._client.chat_postEphemeral(
                    channel=channel, user=user, text=text, blocks=[b.section(text)]
                )
        except Exception as exc:  # noqa: BLE001 - the decision stands without the answer
            failure = describe(exc)
            _log.warning("slack_reply_failed", user=user, error=failure.code, fix=failure.fix)

    async def whisper(
        self, words: Words, *, channel: str, user: str, thread: str | None = None
    ) -> None:
        """Say something to one member of a channel, where they wrote; a failure is only logged."""
        text = await self.text([words])
        try:
            await self._client.chat_postEphemeral(
                channel=channel, user=user, text=text, blocks=[b.section(text)], thread_ts=thread
            )
        except Exception as exc:  # noqa: BLE001 - nobody waits for it
            failure = describe(exc)
            _log.warning("slack_reply_failed", user=user, error=failure.code, fix=failure.fix)

    async def show(
        self,
        body: Mapping[str, Any],
        *,
        text: str,
        blocks: list[dict[str, Any]],
        replace: bool = False,
    ) -> None:
        """Answer an interaction with more than a sentence, where Slack gave an address for that.

        Args:
            body: The interaction's.
            text: For clients that show no blocks.
            blocks: What is shown.
            replace: Put it in the place of the message in which a button was pressed.
        """
        url = str(body.get("response_url") or "")
        if not await self._respond(url, text, blocks=blocks, replace=replace):
            _log.info("slack_answer_not_shown", user=(body.get("user") or {}).get("id"))

    async def _respond(
        self,
        url: str,
        text: str,
        *,
        blocks: list[dict[str, Any]] | None = None,
        replace: bool = False,
    ) -> bool:
        if not url.startswith(("https://", "http://")):
            return False
        webhook = AsyncWebhookClient(
            url, timeout=_TIMEOUT, session=self._session, retry_handlers=[]
        )
        try:
            answer = await webhook.send(
                text=text,
                blocks=blocks or [b.section(text)],
                response_type="ephemeral",
                replace_original=replace,
            )
        except Exception as exc:  # noqa: BLE001 - there is a second way
            _log.info("slack_response_url_failed", error=describe(exc).code)
            return False
        return answer.status_code == _OK
