"""Finding what decisions are about: those that come at the same moment share a query."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby, islice

from sqlalchemy import bindparam, select

from orchestrator.store.approvals import tell_story
from orchestrator.store.reader import Reader
from orchestrator.store.records import OPEN, Question
from orchestrator.store.tables import AnyRow, events, runs

MOST = 32  # approvals of a query
_QUESTIONS = (
    select(
        events.c.approval_id,
        events.c.run_id,
        events.c.seq,
        events.c.at,
        events.c.kind,
        events.c.body,
        runs.c.graph,
        runs.c.version,
        runs.c.workspace,
    )
    .join(runs, runs.c.id == events.c.run_id)
    .order_by(events.c.approval_id, events.c.seq)
)
_ONE = _QUESTIONS.where(events.c.approval_id == bindparam("approval_id"))
_SOME = _QUESTIONS.where(events.c.approval_id.in_(bindparam("ids", expanding=True)))
_Callers = list["asyncio.Future[Question | None]"]


class Questions:
    """Looks approvals up, for many callers at once; used in one event loop."""

    def __init__(self, reader: Reader) -> None:
        """Set up.

        Args:
            reader: Where to look.
        """
        self._reader = reader
        self._wanted: dict[str, _Callers] = {}
        self._looks: set[asyncio.Task[None]] = set()

    async def find(self, approval_id: str) -> Question | None:
        """Return what must be known of an approval, by its full id.

        Raises:
            CorruptHistoryError: What was recorded of it does not add up.
            StoreUnavailableError: The database does not answer.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Question | None] = loop.create_future()
        if not self._wanted:
            loop.call_soon(self._begin)
        self._wanted.setdefault(approval_id, []).append(future)
        return await future

    def _begin(self) -> None:
        wanted, self._wanted = iter(self._wanted.items()), {}
        while some := dict(islice(wanted, MOST)):
            look = asyncio.create_task(self._look(some))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    async def _look(self, wanted: Mapping[str, _Callers]) -> None:
        try:
            rows = await self._fetch(list(wanted))
        except Exception as error:  # noqa: BLE001 - each caller is told
            for callers in wanted.values():
                _answer(callers, error)
            return
        found = {each: list(group) for each, group in groupby(rows, lambda row: row.approval_id)}
        for approval_id, callers in wanted.items():
            try:
                _answer(callers, _to_question(approval_id, found.get(approval_id, ())))
            except Exception as error:  # noqa: BLE001 - as above
                _answer(callers, error)

    async def _fetch(self, ids: Sequence[str]) -> list[AnyRow]:
        if len(ids) == 1:
            return await self._reader.fetch(_ONE, approval_id=ids[0])
        # The length of the list is part of the text, of which there shall be few.
        length = 1 << (len(ids) - 1).bit_length()
        filling = [ids[-1]] * (length - len(ids))
        return await self._reader.fetch(_SOME, ids=[*ids, *filling])


def _answer(callers: _Callers, answer: Question | Exception | None) -> None:
    for future in callers:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _to_question(approval_id: str, rows: Sequence[AnyRow]) -> Question | None:
    if not rows:
        return None
    row = rows[0]
    story = tell_story(row.run_id, rows)
    now = story.approval
    return Question(
        approval_id=approval_id,
        run_id=row.run_id,
        graph=row.graph,
        version=row.version,
        path=now.opened.path,
        kind=now.opened.kind,
        policy=now.policy,
        delegations=dict(now.delegations),
        digest=now.digest,
        is_open=story.status == OPEN,
        workspace=row.workspace,
        keys=story.keys,
    )
