"""Turns of short work: who works when, and who does not wait for ever."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest
from tests.support.processes import HANG_S

from kaiten_sync.server.web import turns
from kaiten_sync.server.web.turns import Turns


def test_one_works_at_a_time_and_in_order() -> None:
    working, done, most = 0, [], 0

    def work(number: int) -> int:
        nonlocal working, most
        working += 1
        most = max(most, working)
        os.sched_yield()
        working -= 1
        done.append(number)
        return number

    line = Turns()

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*(line.run(work, number) for number in range(20)))

    for _ in range(2):  # in one event loop after another
        assert asyncio.run(all_at_once()) == list(range(20))
    assert done == [*range(20)] * 2
    assert most == 1


def test_a_failure_gives_its_turn_away() -> None:
    async def both() -> tuple[object, object]:
        line = Turns()
        return await asyncio.gather(
            line.run(int, "one"), line.run(int, "2"), return_exceptions=True
        )

    failure, number = asyncio.run(both())
    assert isinstance(failure, ValueError)
    assert number == 2


def test_work_that_waits_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    other_is_done = threading.Event()

    async def both() -> list[object]:
        line = Turns()
        waits, sets = line.run(other_is_done.wait, HANG_S), line.run(other_is_done.set)
        return [*await asyncio.gather(waits, sets)]

    assert asyncio.run(both()) == [True, None]
