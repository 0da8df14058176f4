"""Uploading a file in Slack's three steps."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from .conftest import Client


async def test_the_sdk_uploads_and_people_download(client: Client) -> None:
    """files_upload_v2 shares the file in a thread; it is served as a download only."""
    parent = await client.post()
    web = AsyncWebClient(token=client.sim.bot_token, base_url=client.sim.api_url)
    await web.files_upload_v2(
        channel="C0GENERAL",
        thread_ts=parent,
        content="a,b\n1,2\n",
        filename="runs.csv",
        title="Runs",
        initial_comment="Here it is",
    )
    message = client.sim.thread("C0GENERAL", parent)[-1]
    [file] = message["files"]
    async with client.session.get(file["url_private"]) as answer:
        content = await answer.text()
        disposition = answer.headers["Content-Disposition"]

    assert (message["text"], message["subtype"]) == ("Here it is", "file_share")
    assert (file["title"], file["size"]) == ("Runs", 8)
    assert content == "a,b\n1,2\n"
    assert disposition == 'attachment; filename="runs.csv"'


async def _uploaded(client: Client, content: bytes, *, length: int) -> tuple[str, int]:
    answer = await client.call("files.getUploadURLExternal", filename="x.txt", length=length)
    async with client.session.post(answer["upload_url"], data=content) as upload:
        return answer["file_id"], upload.status


async def test_the_length_must_be_as_announced(client: Client) -> None:
    """A file that did not arrive whole cannot be completed."""
    file_id, status = await _uploaded(client, b"abc", length=5)
    answer = await client.call("files.completeUploadExternal", files=[{"id": file_id}])

    assert status == 400
    assert answer["error"] == "file_not_found"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": "C0DEPLOYS"}, "not_in_channel"),
        ({"files": "{"}, "invalid_arguments"),
        ({"files": [{"id": "F0"}]}, "file_not_found"),
        ({"files": {}}, "invalid_arguments"),
    ],
)
async def test_a_file_goes_only_where_the_app_is(
    client: Client, arguments: dict[str, Any], error: str
) -> None:
    """Nothing is shared otherwise."""
    client.sim.staging.remove("C0DEPLOYS", "U0SIGNOFF")
    file_id, _ = await _uploaded(client, b"abc", length=3)
    answer = await client.call(
        "files.completeUploadExternal", **{"files": [{"id": file_id}], **arguments}
    )

    assert answer["error"] == error
    assert client.sim.messages("C0DEPLOYS") == []


async def test_an_upload_address_is_used_before_completion_only(client: Client) -> None:
    """Afterwards, and when guessed, there is nothing."""
    answer = await client.call("files.getUploadURLExternal", filename="x", length=3)
    async with client.session.post(answer["upload_url"], data=b"abc") as upload:
        first = upload.status
    await client.call("files.completeUploadExternal", files=[{"id": answer["file_id"]}])
    async with client.session.post(answer["upload_url"], data=b"abc") as upload:
        second = upload.status
    async with client.session.get(f"{client.sim.url}/files/F0") as download:
        guessed = download.status
    wrong = await client.call("files.getUploadURLExternal", filename="x", length="many")
    huge = await client.call("files.getUploadURLExternal", filename="x", length=10**9)

    assert (first, second, guessed) == (200, 404, 404)
    assert (wrong["error"], huge["error"]) == (
        "invalid_arguments",
        "file_upload_size_restricted",
    )
