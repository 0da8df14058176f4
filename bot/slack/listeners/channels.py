"""Events about channels: what stands in one follows it, or is asked elsewhere."""

from __future__ import annotations

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.slack.listening import Tools
from orchestrator.errors import ApprovalNotFoundError, StoreError

_log = structlog.get_logger(__name__)


async def renamed(tools: Tools, args: AsyncArgs) -> None:
    """Follow a channel that got another id, as one that is shared with others does."""
    event = args.body.get("event") or {}
    old, new = event.get("old_channel_id"), event.get("new_channel_id")
    if old and new:
        await tools.engine.move_messages(str(old), str(new))
        _log.info("channel_id_changed", old=old, new=new)


async def lost(tools: Tools, args: AsyncArgs) -> None:
    """Ask elsewhere what is open in a channel that was archived or that the bot has left."""
    channel = (args.body.get("event") or {}).get("channel")
    if not channel:
        return
    try:
        for message in await tools.engine.questions_in(str(channel)):
            try:
                is_open = (await tools.engine.get_approval(message.approval_id)).is_open
            except ApprovalNotFoundError:  # another workspace's, in a channel that both share
                continue
            if is_open:
                await tools.engine.post_anew(message.approval_id)
    except StoreError as exc:  # the next edit of each finds out by itself
        _log.warning("lost_channel_not_seen_to", channel=channel, error=str(exc))


async def mended(tools: Tools, _args: AsyncArgs) -> None:
    """Try at once what waits for a channel that the bot can use again."""
    try:
        await tools.engine.hurry_deliveries(workspace=tools.workspace)
    except StoreError as exc:  # it is tried again in its time
        _log.warning("mended_channel_not_seen_to", error=str(exc))


async def joined(tools: Tools, args: AsyncArgs) -> None:
    """See `mended`, when it is the bot that was invited."""
    if (args.body.get("event") or {}).get("user") == args.context.bot_user_id:
        await mended(tools, args)


TABLE = {
    "event": [
        ("channel_id_changed", renamed),
        ("channel_archive", lost),
        ("group_archive", lost),
        ("channel_left", lost),
        ("group_left", lost),
        ("channel_unarchive", mended),
        ("group_unarchive", mended),
        ("member_joined_channel", joined),
    ]
}
