"""Live → diff → families: which version each declared family's changes go to (ADR 37).

A stage of planning that only composes: it compares each family with the version that it serves,
looks who holds those that would be tightened, and hands on a declaration of versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from kaiten_sync.diff import diff_catalog, with_sides, with_units
from kaiten_sync.errors import DeclarationError
from kaiten_sync.families import (
    ARCHIVED,
    PUBLISHED,
    STATE,
    LiveFamily,
    Resolution,
    SoldFamily,
    agreed_families,
    as_sold,
    as_versions,
    choose,
    declared_twice,
    harmful,
    is_sold,
    live_families,
    made_default,
    moved,
    priced,
    replaced_in,
    version_address,
    with_served,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import SERVES
from kaiten_sync.live import read_holders
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.family import FamilyChoice, Way, WhenTightened
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import PlanReader, Progress
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Scope


def resolve(
    desired: DesiredState,
    catalog: PlanReader,
    live: LiveState,
    scope: Scope,
    progress: Progress,
    kept: Mapping[Address, FamilyChoice],
    settled: Collection[Address] = (),
    previous: Plan | None = None,
) -> Resolution:
    """The declaration with each family as the version that is chosen for it.

    `kept` are the choices of a plan that is looked at again, and `settled` the versions of which it
    takes nothing any more, whoever holds them. `previous` is the plan before.

    Raises:
        ServerError, AccessError: who holds a version could not be asked.
    """
    if not desired.terms:
        return Resolution(desired=desired)
    defaults = made_default(previous)
    standings = [s.changed(defaults=defaults) for s in _standings(desired, live, scope, kept)]
    return _resolved(standings, desired, catalog, live, progress, settled)


def _resolved(
    sold_families: Sequence[SoldFamily],
    desired: DesiredState,
    catalog: PlanReader,
    live: LiveState,
    progress: Progress,
    settled: Collection[Address] = (),
) -> Resolution:
    asked = {version for sold in sold_families for version in _whose_holders_matter(sold)}
    holders = read_holders(catalog, asked, progress=progress, known=live).without(settled)
    kinds = {version_address(family, family.slug).kind for family in desired.terms}
    taken = {
        address.slug
        for address in (*live.resources, *desired.resources)
        if address.parent is None and address.kind in kinds
    }
    chosen: list[tuple[SoldFamily, FamilyChoice]] = []
    refusals: list[Diagnostic] = []
    for sold in sold_families:
        choice, refused = choose(sold, holders, taken)
        chosen.append((sold, choice))
        refusals += refused
        refusals += priced(sold, choice, catalog.is_priced)
    return as_versions(desired, chosen, holders, refusals)


def seen_as_sold(desired: DesiredState, live: LiveState) -> LiveState:
    """Live with each declared family as the version that it serves."""
    found = _families(desired, live)
    return as_sold(live, {a: f.shown.address for a, f in found.items()})


def sides_of(
    differences: tuple[Difference, ...],
    desired: DesiredState,
    live: LiveState,
    sold: LiveState,
    agreed: Plan | None,
    going: Collection[Address],
) -> tuple[Difference, ...]:
    """The differences, each with the side that changed, of families by what they serve.

    `sold` is `live` with each declared family as the version that it serves. Without a plan that
    was agreed nobody knows which side changed.
    """
    found = _families(desired, live)
    differences = needed(differences, desired)
    if agreed is None:
        return with_served(differences, desired, None, found)
    families = agreed_families(agreed, found)
    judged = with_sides(differences, desired, sold, families.plan, going, families.pending)
    return with_served(judged, desired, families, found)


def needed(differences: Iterable[Difference], desired: DesiredState) -> tuple[Difference, ...]:
    """The differences without families that are not there and not sold: they need no version."""
    return tuple(
        each
        for each in differences
        if each.drift is not DriftClass.MISSING
        or each.address not in desired.terms
        or is_sold(desired.resources[each.address])
    )


def named_versions(
    differences: tuple[Difference, ...], desired: DesiredState, live: LiveState
) -> tuple[Difference, ...]:
    """The differences, those of families with the version that they are compared with."""
    shown = {a: family.shown.address.slug for a, family in _families(desired, live).items()}
    return tuple(
        each.changed(version=shown[each.address.root]) if each.address.root in shown else each
        for each in differences
    )


def replaced_versions(
    desired: DesiredState,
    catalog: PlanReader,
    live: LiveState,
    only: Collection[Address],
    progress: Progress,
) -> tuple[Difference, ...]:
    """The versions that a plan archives, since they are replaced and nobody holds them any more.

    `only` are the objects to look at; empty for all. Raises as `resolve` does.
    """
    found = [
        (desired.resources[address], family, family.served)
        for address, family in _families(desired, live).items()
        if desired.terms[address].archive_replaced and is_sold(desired.resources[address])
    ]
    published = {v.address for _, family, _ in found for v in family.in_state(PUBLISHED)}
    asked = published - {served.address for _, _, served in found if served is not None}
    holders = read_holders(catalog, asked, progress=progress, known=live)
    return tuple(
        Difference(
            address=each.address,
            drift=DriftClass.CHANGED,
            fields=(FieldChange(name=STATE, before=PUBLISHED, after=ARCHIVED),),
            source=declared.source,
            moved=Verdict.GIT_AHEAD,
            server_edited=(),
        )
        for declared, family, served in found
        if served is not None
        for each in replaced_in(family, {served.address.slug}, holders)
        if not only or each.address in only or declared.address in only
    )


class Reverting(Immutable, frozen=True, kw_only=True):
    """What to undo on the server, and the declaration that it is undone to.

    `notes` are on what is left for a plan to do.
    """

    differences: tuple[Difference, ...]
    resolution: Resolution
    notes: tuple[Diagnostic, ...] = ()


def reverting(
    undone: Sequence[Difference],
    desired: DesiredState,
    catalog: PlanReader,
    live: LiveState,
    scope: Scope,
    progress: Progress,
) -> Reverting:
    """The differences that undo edits, those of families as differences of versions.

    A family whose holders would lose something by that gets its next version, as in any plan. So
    if it serves another version again, holders of that one lose nothing: the next plan has the
    rest. Raises as `resolve` does.
    """
    roots = {each.address.root for each in undone if each.address.root in desired.terms}
    if not roots:
        return Reverting(differences=tuple(undone), resolution=Resolution(desired=desired))
    wanted = desired.changed(terms={a: desired.terms[a] for a in desired.terms if a in roots})
    back = {
        each.address: str(field.after)
        for each in undone
        for field in each.fields
        if field.name == SERVES and field.before is not None
    }
    sold_families = [
        each.changed(
            differences=[d for d in undone if d.address.root == each.address],
            goes_back_to=_version_to_go_back_to(each, back.get(each.address)),
        )
        for each in _standings(wanted, live, scope, {})
    ]
    resolution = _resolved(sold_families, wanted, catalog, live, progress)
    members = {v.address for s in sold_families if s.live is not None for v in s.live.versions}
    members |= {*resolution.versions.values()}
    found = [each for each in undone if each.address.root not in roots]
    # Compared again as versions, since the way back may be a new version.
    for each in diff_catalog(resolution.desired, live, scope).differences:
        if each.address.root in members:
            found += _of_version(each, resolution, undone)
    left = _taking_from_others(found, sold_families, resolution)
    kept = sorted((e for e in found if e not in left), key=lambda each: each.address.sort_key)
    notes = tuple(map(_left_to_plan, left))
    return Reverting(differences=tuple(kept), resolution=resolution, notes=notes)


def _version_to_go_back_to(sold: SoldFamily, agreed: str | None) -> str | None:
    """The version that was agreed; None if it is gone, or a draft that was made in its place."""
    known = () if sold.live is None else sold.live.ever_sold
    return agreed if agreed in {each.address.slug for each in known} else None


def _taking_from_others(
    found: Sequence[Difference], sold_families: Sequence[SoldFamily], resolution: Resolution
) -> list[Difference]:
    """What takes something from holders of a version that its family is to serve again."""
    spared = {
        resolution.versions[each.address]
        for each in sold_families
        if each.goes_back_to and each.terms.when_tightened is not WhenTightened.IN_PLACE
    }
    return [each for each in found if each.address.root in spared and each.effect.is_harmful]


def _left_to_plan(difference: Difference) -> Diagnostic:
    root = difference.address.root
    return Diagnostic(
        rule="left-to-plan",
        message=f"not reverted, because that takes something from holders of {root}",
        ref=difference.source,
        severity=Severity.NOTE,
        address=str(difference.address),
        hint="apply the revert, then make and apply a plan, as `onTighten` says",
    )


def _of_version(
    difference: Difference, resolution: Resolution, undone: Sequence[Difference]
) -> list[Difference]:
    """What of a version's difference a revert takes: of one changed in place, what was edited."""
    family = next((f for f, v in resolution.versions.items() if v == difference.address.root), None)
    if family is None:
        return [difference] if difference.drift is DriftClass.CHANGED else []
    way = next(each.way for each in resolution.choices if each.address == family)
    declared = moved(difference.address, {difference.address.root: family})
    edited = next((each for each in undone if each.address == declared), None)
    if way is not Way.IN_PLACE:
        return [difference]
    if difference.drift is not DriftClass.CHANGED:
        return [difference] if edited is not None else []
    specs = spec_of(difference.address.kind).fields
    names = {each.name for each in edited.fields} if edited is not None else set()
    fields = tuple(f for f in difference.fields if f.name in names or specs[f.name].moves)
    return [difference.changed(fields=fields)] if fields else []


def still_agreed(
    agreed: Sequence[FamilyChoice], reverted: Sequence[FamilyChoice]
) -> tuple[FamilyChoice, ...]:
    """What is agreed of families once some of them are reverted."""
    # One that was deleted is nobody's any more: what has its name now is not the revert's matter.
    agreed = [each for each in agreed if each.way is not Way.DELETE]
    now = {each.address: each for each in (*agreed, *reverted)}
    return tuple(now[a] for a in sorted(now, key=lambda address: address.sort_key))


def _standings(
    desired: DesiredState, live: LiveState, scope: Scope, kept: Mapping[Address, FamilyChoice]
) -> list[SoldFamily]:
    found = _families(desired, live)
    served = _differences(desired, live, scope, {a: f.shown.address for a, f in found.items()})
    newer = {a: f.newest.address for a, f in found.items() if f.newest is not f.shown}
    newest = _differences(desired, live, scope, newer)
    return [
        SoldFamily(
            address=address,
            terms=terms,
            source=desired.resources[address].source,
            is_sold=is_sold(desired.resources[address]),
            live=found.get(address),
            differences=tuple(with_units(served.get(address, ()), desired, live)),
            from_newest=newest.get(address, ()) if address in newer else served.get(address, ()),
            kept=kept.get(address),
        )
        for address, terms in sorted(desired.terms.items(), key=lambda item: item[0].sort_key)
    ]


def _families(desired: DesiredState, live: LiveState) -> dict[Address, LiveFamily]:
    """The declared families that the server has.

    Raises:
        DeclarationError: one of their versions is declared by itself as well.
    """
    found = live_families(live.resources.values()) if desired.terms else {}
    families = {address: found[address.slug] for address in desired.terms if address.slug in found}
    twice = tuple(declared_twice(desired, families))
    if twice:
        raise DeclarationError(twice)
    return families


def _differences(
    desired: DesiredState, live: LiveState, scope: Scope, shown: Mapping[Address, Address]
) -> dict[Address, list[Difference]]:
    """How each family differs from one of its versions."""
    wanted = DesiredState(
        resources={a: each for a, each in desired.resources.items() if a.root in shown},
        owns=frozenset(each for each in desired.owns if each.parent in shown),
    )
    differences: dict[Address, list[Difference]] = {}
    for each in diff_catalog(wanted, as_sold(live, shown), scope).differences if shown else ():
        if each.address.root in shown:
            differences.setdefault(each.address.root, []).append(each)
    return differences


def _whose_holders_matter(sold: SoldFamily) -> set[Address]:
    """The served version that would be tightened, and replaced ones that are to be archived."""
    live = sold.live
    if live is None or not sold.is_sold:
        return set()
    asked = {live.shown.address} if harmful(sold) else set()
    if sold.terms.archive_replaced:
        asked |= {v.address for v in live.in_state("PUBLISHED") if v is not live.shown}
    return asked
