"""What a plan rests on: the live objects, absent ones included, that make it right.

Only what matters is held: a changed field's value before, an entitlement's type under a new
grant, the whole of an object that is deleted, that nobody holds it, and that nobody uses a counter
which starts again. A change to anything else leaves a plan valid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.kinds.units import unit_holder, unit_names
from kaiten_sync.model.address import Address, by_address
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed, ObservedObjects
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Fields
from kaiten_sync.plan.families import Families, displaced_by
from kaiten_sync.plan.new_versions import looked_at
from kaiten_sync.plan.references import references


@dataclass(slots=True)
class _Seen:
    """What was seen of one object; `names` are the fields that matter."""

    names: tuple[str, ...] = ()
    is_whole: bool = False
    ignored: frozenset[str] = frozenset()

    def add(self, names: Iterable[str]) -> None:
        """Have these matter as well. Mostly it is one, and a set takes four times its memory."""
        self.names += tuple(each for each in names if each not in self.names)


def observed_by(
    changes: Sequence[Change],
    live: LiveState,
    families: Families,
    unheld: frozenset[Address] = frozenset(),
    unused: frozenset[Address] = frozenset(),
    replaced: Collection[Address] = (),
    rests: Mapping[Address, Sequence[str]] | None = None,
) -> ObservedObjects:
    """Every live object that the changes rest on, in address order.

    `unheld` are objects that nobody holds, as long as the plan needs that, `unused` restarted
    counters that nobody uses, `replaced` the versions that new ones are compared with. `rests` are
    fields that it rests on besides.
    """
    seen: dict[Address, _Seen] = defaultdict(_Seen)
    displaced = displaced_by(changes, families)
    created = (change.address for change in changes if change.action == Action.CREATE)
    absent = [address for address in created if address not in live.resources]
    for change in changes:
        for address, names in rests_on(change):
            if address in live.resources:
                seen[address].add(names)
        if change.address in live.resources:
            seen[change.address].add(_judged_with(change, live))
            needed = _needed_to_move(change)
            seen[change.address].add(needed - displaced.get(change.address, frozenset()))
            if change.action == Action.DELETE:
                seen[change.address].is_whole = True
                seen[change.address].ignored = displaced.get(change.address, frozenset())
    compared = chain.from_iterable(looked_at(version, live) for version in replaced)
    for address, names in chain(compared, (rests or {}).items()):
        seen[address].add(names)
    for address in (*seen, *absent):
        for holder, names in _units_shown(address, live):
            seen[holder].add(names)
    there = (address for address in seen if address in live.resources)
    return ObservedObjects(
        _observe(address, seen, live, unheld=address in unheld, unused=address in unused)
        for address in by_address((*there, *absent), lambda address: address)
    )


def object_fingerprint(server_id: str | None, fields: Fields) -> str:
    """The fingerprint of a live object, or of the part of it that matters."""
    return fingerprint({"id": server_id, "fields": fields})


def rests_on(change: Change) -> Iterator[tuple[Address, Sequence[str]]]:
    """The objects that a change rests on, itself first, with the fields that matter."""
    yield change.address, [f.name for f in change.fields]
    if change.action == Action.DELETE:
        return
    if change.address.parent is not None:
        yield change.address.parent, ()
    for address, reference in references(change, "after"):
        if reference.is_strict:
            yield address, reference.matters


def _units_shown(address: Address, live: LiveState) -> Iterator[tuple[Address, Sequence[str]]]:
    """The unit that reviewers read beside a number: it has to be the one that apply finds."""
    holder = unit_holder(address)
    found = live.resources.get(holder) if holder is not None else None
    if found is not None:
        names = [n for n in unit_names(address.kind) if found.fields.get(n) is not None]
        if names:
            yield found.address, names


def _judged_with(change: Change, live: LiveState) -> Iterator[str]:
    """The fields that limit usage together with a changed one, as far as they are set.

    The percentage above a threshold means nothing without the threshold, and the reverse.
    """
    spec, found = spec_of(change.address.kind), live.resources.get(change.address)
    if found is None or change.action != Action.UPDATE:
        return
    for name in spec.limited_by:
        value = found.fields.get(name)
        if value is not None and value != spec.fields[name].default(found.fields):
            yield name


def _needed_to_move(change: Change) -> frozenset[str]:
    """The other fields of an object by which the server lets it be moved, or does not."""
    found = move_of(change.address.kind, change.action)
    return frozenset() if found is None else frozenset({*found[1].not_while, *found[1].only_while})


def _observe(
    address: Address,
    seen: Mapping[Address, _Seen],
    live: LiveState,
    *,
    unheld: bool,
    unused: bool,
) -> Observed:
    resource = live.resources.get(address)
    if resource is None:
        return Observed(address=address, unheld=unheld, unused=unused)
    found = seen[address]
    # A field that is not set is observed as null: that has to be seen again too.
    names = spec_of(address.kind).fields if found.is_whole else found.names
    fields = {name: resource.fields.get(name) for name in names if name not in found.ignored}
    return Observed(
        address=address,
        id=resource.id,
        fields=fields,
        fingerprint=object_fingerprint(resource.id, fields),
        unheld=unheld,
        unused=unused,
    )
