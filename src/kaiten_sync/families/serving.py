"""Which version a family serves, as a difference: for drift. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.families.agreed import AgreedFamilies
from kaiten_sync.families.served import LiveFamily, is_sold
from kaiten_sync.kinds.spec import SERVES
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.resource import DesiredState, LiveResource, Resource


def with_served(
    differences: tuple[Difference, ...],
    desired: DesiredState,
    agreed: AgreedFamilies | None,
    found: Mapping[Address, LiveFamily],
) -> tuple[Difference, ...]:
    """The differences, with the families that serve another version than was agreed.

    A family that serves one of several published versions by chance has no version at all there:
    nobody chose it, and a plan makes it the default. So it is with the only one if it was agreed to
    be the default: an apply that stopped before that has not made it so yet.
    """
    by_address = {each.address: each for each in differences}
    displaced = agreed.displaced if agreed is not None else {}
    for address, family in found.items():
        declared, served, choice = desired.resources[address], family.served, displaced.get(address)
        if served is None:
            continue
        known = by_address.get(address) or _of_family(declared, served, agreed)
        if choice is not None and choice.version is not None:
            serves = FieldChange(name=SERVES, before=served.address.slug, after=choice.version)
            by_address[address] = _edited(known, serves)
        elif is_sold(declared) and (not family.is_certain or _lacks_default(family, agreed)):
            serves = FieldChange(name=SERVES, before=None, after=served.address.slug)
            is_ahead = agreed is not None and (family.is_certain or _is_to_do(address, agreed))
            by_address[address] = _ahead(known, serves) if is_ahead else _edited(known, serves)
    return tuple(sorted(by_address.values(), key=lambda each: each.address.sort_key))


def _lacks_default(family: LiveFamily, agreed: AgreedFamilies | None) -> bool:
    return agreed is not None and family.lacks_default(agreed.defaults)


def _is_to_do(family: Address, agreed: AgreedFamilies) -> bool:
    """Whether what was agreed may not have made a version the default yet."""
    is_known = family in agreed.plan.managed
    return not is_known or family in agreed.pending or family in agreed.choosing


def _of_family(
    declared: Resource, served: LiveResource, agreed: AgreedFamilies | None
) -> Difference:
    return Difference(
        address=declared.address,
        drift=DriftClass.CHANGED,
        source=declared.source,
        updated_at=served.updated_at,
        updated_by=served.updated_by,
        agreed=None if agreed is None else {},
    )


def _ahead(known: Difference, serves: FieldChange) -> Difference:
    return known.changed(
        fields=(*known.fields, serves),
        moved=known.moved or Verdict.GIT_AHEAD,
        server_edited=known.server_edited or (),
    )


def _edited(known: Difference, serves: FieldChange) -> Difference:
    """The difference with what its family serves, which the server changed if that was agreed."""
    fields = (*known.fields, serves)
    if known.agreed is None:
        return known.changed(fields=fields)
    return known.changed(
        fields=fields,
        agreed={**known.agreed, SERVES: serves.after},
        moved=Verdict.CONFLICT if known.changed_in_git else Verdict.SERVER_EDITED,
        server_edited=(*(known.server_edited or ()), SERVES),
    )
