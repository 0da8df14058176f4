"""Synchronous functions in threads that do not keep the process from ending.

The standard library's pool joins its threads when the interpreter ends; a node that takes an hour
would make a server take an hour to stop.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def is_carried(error: BaseException) -> bool:
    """Can a future carry this? Others would end the event loop, such as that of `sys.exit()`."""
    is_plain = isinstance(error, Exception) and not isinstance(error, StopIteration)
    return is_plain or isinstance(error, asyncio.CancelledError)


def run_in_thread(function: Callable[..., Any], *arguments: Any, name: str) -> asyncio.Future[Any]:
    """Call a function in a thread of its own and return the future of its result.

    Cancelling the future does not stop the function.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def tell(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    def work() -> None:
        result, problem = None, None
        try:
            result = context.run(function, *arguments)
        except BaseException as error:  # noqa: BLE001 - the future carries it
            problem = error if is_carried(error) else RuntimeError(repr(error))
        with suppress(RuntimeError):  # the loop was closed; nobody waits any more
            loop.call_soon_threadsafe(tell, result, problem)

    threading.Thread(target=work, name=name, daemon=True).start()
    return future
