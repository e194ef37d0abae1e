"""What a token may do on a server, as far as this program asks for it."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from kaiten_sync.immutable import Immutable

Access: TypeAlias = Literal["read", "write"]
Module: TypeAlias = Literal["entitlements", "instances", "licenses"]


class Right(NamedTuple):
    """One scope; writes as `read:licenses`."""

    access: Access
    module: Module

    def __str__(self) -> str:
        return f"{self.access}:{self.module}"


CATALOG: tuple[Module, ...] = ("entitlements", "licenses")
"""The modules that the whole catalog takes."""


class Rights(Immutable, frozen=True, kw_only=True):
    """The scopes that a token has, of those that this program can use.

    `needed` are the modules of what a project owns and of what that refers to; `written` are those
    of what it owns.
    """

    granted: frozenset[Right]
    needed: tuple[Module, ...] = CATALOG
    written: tuple[Module, ...] = CATALOG

    @property
    def may_plan(self) -> bool:
        """Whether `plan` and `drift` can read what the project owns of the catalog."""
        return self.granted.issuperset(self.to_plan)

    @property
    def may_apply(self) -> bool:
        """Whether `apply` can write all that the project owns of the catalog."""
        return self.may_plan and self.granted.issuperset(
            Right("write", module) for module in self.written
        )

    @property
    def to_plan(self) -> tuple[Right, ...]:
        """What `plan` takes."""
        return tuple(Right("read", module) for module in self.needed)

    @property
    def to_apply(self) -> tuple[Right, ...]:
        """What `apply` takes. Who may write may read."""
        return tuple(
            Right("write" if module in self.written else "read", module) for module in self.needed
        )

    @property
    def sees_holders(self) -> bool:
        """Whether `plan` and `impact` can read holders and their usage."""
        return Right("read", "instances") in self.granted
