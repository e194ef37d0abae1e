"""Decides what has to be read. Least privilege: nothing that the declaration does not touch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Prune, Scope

LISTED = (Kind.GROUP, Kind.ENTITLEMENT, Kind.LICENSE)
"""Kinds with a list of their own; grants are listed per license."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What to read: whole kinds, and the grants of some licenses (None: of all in scope)."""

    kinds: frozenset[Kind]
    grants_of: frozenset[str] | None = frozenset()


def need_of_plan(desired: DesiredState, prune: Prune, forgotten: Collection[Address] = ()) -> Need:
    """What planning a declaration takes.

    `forgotten` is what earlier plans managed and is no longer declared: if it is still there,
    it goes, a license with its grants.
    """
    if prune is Prune.ALL:
        return need_of_everything()
    declared = {address.kind for address in desired.resources}
    if Kind.GRANT in declared:
        declared |= {Kind.ENTITLEMENT, Kind.LICENSE}
    if _names_groups(desired):
        declared.add(Kind.GROUP)
    declared |= {address.kind for address in forgotten}
    going = {address.slug for address in forgotten if address.kind is Kind.LICENSE}
    return Need(kinds=frozenset(declared & set(LISTED)), grants_of=desired.owns_grants | going)


def need_of_everything() -> Need:
    """What a drift report or an export takes: all that is in scope."""
    return Need(kinds=frozenset(LISTED), grants_of=None)


def narrowed(live: LiveState, need: Need) -> LiveState:
    """A reading without the kinds that turn out not to be needed.

    What an earlier plan managed has to be looked for. Where it is gone already, that look must
    leave no trace: the plan is the same as one that never asked, and so can be made again.
    """
    unneeded = live.coverage.kinds - need.kinds
    if not unneeded:
        return live
    resources = {a: r for a, r in live.resources.items() if a.kind not in unneeded}
    coverage = replace(live.coverage, kinds=live.coverage.kinds - unneeded)
    return LiveState(resources=resources, coverage=coverage)


def is_needed(need: Need, scope: Scope, license_address: Address) -> bool:
    """Whether the grants of a license have to be read."""
    if need.grants_of is not None:
        return license_address.slug in need.grants_of
    return scope.covers(license_address)


def _names_groups(desired: DesiredState) -> bool:
    return any(
        resource.address.kind is Kind.ENTITLEMENT and resource.fields.get("groups")
        for resource in desired.resources.values()
    )
