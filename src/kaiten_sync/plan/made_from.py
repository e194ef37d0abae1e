"""Whether a plan was made from a declaration: the one beside it in git, for example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan.build import declared_fingerprint, desired_digest
from kaiten_sync.plan.places import with_places

_RULE = "not-made-from"


def not_made_from(plan: Plan, desired: DesiredState) -> tuple[Diagnostic, ...]:
    """What the declaration says that the plan does not know; nothing if it was made from it."""
    declared = {address: declared_fingerprint(r) for address, r in desired.resources.items()}
    if plan.desired_digest == desired_digest(desired) and plan.managed == declared:
        return ()
    return with_places(declared_since(plan.managed, declared), desired.places)


def declared_since(
    then: Mapping[Address, str], now: Mapping[Address, str]
) -> tuple[Diagnostic, ...]:
    """How one declaration differs from another, by the fingerprints of their objects."""
    rest = Diagnostic(rule=_RULE, message="who owns which grants, or what is protected")
    return tuple(_differences(then, now)) or (rest,)


def _differences(then: Mapping[Address, str], now: Mapping[Address, str]) -> Iterator[Diagnostic]:
    both = now.keys() & then.keys()
    for addresses, message in (
        (now.keys() - then.keys(), "declared since"),
        (then.keys() - now.keys(), "no longer declared"),
        ({each for each in both if now[each] != then[each]}, "declared differently"),
    ):
        for address in sorted(addresses, key=lambda each: each.sort_key):
            yield Diagnostic(rule=_RULE, message=message, address=str(address))
