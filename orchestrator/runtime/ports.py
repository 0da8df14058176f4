"""What the runtime needs from outside: the time, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.errors import ApproversError
from orchestrator.graph.policy import Approver, ApproverKind


class Clock(Protocol):
    """Where every instant comes from."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)


class Directory(Protocol):
    """Who an approver's name stands for."""

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """Return the ids of the people that a name stands for, never an empty set.

        Deactivated people are never among them, so that nothing lets them decide.

        Args:
            approver: The name.
            workspace: The chat workspace in which it is a name; "" where there is only one.

        Raises:
            ApproversError: Nobody is called that, the group is empty, or its people may not decide.
            DirectoryError: It could not be looked up now; nobody may be let through.
        """

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
        """Is this a bot, a guest, deactivated, or somebody of another organisation?

        Outsiders decide only where a policy allows for it.

        Raises:
            DirectoryError: It could not be looked up now; the person may not be let through.
        """


class StaticDirectory:
    """A directory that is known beforehand: user ids stand for themselves."""

    def __init__(
        self,
        members: Mapping[str, frozenset[str]] | None = None,
        *,
        outsiders: Collection[str] = (),
    ) -> None:
        """Take who is known.

        Args:
            members: Members of groups and channels, and owners of e-mail addresses, by name
                without the `@` or `#`.
            outsiders: Ids of people who are bots, guests, or of another organisation.
        """
        self._members = dict(members or {})
        self._outsiders = frozenset(outsiders)

    async def members(
        self,
        approver: Approver,
        *,
        workspace: str = "",  # noqa: ARG002 - the port's
    ) -> frozenset[str]:
        """See Directory."""
        if approver.kind is ApproverKind.USER:
            return frozenset({approver.name})
        found = self._members.get(approver.name)
        if not found:
            raise ApproversError(f"nobody stands behind the approver {approver}")
        return found

    async def is_outsider(
        self,
        person: str,
        *,
        workspace: str = "",  # noqa: ARG002 - the port's
    ) -> bool:
        """See Directory."""
        return person in self._outsiders
