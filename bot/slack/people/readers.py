"""Who may read a question or a run: those it concerns, and those who can see where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import ApprovalNotFoundError, ApproversError, DirectoryError
from orchestrator.graph.policy import Approver, ApproverKind, parse_approver
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Rule, Run

_MOST = 200  # questions of a run whose places are looked at


class Reader:
    """One person who wants to read. What is looked up is kept, so make one for each request.

    Args of the constructor:
        engine: Knows the graphs, the questions and where they stand.
        directory: Who approvers' names stand for, and what channels are.
        person: Who.
        channel: Where everything is asked whose gate names no channel.
        operators: Who gets what cannot be asked in any channel.
    """

    def __init__(
        self,
        engine: Engine,
        directory: SlackDirectory,
        person: str,
        *,
        channel: str,
        operators: Iterable[str] = (),
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._person = person
        self._channel = channel
        self._operators = tuple(map(parse_approver, operators))
        self._names: dict[Approver, bool] = {}
        self._channels: dict[str, bool] = {}
        self._is_member: bool | None = None

    async def may_read(self, approval: Approval) -> bool:
        """May the person read a question? In doubt, they may not."""
        return await self._concerns(approval.run, [approval]) or await self._sees(
            await self._place_of(approval)
        )

    async def may_read_run(self, run: Run) -> bool:
        """May the person read a run? It stands in all the channels of its questions."""
        if await self._concerns(run):
            return True
        approvals = await self._engine.list_approvals(run.id)
        if await self._concerns(run, approvals):
            return True
        if len(approvals) > _MOST:
            return False
        places = {await self._place_of(each) for each in approvals} or self._places_ahead(run)
        return all([await self._sees(each) for each in sorted(places)])

    async def may_read_rule(self, rule: Rule) -> bool:
        """May the person read a standing rule: their own, or one granted where they may read?"""
        if rule.by == self._person:
            return True
        try:
            approval = await self._engine.get_approval(rule.approval_id)
        except ApprovalNotFoundError:  # another workspace's
            return False
        return await self.may_read(approval)

    async def _concerns(self, run: Run, approvals: Sequence[Approval] = ()) -> bool:
        """Have they asked for it, or could they decide something in it?"""
        person = self._person
        if run.requester == person:
            return True
        for each in approvals:
            if person in each.delegations or any(person == answer.by for answer in each.answers):
                return True
        graph = self._engine.graphs.get(run.graph)
        declared = (*graph.approvers, *graph.operators, *graph.starters) if graph else ()
        asked = (name for each in approvals for name in each.policy.everybody())
        for name in dict.fromkeys([*self._operators, *declared, *asked]):
            if await self._is_among(name):
                return True
        return False

    async def _is_among(self, name: Approver) -> bool:
        if name not in self._names:
            self._names[name] = await self._look_up(name)
        return self._names[name]

    async def _look_up(self, name: Approver) -> bool:
        if name.kind is ApproverKind.USER:
            return name.name == self._person
        # Guests and outsiders may only decide where a list names them by their id.
        return await self._is_full_member() and await self._is_in(name)

    async def _is_in(self, name: Approver) -> bool:
        try:
            return self._person in await self._directory.members(name)
        except (ApproversError, DirectoryError):
            return False

    async def _is_full_member(self) -> bool:
        if self._is_member is None:
            try:
                self._is_member = not await self._directory.is_outsider(self._person)
            except (ApproversError, DirectoryError):
                self._is_member = False
        return self._is_member

    async def _place_of(self, approval: Approval) -> str:
        """Return the channel a question stands in, or before it was posted, belongs in."""
        message = await self._engine.find_message(approval.id)
        return message.channel if message is not None else approval.channel or self._channel

    def _places_ahead(self, run: Run) -> set[str]:
        """Return where a run that has asked nothing yet may ask."""
        graph = self._engine.graphs.get(run.graph)
        nodes = graph.every_node() if graph is not None else ()
        gates = [gate for node in nodes for _, gate in getattr(node, "gates", ())]
        return {gate.channel for gate in gates if gate.channel} | {self._channel}

    async def _sees(self, channel: str) -> bool:
        if channel not in self._channels:
            self._channels[channel] = await self._can_see(channel)
        return self._channels[channel]

    async def _can_see(self, channel: str) -> bool:
        try:
            name = parse_approver(channel)
        except ValueError:
            return False
        if name.kind is not ApproverKind.CHANNEL:  # direct messages are their readers' alone
            return False
        is_open = await self._is_full_member() and await self._directory.is_public(channel)
        return is_open or await self._is_in(name)
