"""Decides what has to be read. Least privilege: nothing that the declaration does not touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from kaiten_sync.families import live_families
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.references import references
from kaiten_sync.kinds.registry import child_kinds, kind_on_server, live_kinds, spec_of, top_kinds
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.settings import Prune, Scope

_ALL = Scope()


class Need(Immutable, frozen=True, kw_only=True):
    """What to read: whole kinds, and lists inside objects (None: all lists in scope).

    `families` are declared ones, of which the lists inside the versions are read that they can be
    compared with, and `gone` others of which those in all versions are. `also` are lists that are
    read although they are out of scope.
    """

    kinds: frozenset[Kind]
    lists: frozenset[ChildList] | None = frozenset()
    families: frozenset[Address] = frozenset()
    gone: frozenset[Address] = frozenset()
    also: frozenset[ChildList] = frozenset()

    def settled(self, resources: Iterable[LiveResource]) -> Need:
        """The need once the versions of families are known: the lists are theirs."""
        if not self.families and not self.gone:
            return self
        found = live_families(resources)
        versions = {
            each.address
            for family in self.families
            if (live := found.get(family.slug))
            # The newest as well, since an apply that stopped halfway may have left one that is
            # not served yet.
            for each in (live.shown, live.newest)
        }
        for family in self.gone:
            versions |= {
                v.address for v in (found[family.slug].versions if family.slug in found else ())
            }
        also = self.also.union(
            ChildList(v, child.kind) for v in versions for child in child_kinds(v.kind)
        )
        if self.lists is None:
            return Need(kinds=self.kinds, lists=None, also=also)
        return Need(
            kinds=self.kinds,
            lists=also.union(a for a in self.lists if not spec_of(a.parent.kind).versions),
        )


def need_of_plan(
    desired: DesiredState,
    prune: Prune,
    forgotten: Collection[Address] = (),
    released: Collection[Address] = (),
    compared: Collection[Address] = (),
    scope: Scope = _ALL,
) -> Need:
    """What planning a declaration takes.

    `forgotten` is what earlier plans managed and is no longer declared: if it is still there, it
    is deleted with everything inside it. `released` is what they managed and nothing will: if it is
    still there, the plan says so. `compared` are versions that a plan compared families with: they
    need not be the served ones any more.
    """
    # Whatever is in scope may be deleted then, so all of it has to be seen.
    if prune is Prune.ALL:
        return need_of_everything(desired, scope, (*forgotten, *released))
    kinds = {address.root.kind for address in (*forgotten, *released)}
    by_kind: dict[Kind, list[Resource]] = defaultdict(list)
    for address, resource in desired.resources.items():
        by_kind[address.kind].append(resource)
    kinds.update(each.root.kind for each in {each.parent or each for each in desired.resources})
    for kind, resources in by_kind.items():
        # Of those that refer by their slug alone, one refers to the same kind as all.
        for each in resources if spec_of(kind).referring_fields else resources[:1]:
            targets = references(each.address, each.fields)
            kinds |= {target.kind for target, reference in targets if reference.is_strict}
    inside = {each.parent for each in desired.owns} | {each.parent for each in released}
    families = frozenset(desired.terms.keys() & inside)
    gone = frozenset(a for a in forgotten if spec_of(a.kind).versions)
    going = (ChildList(each, child.kind) for each in forgotten for child in child_kinds(each.kind))
    left = (each.child_list for each in released)
    return Need(
        kinds=frozenset(map(kind_on_server, kinds)),
        lists=desired.owns.union(going, filter(None, left)),
        families=families,
        gone=gone,
        also=frozenset(
            ChildList(each, child.kind) for each in compared for child in child_kinds(each.kind)
        ),
    )


def need_of_everything(
    desired: DesiredState | None = None, scope: Scope = _ALL, managed: Collection[Address] = ()
) -> Need:
    """What a drift report or an export takes: all that is in scope, and what is declared.

    `managed` is what an earlier plan managed, whatever the scope is now.
    """
    tops = [spec.kind for spec in live_kinds() if not spec.parents]
    needed = owned_on_server(scope) | {kind_on_server(each.root.kind) for each in managed}
    # Objects refer only to kinds that are created before theirs.
    while tops and tops[-1] not in needed:
        tops.pop()
    families = frozenset(desired.terms if desired is not None else ())
    return Need(kinds=frozenset(tops), lists=None, families=families)


def owned_on_server(scope: Scope) -> frozenset[Kind]:
    """The kinds at the top, as servers have them, of which a repository owns any object."""
    owned = (spec.kind for spec in top_kinds() if scope.patterns(spec.kind) != ())
    return frozenset(map(kind_on_server, owned))


def narrowed(live: LiveState, need: Need) -> LiveState:
    """A reading without the kinds and lists that turn out not to be needed.

    What an earlier plan managed has to be looked for. If it is gone already, that look must leave
    no trace: the plan is the same as one that never asked, and so can be made again.
    """
    need = need.settled(live.resources.values())
    kinds = live.coverage.kinds & need.kinds
    lists = live.coverage.lists if need.lists is None else live.coverage.lists & need.lists
    if (kinds, lists) == (live.coverage.kinds, live.coverage.lists):
        return live
    resources = {
        address: found
        for address, found in live.resources.items()
        if (address.kind in kinds if address.parent is None else address.child_list in lists)
    }
    return LiveState(resources=resources, coverage=Coverage(kinds=kinds, lists=lists))


def needed_lists(need: Need, scope: Scope, parents: Collection[Address]) -> list[ChildList]:
    """The lists inside some live objects that have to be read."""
    lists = [ChildList(each, child.kind) for each in parents for child in child_kinds(each.kind)]
    if need.lists is None:
        return [each for each in lists if scope.covers(each.parent) or each in need.also]
    return [each for each in lists if each in need.lists]
