"""Drift: how a live server differs from what git declares."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, NO_UNITS, Json, Unit, is_alike

if TYPE_CHECKING:
    from kaiten_sync.model.plan import TargetRef


class DriftClass(StrEnum):
    """Declared and not live, both and not alike, or live and not declared."""

    MISSING = "missing"
    CHANGED = "changed"
    UNMANAGED = "unmanaged"


class Verdict(StrEnum):
    """The name of a difference, gravest first.

    Only a committed plan, the record of what was agreed, shows which side has changed: the
    server, git, or both. Without one, a difference is `changed`.
    """

    CONFLICT = "conflict"
    MISSING = "missing"
    SERVER_EDITED = "server-edited"
    CHANGED = "changed"
    GIT_AHEAD = "git-ahead"
    UNMANAGED = "unmanaged"


class Difference(Compact, frozen=True, kw_only=True):
    """One object that differs. In `fields`, before is live and after is git.

    `moved` says which side did since the plan was agreed, None if that is not known or
    follows from `drift`; `server_edited` names the fields that did on the server, None if
    that is not known. `agreed` has the agreed value of each field that was managed then, None
    if that is not known. `declared_by` is who wrote the declaration, None if git does not
    say. `is_drift` says whether the difference counts: something that nobody declared does where
    the declaration owns the place, and where a plan would delete it. `units` are those of its
    number, live and in git. `version` is the slug of the version that a family is compared with.
    """

    address: Address
    drift: DriftClass
    fields: tuple[FieldChange, ...] = ()
    effect: Effect = Effect.NEUTRAL
    source: SourceRef | None = None
    updated_at: str | None = None
    updated_by: str | None = None
    moved: Verdict | None = None
    server_edited: tuple[str, ...] | None = None
    agreed: Mapping[str, Json] | None = None
    declared_by: Attribution | None = None
    is_drift: bool = True
    units: tuple[Unit, Unit] = NO_UNITS
    version: str | None = None
    adopted_with: tuple[Address, ...] | None = None
    """What has to be adopted for it to be; None for itself, empty if that is not possible."""

    @property
    def subject(self) -> str:
        """The object for people, with the version of a family that it is compared with."""
        return str(self.address) if self.version is None else f"{self.address} ({self.version})"

    @property
    def changed_in_git(self) -> tuple[str, ...]:
        """The fields whose declared value is not the agreed one; none if that is not known."""
        if self.agreed is None:
            return ()
        after = {each.name: None if each.after is ABSENT else each.after for each in self.fields}
        return tuple(
            name
            for name, value in after.items()
            if name not in self.agreed or not is_alike(value, self.agreed[name])
        )

    @property
    def verdict(self) -> Verdict:
        """What the difference is called."""
        return Verdict(self.drift) if self.moved is None else self.moved


class CatalogDiff(Immutable, frozen=True, kw_only=True):
    """All differences between a declaration and a live catalog, by address."""

    differences: tuple[Difference, ...]
    unchanged: int

    def without_missing(self) -> CatalogDiff:
        """The same without what is declared and not live."""
        kept = tuple(each for each in self.differences if each.drift is not DriftClass.MISSING)
        return self.changed(differences=kept)


class DriftReport(Immutable, frozen=True, kw_only=True):
    """All differences of one target, and how many declared objects were compared.

    `agreed` says where the committed plan is, None without one. `unknown` says what could not be
    told, and why. `words` are those of the command line that name catalog and target, `named_plan`
    is the committed plan that it names, and `usual_plan` is where the project looks for one, so
    that the next command can be given.
    """

    target: TargetRef
    differences: tuple[Difference, ...]
    compared: int
    agreed: str | None = None
    unknown: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    named_plan: str | None = None
    usual_plan: str | None = None

    @property
    def has_drift(self) -> bool:
        """Whether anything differs that counts."""
        return any(difference.is_drift for difference in self.differences)
