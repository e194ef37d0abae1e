"""Putting changes in order costs no more for each of them in a large license."""

from __future__ import annotations

import pytest
from tests.support.values import address, live_state

from kaiten_sync.model.change import Action, Change, Effect, change_id
from kaiten_sync.plan.families import Families
from kaiten_sync.plan.order import in_order

NOBODY = Families(of={}, members={})


class Counted(str):
    """A text that counts how often it is looked up."""

    __slots__ = ()
    looked_up = 0

    def __hash__(self) -> int:
        Counted.looked_up += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


def grant(number: int, action: Action, effect: Effect = Effect.NEUTRAL) -> Change:
    where = address(f"license/growth/grant/quota-{number:05}")
    return Change(address=where, action=action, fields=(), effect=effect)


def looked_up(count: int) -> int:
    """One grant is lowered, and waits until so many others are created."""
    lowered = grant(0, Action.UPDATE, Effect.TIGHTENS)
    created = [grant(number, Action.CREATE) for number in range(1, count + 1)]
    Counted.looked_up = 0
    found = in_order([lowered, *created], NOBODY, live_state())
    assert found[-1].address == lowered.address
    assert len(found[-1].depends_on) == count
    return Counted.looked_up


def test_what_waits_for_many_looks_at_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = property(lambda change: Counted(change_id(change.action, change.address)))
    monkeypatch.setattr(Change, "id", counted)
    looked_up(10)
    assert Counted.looked_up > 10
    assert looked_up(2_000) < 3 * looked_up(1_000)
