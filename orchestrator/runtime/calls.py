"""Calling an author's function, whatever kind it is: plain, asynchronous, or a generator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import aclosing
from typing import Any

from orchestrator.runtime.context import NodeContext
from orchestrator.runtime.threads import run_in_thread

#: Takes what a generator yields; from any thread.
Tell = Callable[[Any], None]


class Halt:
    """Tells a thread to stop; it looks when it can, so that nothing has to wake it."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        """Tell it; from any thread."""
        self.is_set = True


class HaltedError(Exception):
    """The function is a generator that was told to stop, and did."""


def runs_on_loop(function: Any) -> bool:
    """Is this an asynchronous function or generator, or an instance with such a `__call__`?"""
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in (function, getattr(function, "__call__", None))  # noqa: B004 - its own
    )


async def call(function: Any, context: NodeContext, tell: Tell, halt: Halt) -> Any:
    """Call a function and return its result.

    Of a generator, that is what it returns, or else what it yielded last.

    Args:
        function: The author's function.
        context: What it is called with.
        tell: Told each value that a generator yields.
        halt: When it is set, a plain generator is closed at its next value.

    Raises:
        HaltedError: It was.
        Exception: What the function raises.
    """
    if runs_on_loop(function):
        return await _finish(function(context), tell)
    name = f"signoff-node-{context.node}"
    result = await run_in_thread(_call, function, context, tell, halt, name=name)
    # Such as a lambda around an asynchronous function.
    return await _finish(result, tell)


async def _finish(result: Any, tell: Tell) -> Any:
    try:
        return await _awaited(result, tell)
    except SystemExit as error:  # let through, it would end the server
        raise RuntimeError(repr(error)) from error


async def _awaited(result: Any, tell: Tell) -> Any:
    if inspect.isasyncgen(result):
        last = None
        async with aclosing(result):
            async for value in result:
                tell(value)
                last = value
        return last
    return await result if inspect.isawaitable(result) else result


def _call(function: Any, context: NodeContext, tell: Tell, halt: Halt) -> Any:
    result = function(context)
    return _drain(result, tell, halt) if inspect.isgenerator(result) else result


def _drain(values: Generator[Any, Any, Any], tell: Tell, halt: Halt) -> Any:
    last = None
    try:
        while True:
            try:
                last = next(values)
            except StopIteration as end:
                return last if end.value is None else end.value
            tell(last)
            if halt.is_set:
                raise HaltedError
    finally:
        values.close()
