"""Whether a plan was made from a declaration: the one beside it in git, for example."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan.build import declared_fingerprint, desired_digest


def not_made_from(plan: Plan, desired: DesiredState) -> tuple[str, ...]:
    """What the declaration says that the plan does not know; nothing where it was made from it."""
    if plan.desired_digest == desired_digest(desired):
        return ()
    return tuple(_differences(plan, desired)) or ("who owns which grants, or what is protected",)


def _differences(plan: Plan, desired: DesiredState) -> Iterator[str]:
    now = {address: declared_fingerprint(r) for address, r in desired.resources.items()}
    for address in _sorted(now.keys() - plan.managed.keys()):
        yield f"{address}: declared since"
    for address in _sorted(plan.managed.keys() - now.keys()):
        yield f"{address}: no longer declared"
    for address in _sorted(now.keys() & plan.managed.keys()):
        if now[address] != plan.managed[address]:
            yield f"{address}: declared otherwise"


def _sorted(addresses: set[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: address.sort_key)
