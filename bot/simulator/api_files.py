"""Uploading files: two methods of the Web API and the address in between."""

from __future__ import annotations

import base64
import mimetypes
from typing import Any

from aiohttp import web

from bot.simulator.blockkit import message_faults
from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.posting import Draft, edit, post_as_app, tell_app
from bot.simulator.site import Site
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import Channel, File

_MAX_FILE = 50_000_000
"""Bytes; Slack allows a gigabyte, the simulator keeps files in its state."""


def get_upload_url(call: Call) -> Answer:
    """files.getUploadURLExternal."""
    length = call.text("length")
    if not length.isdecimal() or int(length) == 0:
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] must be a positive number [json-pointer:/length]"]
        )
    if int(length) > _MAX_FILE:
        raise ApiError("file_upload_size_restricted")
    world = call.workspace.world
    file_id = world.next_id("F")
    path = f"/upload/v1/{file_id}-{opaque(world.count('upload'))}"
    world.put(
        File(
            id=file_id,
            name=call.text("filename"),
            length=int(length),
            path=path,
            user=call.workspace.team.bot_user,
        )
    )
    return {"ok": True, "upload_url": call.workspace.url + path, "file_id": file_id}


def complete_upload(call: Call) -> Answer:
    """files.completeUploadExternal: shares what has arrived."""
    asked = call.json("files", "invalid_arguments")
    if not isinstance(asked, list) or not asked:
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"]
        )
    files = [_arrived(call, item) for item in asked]
    blocks = _blocks(call)
    targets = filter(None, [call.text("channel_id"), *call.text("channels").split(",")])
    channels = [_target(call, channel_id) for channel_id in targets]
    for file in files:
        file.is_complete = True
        call.workspace.world.put(file)
    for channel in channels:
        _share(call, channel, files, blocks)
    return {"ok": True, "files": [file_body(call.workspace, file) for file in files]}


def file_body(workspace: Workspace, file: File) -> dict[str, Any]:
    """Return Slack's file object."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "size": file.length,
        "user": file.user,
        "user_team": workspace.team.id,
        "created": int(workspace.clock()),
        "mimetype": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "filetype": file.name.rpartition(".")[2],
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(file.channels),
        "channels": list(file.channels),
        "url_private": f"{workspace.url}/files/{file.id}",
        "url_private_download": f"{workspace.url}/files/{file.id}",
        "permalink": f"{workspace.url}/files/{file.id}",
    }


def files_info(call: Call) -> Answer:
    """files.info: with the messages that carry the file."""
    file = _known(call)
    body = file_body(call.workspace, file)
    body["shares"] = {"public": {}, "private": {}}
    for channel_id, shares in file.shares.items():
        kind = call.workspace.world.channels[channel_id].kind
        body["shares"]["public" if kind == "channel" else "private"][channel_id] = shares
    return {"ok": True, "file": body, "comments": [], "response_metadata": {"next_cursor": ""}}


def delete_file(call: Call) -> Answer:
    """files.delete: the app's own files; their messages stay without them."""
    file = _known(call)
    if file.user != call.workspace.team.bot_user:
        raise ApiError("cant_delete_file")
    world = call.workspace.world
    world.remove(file)
    for channel_id, shares in file.shares.items():
        for post in filter(None, (world.find_post(channel_id, item["ts"]) for item in shares)):
            gone = {"id": file.id, "mode": "tombstone"}
            files = [gone if item["id"] == file.id else item for item in post.body["files"]]
            edit(call.workspace, post, {"files": files})
    return {"ok": True}


def add_upload(workspace: Workspace, user: str, name: str, content: bytes) -> dict[str, Any]:
    """Keep a file that a person chose in a form, and return Slack's file object."""
    file_id = workspace.world.next_id("F")
    file = File(
        id=file_id,
        name=name,
        length=len(content),
        path="",
        user=user,
        content=base64.b64encode(content).decode(),
        is_complete=True,
    )
    workspace.world.put(file)
    return file_body(workspace, file)


async def receive_upload(site: Site, request: web.Request) -> web.StreamResponse:
    """Take the bytes of a file, raw or as a multipart form."""
    found = (
        (item, workspace)
        for workspace in site.workspaces.values()
        for item in workspace.world.files.values()
        if item.path == request.path
    )
    file, workspace = next(found, (None, site.main))
    if file is None or file.is_complete:
        return web.Response(status=404, text="no such upload")
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        part = next((item for item in form.values() if isinstance(item, web.FileField)), None)
        content = b"" if part is None else part.file.read()
    else:
        content = await request.read()
    if len(content) != file.length:
        return web.Response(status=400, text=f"expected {file.length} bytes, got {len(content)}")
    file.content = base64.b64encode(content).decode()
    workspace.world.put(file)
    workspace.save()
    return web.Response(text=f"OK - {len(content)}")


def download(site: Site, request: web.Request) -> web.StreamResponse:
    """Give a file to the person at the page, or to the app, always as a download."""
    wanted = request.match_info["file"]
    workspace = site.holding([wanted], site.workspaces.values()) or site.main
    file = workspace.world.files.get(wanted)
    if file is None or file.content is None:
        return web.Response(status=404, text="no such file")
    safe = "".join(char if char.isalnum() or char in "._-" else "_" for char in file.name)
    return web.Response(
        body=base64.b64decode(file.content),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )


def _arrived(call: Call, item: Any) -> File:
    file = call.workspace.world.files.get(item.get("id", "")) if isinstance(item, dict) else None
    if file is None or file.content is None:
        raise ApiError("file_not_found")
    file.title = str(item.get("title") or file.name)
    return file


def _known(call: Call) -> File:
    file = call.workspace.world.files.get(call.text("file"))
    if file is None or not file.is_complete:
        raise ApiError("file_not_found")
    return file


def _blocks(call: Call) -> list[dict[str, Any]] | None:
    blocks = call.json("blocks", "invalid_blocks")
    faults = [] if blocks is None else message_faults(blocks)
    if faults:
        raise ApiError.with_messages("invalid_blocks", faults)
    return blocks or None


def _target(call: Call, channel_id: str) -> Channel:
    channel = call.workspace.world.channels.get(channel_id)
    if channel is None or not call.is_visible(channel):
        raise ApiError("channel_not_found")
    if call.workspace.team.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("posting_to_channel_denied")
    return channel


def _share(
    call: Call, channel: Channel, files: list[File], blocks: list[dict[str, Any]] | None
) -> None:
    for file in files:
        file.channels.append(channel.id)
    post = post_as_app(
        call.workspace,
        channel,
        Draft(
            text=call.text("initial_comment"),
            blocks=blocks,
            thread_ts=call.text("thread_ts") or None,
            extra={
                "subtype": "file_share",
                "upload": False,
                "files": [file_body(call.workspace, file) for file in files],
            },
        ),
    )
    for file in files:
        share = {"ts": post.ts, "channel_name": channel.name}
        if "thread_ts" in post.body:
            share["thread_ts"] = post.body["thread_ts"]
        file.shares.setdefault(channel.id, []).append(share)
        call.workspace.world.put(file)
    tell_app(call.workspace, channel, post)


METHODS = {
    "files.getUploadURLExternal": Method(
        run=get_upload_url, scope="files:write", required=("filename", "length"), is_write=True
    ),
    "files.completeUploadExternal": Method(
        run=complete_upload, scope="files:write", required=("files",), is_write=True
    ),
    "files.info": Method(run=files_info, scope="files:read", required=("file",)),
    "files.delete": Method(run=delete_file, scope="files:write", required=("file",), is_write=True),
}
