"""A live catalog as files: what the server would fill in by itself is left out."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.declare import dump_catalog
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Fields, is_same

_SERVER_DECIDES = {"version"}
"""Numbered by each server for itself, so a declaration of it fits no other."""


def catalog_files(live: LiveState, scope: Scope) -> dict[str, str]:
    """File names and their YAML: groups, entitlements, and one file per license."""
    owned = [found for address, found in live.resources.items() if scope.covers(address)]
    files = {}
    for name, kind in (("groups.yaml", Kind.GROUP), ("entitlements.yaml", Kind.ENTITLEMENT)):
        objects = [found for found in owned if found.address.kind is kind]
        if objects:
            files[name] = dump_catalog(_declared(objects))
    licenses: dict[str, list[LiveResource]] = {}
    for found in sorted(owned, key=lambda each: each.address.sort_key):
        if found.address.kind is Kind.LICENSE:
            licenses[found.address.slug] = [found]
        elif found.address.license is not None:
            licenses[found.address.license].append(found)
    for slug, objects in licenses.items():
        files[f"licenses/{slug}.yaml"] = dump_catalog(_declared(objects), owns_grants=[slug])
    return files or {"catalog.yaml": dump_catalog({})}


def _declared(objects: Iterable[LiveResource]) -> dict[Address, Fields]:
    return {found.address: worth_declaring(found) for found in objects}


def worth_declaring(found: LiveResource) -> Fields:
    """The fields that say something: not what the server has when nothing is said."""
    specs = spec_of(found.address.kind).fields
    return {
        name: value
        for name, value in found.fields.items()
        if name not in _SERVER_DECIDES
        and not is_same(value, specs[name].default(found.fields))
        and not _goes_without_saying(name, value, found)
    }


def _goes_without_saying(name: str, value: object, found: LiveResource) -> bool:
    if name == "familySlug":
        return value == found.address.slug
    return name == "lifecycleState" and value == "PUBLISHED"
