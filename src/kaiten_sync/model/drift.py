"""Drift: how a live server differs from what git declares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.source import SourceRef


class DriftClass(StrEnum):
    """What kind of difference it is."""

    MISSING = "missing"
    CHANGED = "changed"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object that differs. In `fields`, before is live and after is git."""

    address: Address
    drift: DriftClass
    fields: tuple[FieldChange, ...] = ()
    effect: Effect = Effect.NEUTRAL
    source: SourceRef | None = None
    updated_at: str | None = None
    updated_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDiff:
    """All differences between a declaration and a live catalog, by address."""

    differences: tuple[Difference, ...]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """All differences of one target, and how many declared objects were compared."""

    target: TargetRef
    differences: tuple[Difference, ...]
    compared: int

    @property
    def has_drift(self) -> bool:
        """Whether anything declared differs. Unmanaged objects alone are not a difference."""
        return any(d.drift is not DriftClass.UNMANAGED for d in self.differences)
