"""Turns of short work: one request at a time, while others wait without a thread.

Python's SQLite driver gives the interpreter's lock away for every row. Eight threads that read
pages side by side fight for it, and take together twice as long as one after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

PATIENCE_S = 1.0
"""Seconds after which a request is done without its turn: the one before it waits for something,
such as another program that keeps the database locked."""

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """Runs functions in a thread, one at a time and in the order in which they came.

    What waits is in the thread's own queue: it takes the next one before the event loop has looked
    at what became of the last.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="turn")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises."""
        turn = self._thread.submit(function, *args, **kwargs)
        result = asyncio.wrap_future(turn)
        try:
            await asyncio.wait({result}, timeout=PATIENCE_S)
        except asyncio.CancelledError:
            turn.cancel()  # nobody waits for it
            raise
        if turn.cancel():  # it has not begun
            return await run_in_threadpool(function, *args, **kwargs)
        return await result
