"""What a plan rests on: the live objects, absent ones included, that make it right.

Only what matters is held: a changed field's value before, an entitlement's type under a new
grant, the whole of an object that is deleted. A change to anything else leaves a plan valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kaiten_sync.model.address import Address, Kind, entitlement_address, group_address
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import ABSENT, Fields, Json


@dataclass(slots=True)
class _Seen:
    """What was seen of one object; `names` are the fields that matter."""

    names: set[str] = field(default_factory=set)
    is_whole: bool = False


def observed_by(changes: Iterable[Change], live: LiveState) -> tuple[Observed, ...]:
    """Every live object that the changes rest on, in address order."""
    seen: dict[Address, _Seen] = {}
    created = set()
    for change in changes:
        if change.action is Action.CREATE:
            created.add(change.address)
        for address, names in _rests_on(change):
            seen.setdefault(address, _Seen()).names.update(names)
        if change.action is Action.DELETE:
            seen[change.address].is_whole = True
    return tuple(
        _observe(address, seen[address], live)
        for address in sorted(seen, key=lambda a: a.sort_key)
        if address in live.resources or address in created
    )


def object_fingerprint(server_id: str | None, fields: Fields) -> str:
    """The fingerprint of a live object, or of the part of it that matters."""
    return fingerprint({"id": server_id, "fields": fields})


def _rests_on(change: Change) -> Iterator[tuple[Address, Iterable[str]]]:
    yield change.address, [f.name for f in change.fields if f.before is not ABSENT]
    if change.action is Action.DELETE:
        return
    if change.address.parent is not None:
        yield change.address.parent, ()
        yield entitlement_address(change.address.slug), ("type",)
    if change.address.kind is Kind.ENTITLEMENT:
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
    fields = _pick(resource.fields, seen)
    return Observed(
        address=address,
        id=resource.id,
        fields=fields,
        fingerprint=object_fingerprint(resource.id, fields),
    )


def _pick(fields: Mapping[str, Json], seen: _Seen) -> Fields:
    if seen.is_whole:
        return dict(fields)
    return {name: value for name, value in fields.items() if name in seen.names}
