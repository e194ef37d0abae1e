"""What a plan rests on: the live objects, absent ones included, that make it right.

Only what matters is held: a changed field's value before, an entitlement's type under a new
grant, the whole of an object that is deleted, and that nobody holds it. A change to anything else
leaves a plan valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kaiten_sync.kinds.addresses import entitlement_address, group_address
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.license import LicenseMove
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json
from kaiten_sync.plan.families import family_of


@dataclass(slots=True)
class _Seen:
    """What was seen of one object; `names` are the fields that matter."""

    names: set[str] = field(default_factory=set)
    is_whole: bool = False
    ignored: frozenset[str] = frozenset()


def observed_by(
    changes: Sequence[Change], live: LiveState, unheld: frozenset[Address] = frozenset()
) -> tuple[Observed, ...]:
    """Every live object that the changes rest on, in address order.

    `unheld` are deleted objects that nobody holds.
    """
    seen: dict[Address, _Seen] = {}
    created = set()
    families = _families_with_a_new_default(changes, live)
    for change in changes:
        if change.action == Action.CREATE:
            created.add(change.address)
        for address, names in _rests_on(change):
            seen.setdefault(address, _Seen()).names.update(names)
        if change.action == Action.DELETE:
            seen[change.address].is_whole = True
            seen[change.address].ignored = _ignored(change.address, live, families)
    return tuple(
        replace(_observe(address, seen[address], live), unheld=address in unheld)
        for address in sorted(seen, key=lambda a: a.sort_key)
        if address in live.resources or address in created
    )


def object_fingerprint(server_id: str | None, fields: Fields) -> str:
    """The fingerprint of a live object, or of the part of it that matters."""
    return fingerprint({"id": server_id, "fields": fields})


def _rests_on(change: Change) -> Iterator[tuple[Address, Iterable[str]]]:
    yield change.address, [f.name for f in change.fields]
    if change.action == Action.DELETE:
        return
    if change.address.parent is not None:
        yield change.address.parent, ()
        yield entitlement_address(change.address.slug), ("type",)
    if change.address.kind == ENTITLEMENT.kind:
        for slug in _new_groups(change):
            yield group_address(slug), ()


def _new_groups(change: Change) -> list[str]:
    for changed in change.fields:
        if changed.name == "groups" and isinstance(changed.after, list):
            return [str(slug) for slug in changed.after]
    return []


def _observe(address: Address, seen: _Seen, live: LiveState) -> Observed:
    resource = live.resources.get(address)
    if resource is None:
        return Observed(address=address)
    fields = _pick(address.kind, resource.fields, seen)
    return Observed(
        address=address,
        id=resource.id,
        fields=fields,
        fingerprint=object_fingerprint(resource.id, fields),
    )


def _pick(kind: Kind, fields: Mapping[str, Json], seen: _Seen) -> Fields:
    """The fields that matter; null where one is not set, which is to be seen again too."""
    names = spec_of(kind).fields if seen.is_whole else seen.names
    return {name: fields.get(name) for name in names if name not in seen.ignored}


def _ignored(address: Address, live: LiveState, families: frozenset[str]) -> frozenset[str]:
    """What the plan itself changes of an object before it deletes it.

    The server takes a family's default away from a version when another becomes it.
    """
    found = live.resources.get(address)
    is_displaced = found is not None and found.family_id in families
    return frozenset({"isDefault"}) if is_displaced else frozenset()


def _families_with_a_new_default(changes: Sequence[Change], live: LiveState) -> frozenset[str]:
    slugs = {
        change.address: changed.after
        for change in changes
        for changed in change.fields
        if change.action == Action.CREATE and changed.name == "familySlug"
    }
    found = {
        family_of(change.address, _known(slugs.get(change.address)), live)
        for change in changes
        if change.action == LicenseMove.MAKE_DEFAULT
    }
    return frozenset(family for family in found if family is not None)


def _known(value: Json | Absent) -> Json:
    return None if value is ABSENT else value
