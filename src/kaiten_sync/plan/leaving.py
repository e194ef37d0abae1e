"""What leaves management, or the server: decided here, once, for every object.

The previous plan of a target is the record of what was agreed (ADR 10). A plan owns what it
manages, and what it is itself to delete: until that is done, planning again must not forget it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from kaiten_sync.families import LiveFamily, leaving_git, live_families, moved
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Prune, Scope

OWNED_REASON = "no longer declared; an earlier plan managed it"
CHILD_REASON = "deleted with its license"
NEVER_MANAGED = "no plan managed it"
LET_GO_BEFORE = "an earlier plan left it there"
OUTSIDE = "it is no longer in scope"
_NOT_SOLD = "is not sold"
_NOT_DECLARED = "no longer declares what it contains"


class Fate(Enum):
    """What becomes of an object that is not declared."""

    STAYS = auto()
    """No plan managed it, so it is not ours to delete."""
    LET_GO = auto()
    """An earlier plan managed it. It is left on the server, and nothing manages it now."""
    GOES = auto()
    """It is deleted."""


class Departure(Immutable, frozen=True, kw_only=True):
    """The fate of one object, and why; `reason` is None if the policy alone says so.

    `before` and `effect` are those of its deletion; what goes with its parent has no effect of its
    own. `is_foreign` says that it goes with its parent although no plan managed it.
    """

    address: Address
    fate: Fate
    reason: str | None = None
    is_foreign: bool = False
    before: tuple[FieldChange, ...] = ()
    effect: Effect = Effect.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Every object that is live or was managed, and is not declared, with its fate."""

    departures: Mapping[Address, Departure] = field(default_factory=dict)
    protected: frozenset[Address] = frozenset()
    """What goes although the previous plan protected it: it left git with its protection."""
    families: Mapping[Address, Address] = field(default_factory=dict)
    """The versions that leave with their family, and that family."""
    going: frozenset[Address] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "going", frozenset(each.address for each in self.of(Fate.GOES)))

    def on_server(self, addresses: Collection[Address]) -> frozenset[Address]:
        """Addresses with families that leave as all their versions."""
        found: set[Address] = set()
        for each in addresses:
            versions = [v for v, family in self.families.items() if family == each.root]
            there = {moved(each, {each.root: version}) for version in versions}
            found |= (there & self.departures.keys()) or {each}
        return frozenset(found)

    def of(self, fate: Fate) -> Iterator[Departure]:
        """The objects of one fate."""
        return (each for each in self.departures.values() if each.fate is fate)


class Ownership(Immutable, frozen=True, kw_only=True):
    """What may be deleted once it is no longer declared, and what that makes of each object.

    `missed` are the objects that go if they are still there, `released` those that are left on
    the server, with the reason. `families` have the family of each version that leaves with it, and
    `beside` that of each grant that it does not declare of the version that it serves. `deleting`
    has the server's ids of what the plan before is to delete, and `ending` the families.
    """

    prune: Prune
    owned: frozenset[Address] = frozenset()
    missed: frozenset[Address] = frozenset()
    released: Mapping[Address, str] = {}
    protected: frozenset[Address] = frozenset()
    families: Mapping[Address, Address] = {}
    beside: Mapping[Address, Address] = {}
    deleting: Mapping[Address, str] = {}
    ending: frozenset[Address] = frozenset()

    def leaving(self, differences: Iterable[Difference], live: LiveState) -> Leaving:
        """Decide the fate of everything that is not declared."""
        found = {d.address: d for d in differences if d.drift is DriftClass.UNMANAGED}
        departures = {
            address: Departure(address=address, fate=Fate.LET_GO, reason=reason)
            for address, reason in self.released.items()
            if address in live.resources
        }
        for address, each in found.items():
            if self.prune is Prune.ALL or (self.prune is Prune.OWNED and address in self.missed):
                departures[address] = Departure(
                    address=address,
                    fate=Fate.GOES,
                    reason=self._reason(address),
                    before=each.fields,
                    effect=each.effect,
                )
            elif address not in self.released:
                departures[address] = Departure(address=address, fate=Fate.STAYS)
        # The family was managed, and its versions were not: nothing else would report them.
        for address in self.families.keys() & (live.resources.keys() - found.keys()):
            departures[address] = Departure(address=address, fate=Fate.LET_GO, reason=OUTSIDE)
        going = {address for address, each in departures.items() if each.fate is Fate.GOES}
        for address, resource in live.resources.items():
            if address.parent is not None and address.parent in going:
                departures[address] = Departure(
                    address=resource.address,
                    fate=Fate.GOES,
                    reason=CHILD_REASON,
                    is_foreign=self.prune is Prune.OWNED and resource.address not in self.owned,
                    before=tuple(FieldChange(name=n, before=v) for n, v in resource.fields.items()),
                )
        gone = {address for address, each in departures.items() if each.fate is Fate.GOES}
        return Leaving(
            departures=departures, protected=self.protected & gone, families=self.families
        )

    def _reason(self, address: Address) -> str | None:
        """Why an object goes; None if the policy alone says so."""
        if self.prune is not Prune.OWNED:
            return None
        family = self.beside.get(address)
        return OWNED_REASON if family is None else f"not declared in {family}"


def ownership(
    desired: DesiredState, scope: Scope, prune: Prune, previous: Plan | None
) -> Ownership:
    """What an earlier plan owns, and what of it is no longer declared."""
    if previous is None:
        return Ownership(prune=prune)
    # A plan may delete children that it never owned because `--allow` named their parent. They
    # are beside their parent in what was allowed, and have to be allowed again.
    allowed = previous.guards.allowed
    borrowed = {each for each in allowed if each.parent is not None and each.parent in allowed}
    deleting = deleted(previous.changes)
    # Of a family that it deletes, somebody may have made another version meanwhile.
    ending = frozenset(each.address for each in leaving_git(previous.families))
    owned = frozenset(previous.managed) | (deleting - borrowed) | ending
    seen = previous.observed if deleting else ()
    missed: set[Address] = set()
    released: dict[Address, str] = {}
    for address in owned - desired.resources.keys():
        reason = "prune is never" if prune is Prune.NEVER else None
        parent = desired.resources.get(address.parent) if address.parent is not None else None
        # The scope is narrower than before. Another repository may manage it from now on.
        if not scope.covers(address):
            reason = OUTSIDE
        elif parent is not None and not desired.owns_place_of(address):
            reason = _holds_no_more(parent)
        if reason is None:
            missed.add(address)
        else:
            released[address] = reason
    for left in previous.left:  # planning again must not forget it either
        is_known = left.address in owned or left.address in desired.resources
        if not is_known and left.reason != NEVER_MANAGED:
            is_declared = desired.owns_place_of(left.address)
            released[left.address] = _still_true(left.reason, is_declared=is_declared)
    return Ownership(
        prune=prune,
        owned=owned,
        missed=frozenset(missed),
        released=released,
        protected=previous.guards.protected,
        deleting={each.address: each.id for each in seen if each.id and each.address in deleting},
        ending=ending,
    )


def with_versions(owned: Ownership, desired: DesiredState, live: LiveState) -> Ownership:
    """Ownership of families as that of their versions on the server.

    Versions of a declared family are never touched by what else is declared no longer, but the one
    that it serves has the grants that are declared and no others. A family that leaves git leaves
    with its versions, unless these are declared one by one now.
    """
    owned = _without_remade(owned, live)
    known = {*owned.missed, *owned.released}
    sold = {a.root for a in known if spec_of(a.root.kind).versions} | desired.terms.keys()
    if not sold:
        return owned
    families = live_families(live.resources.values())
    shown = {a: families[a.slug].shown.address for a in sold if a.slug in families}
    gone = {a for a in owned.missed if a.root in sold}
    versions = {a: {v.address for v in families[a.slug].versions} for a in shown}
    kept = {each for family in desired.terms for each in versions.get(family, ())}
    leaving = gone & versions.keys()
    split = {a for a in leaving if not versions[a].isdisjoint(desired.resources)}
    taken = {version: a for a in leaving - split for version in versions[a]}
    inside = {each for each in live.resources if each.parent in taken}
    protected = {each for a in gone & owned.protected for each in versions.get(a, ())}
    found = dict(_beside(desired, live, families)) if owned.prune is Prune.OWNED else {}
    succeeded = {moved(a, shown) for a in gone if _place(a, desired, shown) in desired.owns}
    beside = found.keys() | (succeeded - desired.resources.keys())
    missed = {a for a in owned.missed if a not in gone or a.root in desired.terms}
    return owned.changed(
        owned=owned.owned.union(taken, inside, beside),
        missed=frozenset(a for a in missed if a.root not in kept).union(taken, beside),
        families=taken,
        beside=found,
        released=dict(_released(owned, desired, shown, kept, split)),
        protected=owned.protected | protected,
    )


def _without_remade(owned: Ownership, live: LiveState) -> Ownership:
    """Ownership without what was deleted, and made again by somebody: that is theirs (ADR 10)."""
    there = {a: live.resources[a].id for a in owned.deleting if a in live.resources}
    remade = {a for a, now in there.items() if now is not None and now != owned.deleting[a]}
    ids = {*owned.deleting.values()}
    families = live_families(live.resources.values()) if owned.ending and ids else {}
    for each in owned.ending:
        family = families.get(each.slug)
        if family is not None and ids.isdisjoint(version.id for version in family.versions):
            remade.add(each)
    if not remade:
        return owned
    return owned.changed(
        owned=owned.owned - remade,
        missed=owned.missed - remade,
        released={a: reason for a, reason in owned.released.items() if a not in remade},
    )


def _place(
    address: Address, desired: DesiredState, shown: Mapping[Address, Address]
) -> ChildList | None:
    """The declared list that an object is in on the server, as a family's or as a license's.

    `shown` has the version that each family serves.
    """
    if address.parent is None:
        return None
    there = moved(address.parent, shown)
    declared = (a for a, version in shown.items() if version == there and a in desired.resources)
    return ChildList(next(declared, there), address.kind)


def _released(
    owned: Ownership,
    desired: DesiredState,
    shown: Mapping[Address, Address],
    kept: Collection[Address],
    split: Collection[Address],
) -> Iterator[tuple[Address, str]]:
    """What is left on the server, by its address there, and why.

    Older versions of declared families, which are `kept`, are left alone and not left behind. Of
    families that are `split` into versions, the version that each serves may be declared by nobody.
    """
    declared = {moved(a, shown) for a in desired.resources}
    for address in (*owned.missed, *owned.released):
        there, place = moved(address, shown), _place(address, desired, shown)
        is_older = there.root in kept and there.root not in declared
        if there in declared or is_older:
            continue
        if address in owned.released:
            reason = owned.released[address]
            yield (
                there,
                _still_true(reason, is_declared=place is not None and place in desired.owns),
            )
        elif place and place.parent in desired.resources and place not in desired.owns:
            yield there, _holds_no_more(desired.resources[place.parent])
        elif address.root in split and there.root not in desired.resources:
            yield there, f"no longer declared by {address.root}"


def _beside(
    desired: DesiredState, live: LiveState, families: Mapping[str, LiveFamily]
) -> Iterator[tuple[Address, Address]]:
    """What is in the version that a declared family serves and is not declared, and that family."""
    shown = {families[a.slug].shown.address: a for a in desired.terms if a.slug in families}
    for address in live.resources:
        if address.parent in shown:
            declared = moved(address, shown)
            if declared not in desired.resources and desired.owns_place_of(declared):
                yield address, declared.root


def _holds_no_more(parent: Resource) -> str:
    return f"{parent.address} {_NOT_SOLD if parent.fields.get(SOLD) is False else _NOT_DECLARED}"


def _still_true(reason: str, *, is_declared: bool) -> str:
    """Why an earlier plan left an object, if the list that it is in is declared again or not."""
    is_over = is_declared and reason.endswith((_NOT_SOLD, _NOT_DECLARED))
    return LET_GO_BEFORE if is_over else reason


def deleted(changes: Iterable[Change]) -> frozenset[Address]:
    """What the changes of a plan delete."""
    return frozenset(change.address for change in changes if change.action == Action.DELETE)
