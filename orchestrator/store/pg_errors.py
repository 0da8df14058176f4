"""What errors of PostgreSQL mean: https://www.postgresql.org/docs/current/errcodes-appendix.html."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orchestrator.store.database import Fault

#: A deadlock, or a row that changed, or the schema did; a key that is taken.
_COLLISIONS, _TAKEN = ("40001", "40P01", "0A000"), "23505"
#: Classes: the connection, credentials, no such database, resources, an operator, the system.
_AWAY_CLASSES = ("08", "28", "3D", "53", "57", "58", "XX")
#: A lock that was waited for too long, a transaction that slept, a server that only reads.
_AWAY = ("55P03", "25P03", "25006")
#: Those after which the connection is of no use.
_LOST_CLASSES = ("08", "57P", "58", "XX")


class LostError(Exception):
    """The connection was lost, and nothing was committed."""


class DoubtError(Exception):
    """The connection was lost during the commit, and it could not be found out what came of it."""


def fault(error: BaseException) -> Fault:
    """Say what an error means."""
    found = _innermost(error)
    if isinstance(found, DoubtError):
        return Fault.DOUBT
    if is_lost(error):
        return Fault.AWAY
    if not isinstance(found, asyncpg.PostgresError):
        is_own = isinstance(found, SQLAlchemyError | asyncpg.InterfaceError)
        return Fault.OWN if is_own else Fault.OTHER
    state = found.sqlstate or ""
    if state == _TAKEN:
        return Fault.TAKEN
    if state in _COLLISIONS:
        return Fault.COLLISION
    return Fault.AWAY if state in _AWAY or state[:2] in _AWAY_CLASSES else Fault.OWN


def is_lost(error: BaseException) -> bool:
    """Is the connection of no use after this?"""
    found = _innermost(error)
    if isinstance(found, asyncpg.PostgresError):
        state = found.sqlstate or ""
        return state.startswith(_LOST_CLASSES) or state == "25P03"
    if isinstance(found, asyncpg.InterfaceError):
        return not isinstance(found, ValueError)  # that is a value of the wrong type
    return isinstance(found, OSError | TimeoutError | LostError)


def reason(error: BaseException) -> str:
    """Say in one line what the server said, or what became of the connection."""
    found = _innermost(error)
    return " ".join(str(found).split()) or type(found).__name__


def _innermost(error: BaseException) -> BaseException:
    """Return the driver's own error from inside of SQLAlchemy's."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, BaseException):
        return error.orig.__cause__ or error.orig
    return error
