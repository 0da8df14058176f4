"""What all workspaces of one simulator share: the app, the clock, the log, the faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.simulator.changes import Changes
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Faults
from bot.simulator.log import Log
from bot.simulator.manifest import App
from bot.simulator.timing import Timing

if TYPE_CHECKING:
    from bot.simulator.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An OAuth code that was not exchanged yet."""

    redirect_uri: str
    user: str
    team: str
    scopes: tuple[str, ...]
    is_org: bool = False


class Site:
    """The simulator's side of everything that is there once.

    Attributes:
        url: The simulator's own address, known once it listens.
        install_url: The app's own page for its installation, if it has one.
        is_preinstalled: The first workspace has the app from the start.
        codes: OAuth codes not exchanged yet.
        last_message: When each channel got its newest message, for the rate limit.
        workspaces: All workspaces by their id, the first one first.
    """

    def __init__(self, app: App, *, clock: Callable[[], float], timing: Timing) -> None:
        self.app = app
        self.clock = clock
        self.timing = timing
        self.changes = Changes()
        self.log = Log(clock, lambda number: self.changes.publish({"type": "log", "n": number}))
        self.faults = Faults()
        self.url = ""
        self.install_url = ""
        self.is_preinstalled = True
        self.codes: dict[str, Code] = {}
        self.last_message: dict[str, float] = {}
        self.workspaces: dict[str, Workspace] = {}

    @property
    def main(self) -> Workspace:
        """The first workspace, which also keeps what belongs to none."""
        return next(iter(self.workspaces.values()))

    def workspace_of(self, user: str) -> Workspace:
        """Return the workspace that a person belongs to.

        Raises:
            SimulatorError: There is nobody with that id.
        """
        for workspace in self.workspaces.values():
            if user in workspace.world.users:
                return workspace
        raise SimulatorError(f"there is no person {user!r} in this workspace")

    def of_organisation(self, enterprise: str) -> list[Workspace]:
        """Return the workspaces of an organisation."""
        return [item for item in self.workspaces.values() if item.team.enterprise_id == enterprise]

    def holding(self, things: Iterable[str], among: Iterable[Workspace]) -> Workspace | None:
        """Return the workspace in which one of these ids or addresses is known, or None."""
        wanted = [thing for thing in things if thing]
        for workspace in among:
            if any(thing in table for thing in wanted for table in _tables(workspace)):
                return workspace
        return None


def _tables(workspace: Workspace) -> Iterator[Iterable[str]]:
    world = workspace.world
    yield from (world.channels, world.users, world.views, world.triggers, world.usergroups)
    yield from (world.files, world.executions, world.scheduled)
