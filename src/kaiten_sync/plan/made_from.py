"""Whether a plan was made from a declaration: the one beside it in git, for example."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan.build import recorded
from kaiten_sync.plan.places import with_places

_RULE = "not-made-from"
_REST = "who owns which grants, or what is protected"
_REST_OF_FAMILIES = (
    "who owns which grants, what is protected,"
    " or `onTighten`, `reason` or `archiveReplaced` of a family"
)
"""What a plan has only in the digest of its declaration."""


def not_made_from(plan: Plan, desired: DesiredState) -> tuple[Diagnostic, ...]:
    """What the declaration says that the plan does not know; nothing if it was made from it."""
    record = recorded(desired)
    if (plan.desired_digest, plan.managed) == (record.digest, record.managed):
        return ()
    return with_places(declared_since(plan.managed, record.managed), desired.places)


def declared_since(
    then: Mapping[Address, str], now: Mapping[Address, str]
) -> tuple[Diagnostic, ...]:
    """How one declaration differs from another, by the fingerprints of their objects."""
    found: list[Diagnostic] = []
    both = now.keys() & then.keys()
    for addresses, message in (
        (now.keys() - then.keys(), "declared since"),
        (then.keys() - now.keys(), "no longer declared"),
        ({each for each in both if now[each] != then[each]}, "declared differently"),
    ):
        found += [
            Diagnostic(rule=_RULE, message=message, address=str(address))
            for address in sorted(addresses, key=lambda each: each.sort_key)
        ]
    has_families = any(each.kind == FAMILY.kind for each in both)
    rest = Diagnostic(rule=_RULE, message=_REST_OF_FAMILIES if has_families else _REST)
    return tuple(found) or (rest,)
