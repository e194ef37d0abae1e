"""Changes: one difference each, with what to do about it and whom it hurts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from kaiten_sync.model.address import Address
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json


class Action(str):
    """What to do: one of the three of every kind, or a move of a kind's table."""

    __slots__ = ()
    CREATE: ClassVar[Action]
    UPDATE: ClassVar[Action]
    DELETE: ClassVar[Action]


Action.CREATE = Action("create")
Action.UPDATE = Action("update")
Action.DELETE = Action("delete")


class Effect(StrEnum):
    """The effect of a change on holders of the license, mildest first."""

    NEUTRAL = "neutral"
    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    BREAKS = "breaks"

    @property
    def is_harmful(self) -> bool:
        """Whether it takes something from holders."""
        return self in (Effect.TIGHTENS, Effect.BREAKS)


class InnerChange(Compact, frozen=True, kw_only=True):
    """One difference inside a CONFIG value, for display. `path` is such as `theme.colors[0]`."""

    path: str
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT


def path_into(path: str, step: str | int) -> str:
    """The path of a place one step further inside a CONFIG value: a key, or a list's index."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


class FieldChange(Compact, frozen=True, kw_only=True):
    """One field, before and after; ABSENT where the object does not exist on that side."""

    name: str
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT
    # Judged from the two values; whoever reads a plan judges it again and believes no file.
    effect: Effect = Effect.NEUTRAL
    source: SourceRef | None = None
    # For display. The whole value is written, whatever is listed here.
    inner: tuple[InnerChange, ...] = ()


class Change(Compact, frozen=True, kw_only=True):
    """One operation of a plan.

    `depends_on` holds the ids of those that must be done first. `reason` is for people and steers
    nothing. `declared_as` is the object that is declared, if it is another than the one that is
    changed: a family has its version changed.
    """

    address: Address
    action: Action
    fields: tuple[FieldChange, ...] = ()
    effect: Effect = Effect.NEUTRAL
    # For people. Declarations must not be compared by it: every line added above moves it.
    source: SourceRef | None = None
    reason: str | None = None
    # Ids of changes that are earlier in the plan: a reader need not look ahead.
    depends_on: tuple[str, ...] = ()
    declared_as: Address | None = None

    @property
    def id(self) -> str:
        """Readable, and unique in its plan (`update:license/growth`)."""
        return change_id(self.action, self.address)

    @property
    def declared(self) -> Address:
        """The object as it is declared."""
        return self.declared_as or self.address

    @property
    def subject(self) -> str:
        """The object for people: as it is declared, and the version of it that is changed."""
        return subject_of(self.address, self.declared_as)


def subject_of(address: Address, declared_as: Address | None) -> str:
    """An object for people: `family/growth/grant/seats (growth-v2)` for one of a family's."""
    if declared_as is None or declared_as == address:
        return str(address)
    return f"{declared_as} ({address.root.slug})"


def changed_again(changes: Iterable[Change]) -> set[Address]:
    """The objects that have several changes. Almost all have one."""
    seen: set[Address] = set()
    again: set[Address] = set()
    for change in changes:
        (again if change.address in seen else seen).add(change.address)
    return again


def gone_with_parent(changes: Iterable[Change]) -> frozenset[Address]:
    """What is deleted only because the object that it is in is deleted."""
    gone = {each.address for each in changes if each.action == Action.DELETE}
    return frozenset(address for address in gone if address.parent in gone)


def change_id(action: Action, address: Address) -> str:
    """The readable id of a change."""
    return f"{action}:{address}"
