"""What is worth declaring of live objects: not what a server fills in by itself."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState
from kaiten_sync.model.value import Fields, is_same
from kaiten_sync.plan.families import Families, families_of, link_of


def with_families(live: LiveState) -> Mapping[Address, Fields]:
    """What is worth declaring of everything that is live."""
    families = families_of(DesiredState(resources={}), live)
    return {address: with_family(found, families) for address, found in live.resources.items()}


def with_family(found: LiveResource, families: Families) -> Fields:
    """What is worth declaring. A family that lost its first version goes by the next one."""
    fields = worth_declaring(found)
    members = families.members.get(families.of.get(found.address, ""), ())
    if found.address in members[1:]:
        return {**fields, link_of(found.address): members[0].slug}
    return {name: value for name, value in fields.items() if name != link_of(found.address)}


def worth_declaring(found: LiveResource) -> Fields:
    """The fields that say something: not what the server has when nothing is said."""
    specs = spec_of(found.address.kind).fields
    return {
        name: value
        for name, value in found.fields.items()
        if not specs[name].numbered_by_server
        and not is_same(value, specs[name].default(found.fields))
        and not _goes_without_saying(specs[name], value, found)
    }


def _goes_without_saying(field: FieldSpec, value: object, found: LiveResource) -> bool:
    return value == field.settles_as or (field.is_own_slug and value == found.address.slug)
