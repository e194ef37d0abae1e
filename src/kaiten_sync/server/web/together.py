"""Answers requests together: those that wait while others are answered are the next group.

Nobody waits for a group to fill. A request that comes alone is answered alone and at once; the
more come, the larger the groups, and the less each costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

MOST_TOGETHER = 64
"""Requests of one group. A transaction of more would make those behind it wait, and saves little:
its own cost is shared by many already."""

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(slots=True)
class _WaitingLine(Generic[Q, A]):
    """The requests that wait in one event loop, and the task that answers them."""

    waiting: deque[tuple[Q, asyncio.Future[A]]] = field(default_factory=deque)
    answering: asyncio.Task[None] | None = None


class Together(Generic[Q, A]):
    """Answers with a function that takes a group and returns for each an answer or what it raises.

    The function runs in a thread, for one group at a time, and groups are in the order in which
    their requests came.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A | Exception]]) -> None:
        self._answer = answer
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _WaitingLine[Q, A]] = (
            WeakKeyDictionary()
        )

    async def ask(self, question: Q) -> A:
        """The answer to one request; raises what the function returned for it."""
        loop = asyncio.get_running_loop()
        line: _WaitingLine[Q, A] = self._lines.setdefault(loop, _WaitingLine())
        answer: asyncio.Future[A] = loop.create_future()
        line.waiting.append((question, answer))
        # Whoever finds nobody answering begins. All who come meanwhile are the next group.
        if line.answering is None:
            line.answering = loop.create_task(self._answer_line(line))
        return await answer

    async def _answer_line(self, line: _WaitingLine[Q, A]) -> None:
        try:
            while line.waiting:
                size = min(len(line.waiting), MOST_TOGETHER)
                await self._answer_group([line.waiting.popleft() for _ in range(size)])
        finally:
            line.answering = None

    async def _answer_group(self, group: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        outcomes: Sequence[A | Exception]
        try:
            questions = [question for question, _ in group]
            loop = asyncio.get_running_loop()
            outcomes = await loop.run_in_executor(None, self._answer, questions)
        except Exception as error:  # noqa: BLE001  it is the answer to each of them
            outcomes = [error] * len(group)
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if answer.done():  # its request was canceled
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
