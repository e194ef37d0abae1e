"""Turns a merged catalog into the state that is wanted. Stage 1.

Written for catalogs that passed validation; what has no usable shape is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.kinds.grant import UNLIMITED_WIRE
from kaiten_sync.kinds.registry import SPECS, normal_json
from kaiten_sync.model.address import Address, Kind, grant_address
from kaiten_sync.model.document import Entry, MergedCatalog, Node
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import UNLIMITED, Json

GRANTS = "entitlements"
"""The license key that holds its grants."""

PROTECT = "protect"
"""The key of every object that keeps plans from deleting and from tightening it."""


def build_desired(merged: MergedCatalog) -> DesiredState:
    """Every declared object with its declared fields, in the spelling that comparisons use."""
    resources = [*_resources(merged.root)]
    resources.sort(key=lambda resource: resource.address.sort_key)
    licenses = _section(merged.root, Kind.LICENSE)
    return DesiredState(
        resources={resource.address: resource for resource in resources},
        protected=frozenset(_protected(merged.root)),
        owns_grants=frozenset(
            slug for slug, entry in licenses.items() if GRANTS in entry.node.entries
        ),
    )


def _resources(root: Node) -> Iterator[Resource]:
    for address, entry in _objects(root):
        yield (
            _grant(address, entry)
            if address.kind is Kind.GRANT
            else _plain_resource(address, entry)
        )


def _protected(root: Node) -> Iterator[Address]:
    """The objects that say so. It is a rule for plans and no field: no server is told."""
    for address, entry in _objects(root):
        declared = entry.node.entries.get(PROTECT)
        if declared is not None and declared.node.value is True:
            yield address


def _objects(root: Node) -> Iterator[tuple[Address, Entry]]:
    for kind in (Kind.GROUP, Kind.ENTITLEMENT, Kind.LICENSE):
        for slug, entry in _section(root, kind).items():
            yield Address(kind, slug), entry
    for slug, entry in _section(root, Kind.LICENSE).items():
        grants = entry.node.entries.get(GRANTS)
        for granted, grant in (grants.node.entries if grants else {}).items():
            yield grant_address(slug, granted), grant


def _section(root: Node, kind: Kind) -> Mapping[str, Entry]:
    section = root.entries.get(SPECS[kind].plural)
    return section.node.entries if section else {}


def _plain_resource(address: Address, entry: Entry) -> Resource:
    fields: dict[str, Json] = {}
    sources: dict[str, SourceRef] = {}
    for name in SPECS[address.kind].fields:
        declared = entry.node.entries.get(name)
        if declared is not None:
            fields[name] = _field(name, declared.node.plain())
            sources[name] = declared.key_ref
    return Resource(address=address, fields=fields, source=entry.key_ref, sources=sources)


def _field(name: str, value: Json) -> Json:
    normal = normal_json(value)
    if name == "version" and isinstance(normal, int):
        return str(normal)  # the API's version is text, and 1 is how people write it
    return normal


def _grant(address: Address, entry: Entry) -> Resource:
    node = entry.node
    if not isinstance(node.value, Mapping):
        fields = {"value": _grant_value(node.plain())}
        return Resource(
            address=address, fields=fields, source=entry.key_ref, sources={"value": node.ref}
        )
    present = [name for name in SPECS[Kind.GRANT].fields if name in node.entries]
    return Resource(
        address=address,
        fields={name: _grant_field(name, node.entries[name].node.plain()) for name in present},
        source=entry.key_ref,
        sources={name: node.entries[name].key_ref for name in present},
    )


def _grant_field(name: str, value: Json) -> Json:
    return _grant_value(value) if name == "value" else normal_json(value)


def _grant_value(value: Json) -> Json:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return UNLIMITED if is_number and value == UNLIMITED_WIRE else normal_json(value)
