"""What was agreed of families, in the words of the declaration: for the third side of drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.families.served import (
    DEFAULT,
    PUBLISHED,
    STATE,
    LiveFamily,
    moved,
    version_address,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Plan


class AgreedFamilies(Immutable, frozen=True, kw_only=True):
    """A committed plan, whose changes are those of families.

    `pending` are the families that serve what they served when the plan was made, since what it
    puts on sale is not on sale yet. `displaced` have what they served by agreement, and serve
    another version now. `choosing` are those of which the plan makes what they serve by chance the
    default, and `defaults` all versions that it makes the default.
    """

    plan: Plan
    pending: frozenset[Address] = frozenset()
    choosing: frozenset[Address] = frozenset()
    defaults: frozenset[Address] = frozenset()
    displaced: Mapping[Address, FamilyChoice] = {}


def agreed_families(agreed: Plan, found: Mapping[Address, LiveFamily]) -> AgreedFamilies:
    """A committed plan beside the families that the server has now."""
    roots = {
        version_address(each.address, each.version): each.address
        for each in agreed.families
        if each.version is not None
    }
    serves = {
        address: family.served.address.slug if family.served is not None else None
        for address, family in found.items()
    }
    chosen = {each.address: each for each in agreed.families}
    begun = set(_begun(agreed, found))
    pending = {
        address
        for address, each in chosen.items()
        if each.way is not Way.CREATE
        and each.serves != each.version
        and serves.get(address) == each.serves
        and address not in begun
    }
    changes = []
    for change in agreed.changes:
        there = moved(change.address, roots)
        names = spec_of(there.kind).fields
        fields = tuple(each for each in change.fields if each.name in names)
        if fields or change.action in (Action.CREATE, Action.DELETE):
            changes.append(change.changed(address=there, fields=fields))
    observed = tuple(
        each.changed(
            address=(there := moved(each.address, roots)),
            fields=each.fields
            and {n: v for n, v in each.fields.items() if n in spec_of(there.kind).fields},
        )
        for each in agreed.observed
    )
    return AgreedFamilies(
        plan=agreed.changed(changes=tuple(changes), observed=observed),
        pending=frozenset(pending),
        choosing=frozenset(_choosing(agreed)),
        defaults=made_default(agreed),
        displaced={
            address: each
            for address, each in chosen.items()
            if address not in pending
            and each.version is not None
            and serves.get(address) not in (None, each.version)
        },
    )


def made_default(plan: Plan | None) -> frozenset[Address]:
    """The versions that a plan makes the default."""
    return frozenset(
        change.address
        for change in (plan.changes if plan is not None else ())
        for field in change.fields
        if field.name == DEFAULT and field.after is True
    )


def _choosing(agreed: Plan) -> Iterator[Address]:
    made = made_default(agreed)
    for each in agreed.families:
        version = version_address(each.address, each.version) if each.version else None
        if each.way is Way.IN_PLACE and version in made:
            yield each.address


def _begun(agreed: Plan, found: Mapping[Address, LiveFamily]) -> Iterator[Address]:
    """The families of which the plan put a version on sale, and it has been since.

    If they serve what they served before, somebody went back to it.
    """
    live = {version.address: version for family in found.values() for version in family.versions}
    before = {
        change.address: field.before
        for change in agreed.changes
        for field in change.fields
        if field.name == STATE and field.after == PUBLISHED
    }
    for each in agreed.families:
        address = version_address(each.address, each.version) if each.version else None
        version = None if address is None else live.get(address)
        if version and address in before and version.fields.get(STATE) != before[address]:
            yield each.address
