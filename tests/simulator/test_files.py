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


async def _completed(client: Client, **more: Any) -> Any:
    started = await client.call("files.getUploadURLExternal", filename="list.csv", length=3)
    await client.session.post(started["upload_url"], data=b"a,b")
    files = [{"id": started["file_id"], "title": "A list"}]
    return await client.call("files.completeUploadExternal", files=files, **more)


async def test_a_file_goes_into_a_thread(wide: Client) -> None:
    """With its words, and files.info tells where it went."""
    parent = await wide.post()
    done = await _completed(
        wide, channel_id="C0GENERAL", thread_ts=parent, initial_comment="All of it"
    )
    reply = wide.sim.thread("C0GENERAL", parent)[-1]
    info = await wide.call("files.info", file=done["files"][0]["id"])
    share = info["file"]["shares"]["public"]["C0GENERAL"]

    assert (reply["text"], reply["files"][0]["title"]) == ("All of it", "A list")
    assert [message["ts"] for message in wide.sim.messages("C0GENERAL")] == [parent]
    assert share == [{"ts": reply["ts"], "channel_name": "general", "thread_ts": parent}]


async def test_a_refused_share_keeps_the_file_for_another_try(wide: Client) -> None:
    """Nothing is half done."""
    wide.sim.staging.archive("C0DEPLOYS")
    refusals = [
        (await _completed(wide, channel_id=channel))["error"]
        for channel in ("C0NONE", "G0FINANCE", "C0DEPLOYS")
    ]

    assert refusals == ["channel_not_found", "channel_not_found", "posting_to_channel_denied"]
    assert not any(file.is_complete for file in wide.sim.world.files.values())


async def test_blocks_of_a_share_are_checked(wide: Client) -> None:
    """As those of any message."""
    refused = await _completed(wide, channel_id="C0GENERAL", blocks=[{"type": "nothing"}])

    assert refused["error"] == "invalid_blocks"


async def test_a_deleted_file_leaves_a_gap(wide: Client) -> None:
    """Its message stays; a person's file cannot be deleted by the app."""
    file = (await _completed(wide, channel_id="C0GENERAL"))["files"][0]["id"]
    deleted = await wide.call("files.delete", file=file)
    gone = await wide.call("files.info", file=file)
    own = wide.sim.upload("U0BOB", "mine.txt", b"mine")
    kept = await wide.call("files.delete", file=own["id"])

    assert deleted["ok"] is True
    assert gone["error"] == "file_not_found"
    assert wide.sim.messages("C0GENERAL")[0]["files"] == [{"id": file, "mode": "tombstone"}]
    assert kept["error"] == "cant_delete_file"


async def test_a_file_chosen_in_a_form_reaches_the_app(wide: Client) -> None:
    """As Slack's file object, whose address gives the content."""
    file = wide.sim.upload("U0BOB", "mine.txt", b"mine")
    async with wide.session.get(file["url_private_download"]) as answer:
        content = await answer.read()

    assert (file["name"], file["user"], file["mimetype"]) == ("mine.txt", "U0BOB", "text/plain")
    assert content == b"mine"
