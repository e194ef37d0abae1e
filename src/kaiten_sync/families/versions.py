"""What is declared of families as declarations of versions, for the stages that plan and apply."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from kaiten_sync.families.choose import SoldFamily, harmful
from kaiten_sync.families.served import (
    ARCHIVED,
    DEFAULT,
    LINK,
    PUBLISHED,
    STATE,
    LiveFamily,
    moved,
    number_of,
    version_address,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.declarable import not_declarable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Change
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import CatalogDiff, DriftClass
from kaiten_sync.model.family import FamilyChoice, Way, WhenTightened
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.resource import DesiredState, LiveResource, Resource

_RESTS_ON = (STATE, DEFAULT)
"""The fields of a served version by which it is the served one."""


class Resolution(Immutable, frozen=True, kw_only=True):
    """A declaration in which each family is the version that the plan chose.

    `hidden` are the versions of declared families that are left alone; `unheld` those that nobody
    may hold, and `rests` the fields of versions that have to stay as they were, for the plan to be
    right. `versions` has the chosen version of each family, and `reasons` why each other
    version of them is changed.
    """

    desired: DesiredState
    choices: tuple[FamilyChoice, ...] = ()
    hidden: frozenset[Address] = frozenset()
    unheld: frozenset[Address] = frozenset()
    rests: Mapping[Address, tuple[str, ...]] = {}
    versions: Mapping[Address, Address] = {}
    reasons: Mapping[Address, str] = {}
    refusals: tuple[Diagnostic, ...] = ()
    holders: Holders = Holders()

    def on_server(self, addresses: Collection[Address]) -> frozenset[Address]:
        """Addresses with families as their versions."""
        return frozenset(moved(each, self.versions) for each in addresses)

    def doing(self, changed: Collection[Address]) -> Resolution:
        """Without families that were to be changed in place, and are not among what is `changed`.

        What a served version has beyond its declaration stays there if nothing may be deleted.
        """
        idle = {
            each.address
            for each in self.choices
            if each.way is Way.IN_PLACE and each.address not in changed
        }
        if not idle or not self.reasons.keys().isdisjoint(changed):
            return self
        served = {self.versions[each] for each in idle if each in self.versions}
        return self.changed(
            choices=tuple(each for each in self.choices if each.address not in idle),
            rests={a: names for a, names in self.rests.items() if a not in served},
            unheld=self.unheld - served,
        )

    @property
    def served(self) -> Mapping[Address, Address]:
        """The version that a family serves now, by the one that is chosen for it."""
        return {
            self.versions[each.address]: version_address(each.address, each.serves)
            for each in self.choices
            if each.serves is not None and each.address in self.versions
        }

    def of_family(self, change: Change) -> Change:
        """A change of a version, with what of the family it is declared as, or why it is made."""
        declared = moved(change.address, {v: family for family, v in self.versions.items()})
        if declared != change.address:
            return change.changed(declared_as=declared)
        reason = self.reasons.get(change.address)
        return change if reason is None else change.changed(reason=reason)

    def without_hidden(self, diff: CatalogDiff) -> CatalogDiff:
        """The differences but for those of versions that are never compared."""
        if not self.hidden:
            return diff
        kept = tuple(
            each
            for each in diff.differences
            if each.drift is not DriftClass.UNMANAGED or each.address.root not in self.hidden
        )
        return diff.changed(differences=kept)


def as_versions(
    desired: DesiredState,
    chosen: Sequence[tuple[SoldFamily, FamilyChoice]],
    holders: Holders,
    refusals: Sequence[Diagnostic] = (),
) -> Resolution:
    """The declaration with every family as the version that was chosen for it."""
    versions = {
        c.address: version_address(c.address, c.version) for _, c in chosen if c.version is not None
    }
    resources = {a: each for a, each in desired.resources.items() if a.root not in desired.terms}
    for address, each in desired.resources.items():
        if address.root in versions:
            there = moved(address, versions)
            resources[there] = each.changed(address=there)
    unheld: set[Address] = set()
    why: dict[Address, str] = {}
    rests: dict[Address, tuple[str, ...]] = {}
    for sold, choice in chosen:
        changed = {e.address: e for e in _version_resources(sold, choice, versions, resources)}
        replaced = {e.address: _withdrawn(sold, e) for e in _replaced(sold, choice, holders)}
        unheld |= replaced.keys()
        why |= _reasons(choice, changed, replaced)
        resources |= changed | replaced
        if choice.serves is not None and choice.way in (Way.IN_PLACE, Way.NEW_VERSION):
            served = version_address(choice.address, choice.serves)
            rests[served] = _RESTS_ON
            is_unheld = choice.way is Way.IN_PLACE and choice.holders == 0
            is_allowed_anyway = sold.terms.when_tightened is WhenTightened.IN_PLACE
            if is_unheld and harmful(sold) and not is_allowed_anyway:
                unheld.add(served)
    members = {v.address for s, _ in chosen if s.live is not None for v in s.live.versions}
    return Resolution(
        desired=desired.changed(
            resources=dict(sorted(resources.items(), key=lambda item: item[0].sort_key)),
            owns=_owned(desired, versions),
            protected=desired.protected.union(moved(a, versions) for a in desired.protected),
        ),
        choices=tuple(choice for _, choice in chosen),
        hidden=frozenset(members - resources.keys()),
        unheld=frozenset(unheld),
        rests=rests,
        versions=versions,
        reasons=why,
        refusals=tuple(refusals),
        holders=holders,
    )


def replaced_in(
    family: LiveFamily, kept: Collection[str | None], holders: Holders
) -> tuple[LiveResource, ...]:
    """The published versions that are older than those that are kept, and that nobody holds."""
    oldest = min((number_of(v) for v in family.versions if v.address.slug in kept), default=0)
    return tuple(
        each
        for each in family.in_state(PUBLISHED)
        if number_of(each) < oldest
        # If nobody could be asked, a version counts as held.
        and each.address in holders.checked
        and each.address not in holders.instances
    )


def _owned(desired: DesiredState, versions: Mapping[Address, Address]) -> frozenset[ChildList]:
    """The lists of grants that the declaration owns, those of families in their versions."""
    return frozenset(
        ChildList(moved(each.parent, versions), each.kind)
        for each in desired.owns
        if each.parent in versions or each.parent not in desired.terms
    )


def _version_resources(
    sold: SoldFamily,
    choice: FamilyChoice,
    versions: Mapping[Address, Address],
    resources: Mapping[Address, Resource],
) -> Iterator[Resource]:
    """What makes a version the one that its family serves, or the family one that is not sold."""
    live = sold.live
    if choice.way is Way.WITHDRAW and live is not None:
        for each in live.in_state(PUBLISHED):
            yield _withdrawn(sold, each)
    if choice.version is None:
        return
    version = versions[choice.address]
    declared = resources[version]
    fields = {name: value for name, value in declared.fields.items() if name != SOLD}
    if choice.way is not Way.NOTHING:
        # Said out loud and not left to the server: whatever else is published, this is the one to
        # sell.
        fields |= {STATE: PUBLISHED, DEFAULT: True}
    if choice.way is Way.NEW_VERSION:
        # Fields for people that nobody declares: the next version keeps them.
        served = live.served.fields if live is not None and live.served is not None else {}
        spec = spec_of(version.kind).fields["description"]
        shown = served.get(spec.name)
        is_kept = bool(shown) and not_declarable(spec, shown) is None
        fields = {
            **({spec.name: shown} if is_kept else {}),
            **fields,
            LINK: choice.address.slug,
        }
    # Going back is a move alone. What that version grants is what was agreed about it, not what
    # is declared now.
    if sold.goes_back_to is not None:
        fields = {STATE: PUBLISHED, DEFAULT: True}
    yield declared.changed(fields=fields)
    if choice.serves != choice.version and live is not None and live.has_default:
        before = live.shown
        if before.address != version:
            yield Resource(address=before.address, fields={DEFAULT: False}, source=sold.source)


def _withdrawn(sold: SoldFamily, version: LiveResource) -> Resource:
    return Resource(
        address=version.address,
        fields={STATE: ARCHIVED, DEFAULT: False},
        source=sold.source,
    )


def _replaced(sold: SoldFamily, choice: FamilyChoice, holders: Holders) -> tuple[LiveResource, ...]:
    """Older published versions that nobody holds, if those are to be archived.

    A newer version was not replaced: somebody prepares it by hand.
    """
    if sold.live is None or not sold.terms.archive_replaced or choice.version is None:
        return ()
    # What is served now may still be the one before the next.
    return replaced_in(sold.live, {choice.version, choice.serves}, holders)


def _reasons(
    choice: FamilyChoice, changed: Collection[Address], replaced: Collection[Address]
) -> dict[Address, str]:
    """Why versions are changed, and replaced ones archived."""
    why = f"{choice.address} sells {choice.version}"
    if choice.version is None:
        why = f"{choice.address} is no longer sold"
    nobody = f"{why}, and nobody holds this version"
    return {**dict.fromkeys(changed, why), **dict.fromkeys(replaced, nobody)}
