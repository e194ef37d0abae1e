"""Turns of short work: one request at a time, while others wait without a thread.

Python's SQLite driver gives the interpreter's lock away for every row. Eight threads that read
pages side by side fight for it, and take together twice as long as one after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

PATIENCE_S = 1.0
"""Seconds after which a request is done without its turn: the one before it waits for something,
such as another program that keeps the database locked."""

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """Runs functions in threads, one at a time and in the order in which they came.

    An application may be used by one event loop after another, and a lock belongs to one.
    """

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises."""
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await turn.acquire()
        except TimeoutError:
            return await run_in_threadpool(function, *args, **kwargs)
        try:
            return await run_in_threadpool(function, *args, **kwargs)
        finally:
            turn.release()
