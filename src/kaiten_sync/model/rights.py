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


_CATALOG: tuple[Module, ...] = ("entitlements", "licenses")


class Rights(Immutable, frozen=True, kw_only=True):
    """The scopes that a token has, of those that this program can use."""

    granted: frozenset[Right]

    @property
    def may_plan(self) -> bool:
        """Whether `plan` and `drift` can read the catalog."""
        return all(Right("read", module) in self.granted for module in _CATALOG)

    @property
    def may_apply(self) -> bool:
        """Whether `apply` can write all of the catalog."""
        return self.may_plan and all(Right("write", module) in self.granted for module in _CATALOG)

    @property
    def sees_holders(self) -> bool:
        """Whether `plan` and `impact` can read holders and their usage."""
        return Right("read", "instances") in self.granted
