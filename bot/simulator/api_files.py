"""Uploading files: two methods of the Web API and the address in between."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.posting import Draft, post_as_app
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import BOT_USER, TEAM_ID, File

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
    world.put(File(id=file_id, name=call.text("filename"), length=int(length), path=path))
    return {"ok": True, "upload_url": call.workspace.url + path, "file_id": file_id}


def complete_upload(call: Call) -> Answer:
    """files.completeUploadExternal: shares what has arrived."""
    asked = call.json("files", "invalid_arguments")
    if not isinstance(asked, list) or not asked:
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"]
        )
    files = [_arrived(call, item) for item in asked]
    targets = [call.text("channel_id"), *call.text("channels").split(",")]
    for channel_id in filter(None, targets):
        _share(call, channel_id, files)
    for file in files:
        file.is_complete = True
        call.workspace.world.put(file)
    return {"ok": True, "files": [file_body(call.workspace, file) for file in files]}


def file_body(workspace: Workspace, file: File) -> dict[str, Any]:
    """Return Slack's file object."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "size": file.length,
        "user": BOT_USER,
        "user_team": TEAM_ID,
        "filetype": file.name.rpartition(".")[2],
        "mode": "hosted",
        "is_external": False,
        "channels": list(file.channels),
        "url_private": f"{workspace.url}/files/{file.id}",
        "url_private_download": f"{workspace.url}/files/{file.id}",
    }


async def receive_upload(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Take the bytes of a file, raw or as a multipart form."""
    file = next(
        (item for item in workspace.world.files.values() if item.path == request.path), None
    )
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


def download(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Give a file to the person at the page, always as a download."""
    file = workspace.world.files.get(request.match_info["file"])
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


def _share(call: Call, channel_id: str, files: list[File]) -> None:
    channel = call.workspace.world.channels.get(channel_id)
    if channel is None or not call.is_visible(channel):
        raise ApiError("channel_not_found")
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    for file in files:
        file.channels.append(channel.id)
    post_as_app(
        call.workspace,
        channel,
        Draft(
            text=call.text("initial_comment"),
            thread_ts=call.text("thread_ts") or None,
            extra={
                "subtype": "file_share",
                "upload": False,
                "files": [file_body(call.workspace, file) for file in files],
            },
        ),
    )


METHODS = {
    "files.getUploadURLExternal": Method(
        run=get_upload_url, scope="files:write", required=("filename", "length"), is_write=True
    ),
    "files.completeUploadExternal": Method(
        run=complete_upload, scope="files:write", required=("files",), is_write=True
    ),
}
