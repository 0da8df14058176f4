"""What differs between databases: one class each, chosen by the URL; nothing else asks which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine import URL

if TYPE_CHECKING:
    from orchestrator.store.nodequeue import NodeQueue
    from orchestrator.store.statements import Write

_T = TypeVar("_T")
_KEY = "signoff"


class Fault(Enum):
    """What an error says about the database."""

    #: It cannot be reached, or is locked.
    AWAY = auto()
    #: It went away during a commit, and cannot be asked what came of that.
    DOUBT = auto()
    #: Somebody else was there at the same moment; another try may go through.
    COLLISION = auto()
    #: Somebody else has just taken a key, or one that is taken is asked for again and again.
    TAKEN = auto()
    #: Something is wrong with the rows or values of one unit.
    OWN = auto()
    #: It is no error of the database.
    OTHER = auto()


@dataclass(slots=True)
class News:
    """What a batch leaves that others may wait for."""

    has_deliveries: bool = False
    has_work: bool = False
    #: Runs that have stopped for a while or for good.
    runs: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return self.has_deliveries or self.has_work or bool(self.runs)


class Source(Protocol):
    """Connections that only read, in the caller's event loop."""

    async def open(self) -> None:
        """Connect; raises StoreUnavailableError."""

    async def close(self) -> None:
        """Disconnect."""

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a query, as the driver gives them; raises StoreUnavailableError."""


class Database(ABC):
    """One database; everything without `async` is called in the writer's thread.

    Attributes:
        name: For people; without a password.
        patience: For how long the writer tries again, in seconds.
    """

    #: Compiles what goes to the driver itself.
    dialect: ClassVar[Dialect]
    patience: ClassVar[float]
    #: Do several processes write at the same moment?
    is_shared: ClassVar[bool] = False

    def __init__(self, url: URL) -> None:
        self._url = url
        self.name = str(url.database)

    @abstractmethod
    async def look(self, work: Callable[[Connection], _T]) -> _T:
        """Do something on a connection in the caller's thread, before the writer has begun.

        Raises:
            StoreUnavailableError: The database cannot be opened.
        """

    @abstractmethod
    def migrate(self, work: Callable[[Connection], None]) -> None:
        """Do something to the schema in one transaction, alone; in a thread without a loop.

        Raises:
            StoreUnavailableError: The database cannot be opened, or is locked.
        """

    @abstractmethod
    def source(self) -> Source:
        """Return what only reads."""

    @abstractmethod
    def transact(self, work: Callable[[Connection, bool], _T]) -> _T:
        """Do something in a transaction of the writer's connection, and commit.

        `work` is told whether nobody else may have written since the last time; where that is
        true, what the writer remembers is compared in `fetch_runs` instead or need not be.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the writer's connection; in its thread, or when that has ended."""

    @abstractmethod
    def fault(self, error: BaseException) -> Fault:
        """Say what an error means."""

    @abstractmethod
    def reason(self, error: BaseException) -> str:
        """Say in one line what the database said."""

    @abstractmethod
    def run(self, connection: Connection, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run a statement by the driver itself, which costs a fraction; return its rows."""

    @abstractmethod
    def write(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Run statements by the driver itself, each for all of its rows.

        No row may be written twice: which statement is carried out first is not said.
        """

    @staticmethod
    @abstractmethod
    def insert(table: Any) -> Any:
        """Return an insert that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""

    @staticmethod
    @abstractmethod
    def instant(value: Any) -> Any:
        """Return an instant, or its text, as the driver takes it."""

    @abstractmethod
    def fetch_runs(
        self, connection: Connection, run_ids: Sequence[str], known: Mapping[str, tuple[int, str]]
    ) -> Iterable[tuple[str, int, str, str | None]]:
        """Lock runs; yield id, number and hash of the newest event, and the checkpoint.

        Runs that do not exist are left out. The checkpoint is None where `known`, by run, says
        what is there.
        """

    @abstractmethod
    def fetch_events(
        self, connection: Connection, wanted: Sequence[tuple[str, int]]
    ) -> Iterable[tuple[str, int, Any, str, str]]:
        """Yield run, number, instant as the driver gives it, kind and body of single events."""

    def make_queue(self, submit: Callable[[Any], Awaitable[Any]]) -> NodeQueue | None:  # noqa: ARG002 - of those that have one
        """Return where ready nodes are jobs; None: they are found by looking.

        Args:
            submit: Has the writer carry a unit out.
        """
        return None

    def hold(self, connection: Connection, *names: str) -> None:  # noqa: B027 - usual
        """Keep others from what goes by these names until the transaction ends.

        Nothing is to be done where a transaction holds the whole database.
        """

    def note(  # noqa: B027 - usual
        self,
        connection: Connection,
        *,
        deliveries: bool = False,
        work: bool = False,
        runs: Iterable[str] = (),
    ) -> None:
        """Have other processes told, once the transaction is committed, where that is possible."""

    async def listen(  # noqa: B027 - usual
        self, tell: Callable[[News], None]
    ) -> None:
        """Tell what other processes note, until cancelled; returns where nobody can be heard."""


def adopt(database: Database, info: Any) -> None:
    """Remember whose connection it is."""
    info[_KEY] = database


def database_of(connection: Connection) -> Database:
    """Return the database of a connection that the store has made."""
    found: Database = connection.info[_KEY]
    return found
