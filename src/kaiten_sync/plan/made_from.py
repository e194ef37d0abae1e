"""Whether a plan was made from a declaration: the one beside it in git, for example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan.build import declared_fingerprint, desired_digest


def not_made_from(plan: Plan, desired: DesiredState) -> tuple[str, ...]:
    """What the declaration says that the plan does not know; nothing where it was made from it."""
    declared = {address: declared_fingerprint(r) for address, r in desired.resources.items()}
    if plan.desired_digest == desired_digest(desired) and plan.managed == declared:
        return ()
    return declared_since(plan.managed, declared)


def declared_since(then: Mapping[Address, str], now: Mapping[Address, str]) -> tuple[str, ...]:
    """How one declaration differs from another, by the fingerprints of their objects."""
    return tuple(_differences(then, now)) or ("who owns which grants, or what is protected",)


def _differences(then: Mapping[Address, str], now: Mapping[Address, str]) -> Iterator[str]:
    for address in _sorted(now.keys() - then.keys()):
        yield f"{address}: declared since"
    for address in _sorted(then.keys() - now.keys()):
        yield f"{address}: no longer declared"
    for address in _sorted(now.keys() & then.keys()):
        if now[address] != then[address]:
            yield f"{address}: declared otherwise"


def _sorted(addresses: set[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: address.sort_key)
