"""Migrations: moving the holders of a license family to one of its versions."""

from __future__ import annotations

from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.settings import Limit


class Stays(StrEnum):
    """Why a migration leaves a holder where it is."""

    OVER = "over"
    """It uses more than the version accepts."""
    LOSES = "loses"
    """It would lose something whose use is not metered."""
    UNKNOWN = "unknown"
    """Whether it would be over is not certain."""
    LATER = "later"
    """It comes with a later wave."""
    SKIPPED = "skipped"
    """A person left it out by name."""
    NOT_CHOSEN = "not-chosen"
    """It is none of those whom `--where` means."""


class Staying(Immutable, frozen=True, kw_only=True):
    """A holder that stays, the version that it keeps, and why."""

    address: Address
    version: str
    why: Stays


class Migration(Immutable, frozen=True, kw_only=True):
    """What a migration plan moves: holders of a family's other versions `to` one of them.

    `holders` counts all present holders of the other versions; `wave` is the share of them that
    the plan takes at most, None for all, and `where` the expression that chooses among them.
    `stays` are those that it leaves, in address order.
    """

    family: str
    to: Address
    holders: int
    wave: Limit | None = None
    where: str | None = None
    stays: tuple[Staying, ...] = ()

    def most(self) -> int:
        """The most holders that the wave takes."""
        return share_of(self.holders, self.wave)


def share_of(holders: int, wave: Limit | None) -> int:
    """The most of some holders that a wave takes: a share rounded down, at least one."""
    if wave is None:
        return holders
    if wave.count is not None:
        return max(1, wave.count)
    return max(1, holders * (wave.percent or 0) // 100)
