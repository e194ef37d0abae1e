"""Licenses whose grants are tightened under their holders, which `onTighten: refuse` forbids.

Families are not looked at here: each says itself what becomes of a change that tightens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaiten_sync.families import version_address
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.family import WhenTightened
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import OnTighten, Policy
from kaiten_sync.plan.held import holding_of
from kaiten_sync.plan.leaving import deleted
from kaiten_sync.plan.protection import Consent

Tightened = Mapping[Address, Sequence[Address]]
"""Live licenses, each with its grants that are lowered or deleted."""


def tightened(
    differences: Iterable[Difference],
    going: Collection[Address],
    versions: Collection[Address],
    policy: Policy,
) -> Tightened:
    """The licenses that stay with less; none unless the policy refuses that.

    `going` is all that is deleted, `versions` the versions that families chose.
    """
    found: dict[Address, list[Address]] = defaultdict(list)
    if policy.on_tighten is not OnTighten.REFUSE:
        return found
    for each in differences:
        parent = each.address.parent
        if parent is None or parent in going or parent in versions:
            continue
        is_lowered = each.drift is DriftClass.CHANGED and each.effect.is_harmful
        can_be_held = spec_of(parent.kind).held_by is HeldBy.INSTANCES
        if can_be_held and (is_lowered or each.address in going):
            found[parent].append(each.address)
    return found


def tightening_needs(found: Tightened, holders: Holders) -> Iterator[Consent]:
    """Each grant of which holders would lose something, or whose holders could not be listed."""
    for license_, grants in found.items():
        holding = holding_of(holders, license_, ())
        # Its holders were listed, and there are none: no instance loses anything.
        if holding is None and license_ in holders.checked:
            continue
        if holding is None:
            why = f" ({holders.gap})" if holders.gap is not None else ""
            holding = f"its holders could not be listed{why}"
        for grant in grants:
            yield Consent(
                address=grant,
                diagnostic=Diagnostic(
                    rule="license-held",
                    message=f"{license_} would grant less, and `onTighten` is refuse: {holding}",
                    address=str(grant),
                    hint="declare the license below `families`: then holders keep the version that"
                    f" they bought; or pass --allow {grant}",
                ),
            )


def unproven(plan: Plan, policy: Policy, declared: DesiredState) -> Iterator[Diagnostic]:
    """What a plan file takes from holders although the project at hand does not let it.

    Nothing is taken if nobody holds the license, which the plan then rests on. A license that is
    not declared may be a version of a declared family, whatever the plan says of that.
    """
    unheld = {each.address for each in plan.observed if each.unheld}
    chosen = {version_address(c.address, c.version): c for c in plan.families if c.version}
    settled = unheld | deleted(plan.changes)
    for change in plan.changes:
        license_ = change.address.parent
        if license_ is None or license_ in settled:
            continue
        if not change.effect.is_harmful or spec_of(license_.kind).held_by is not HeldBy.INSTANCES:
            continue
        choice = chosen.get(license_)
        terms = None if choice is None else declared.terms.get(choice.address)
        if terms is not None:
            may_be = terms.when_tightened is WhenTightened.IN_PLACE
        elif declared.terms and license_ not in declared.resources:
            may_be = False
        else:
            is_allowed = not plan.guards.allowed.isdisjoint((license_, change.address))
            may_be = is_allowed or policy.on_tighten is not OnTighten.REFUSE
        if not may_be:
            yield Diagnostic(
                rule="license-held",
                message=f"{license_} would grant less, and the plan does not require that it has no"
                " holders",
                address=str(change.address),
                hint="`onTighten` does not allow that; make the plan again",
            )
