"""What a plan says to whoever reviews it. Warnings are for people and steer nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from kaiten_sync.families import DEFAULT, served_of
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.kinds.units import unit_holder, unit_in
from kaiten_sync.licensing import is_read_with_prefix
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.plan import NewVersion
from kaiten_sync.model.value import NO_UNIT, Absent, Json, is_number
from kaiten_sync.plan.families import Families, taken_field
from kaiten_sync.plan.guards import Case
from kaiten_sync.plan.held import unchecked
from kaiten_sync.plan.leaving import OUTSIDE, Fate
from kaiten_sync.plan.renames import renames
from kaiten_sync.plan.restart import restart_warnings, restarting
from kaiten_sync.plan.simulation import Simulation


def warnings(case: Case, new_versions: Iterable[NewVersion] = ()) -> Iterator[Diagnostic]:
    """Everything worth a look, by what it is about."""
    yield from restart_warnings(restarting(case.differences))
    yield from _other_units(case, new_versions)
    yield from _forgotten_drafts(case)
    yield from _displaced(case)
    yield from _what_is_served(case)
    yield from _removed_and_staying(case)
    yield from renames(case)
    yield from unchecked(case.holders, case.leaving.going)


def _other_units(case: Case, new_versions: Iterable[NewVersion]) -> Iterator[Diagnostic]:
    """A new unit converts nothing: what is recorded, and what is reported, stay the same numbers.

    So do the grants of older versions. Another word for the same unit is not such a change: no
    grant changes with it.
    """
    updated = [each for each in case.changes if each.action == Action.UPDATE]
    regranted = {unit_holder(each.address) for each in updated}
    regranted |= {unit_holder(a) for version in new_versions for a in _other_numbers(version)}
    for change in updated:
        address, found = change.address, case.live.resources.get(change.address)
        fields = found.fields if found is not None else {}
        changed = {each.name: each.after for each in change.fields}
        before, after = unit_in(address.kind, fields), unit_in(address.kind, {**fields, **changed})
        scales = is_read_with_prefix(before) and is_read_with_prefix(after)
        if NO_UNIT not in (before, after) and before != after and (scales or address in regranted):
            yield Diagnostic(
                rule="unit-changes",
                message=f"{address} counts {after[1]} and no longer {before[1]}: recorded usage"
                " stays the number that it is, and so do grants that this plan leaves as they are,"
                " those of older versions too",
                severity=Severity.WARNING,
                address=str(address),
                hint=f"report {after[1]} from now on, or declare another entitlement",
            )


def _other_numbers(version: NewVersion) -> Iterator[Address]:
    """The grants of a new version that have another number than in the one that it replaces."""
    for change in version.changes:
        if any(is_number(each.before) and is_number(each.after) for each in change.fields):
            yield change.address


def _forgotten_drafts(case: Case) -> Iterator[Diagnostic]:
    """A draft that nothing declares as one may be what an interrupted apply left behind."""
    kinds = {spec.kind for spec in all_kinds() if spec.first_states}
    born = (each for each in case.desired.resources if each.kind in kinds)
    for address in sorted(born, key=lambda each: each.sort_key):
        resource, found = case.desired.resources[address], case.live.resources.get(address)
        for spec in spec_of(address.kind).first_states:
            is_first = found is not None and found.fields.get(spec.name) == spec.born_as
            if is_first and spec.name not in resource.fields:
                yield Diagnostic(
                    rule="forgotten-draft",
                    message=f"{address} is still a {str(spec.born_as).lower()}",
                    severity=Severity.WARNING,
                    address=str(address),
                    hint=f"declare `{spec.name}: {spec.settles_as}` to publish it",
                )


def _displaced(case: Case) -> Iterator[Diagnostic]:
    """The server clears a sibling's flag when another object of its family gets it."""
    moved = {(c.address, f.name) for c in case.changes for f in c.fields}
    for change in case.changes:
        name = taken_field(change)
        for sibling in case.families.siblings(change.address) if name else ():
            found = case.live.resources.get(sibling)
            has_it = found is not None and found.fields.get(name) is True
            if has_it and (sibling, name) not in moved:
                yield Diagnostic(
                    rule="default-taken",
                    message=f"{change.address} takes the default of its family from {sibling}",
                    severity=Severity.WARNING,
                    address=str(change.address),
                )


def _what_is_served(case: Case) -> Iterator[Diagnostic]:
    """Families whose served version nobody chose, or nobody declares any more."""
    server = Simulation(case.live, case.families)
    for change in case.changes:
        if change.effect is Effect.BREAKS or any(server.objections(change)):
            return  # the plan is refused, and what would be served then means nothing
        server.play(change)
    declared = {case.families.of.get(each) for each in case.desired.resources}
    yield from without_default(case.families, server.objects, declared)
    yield from _left_on_sale(case, server.objects, declared)


def without_default(
    families: Families,
    objects: Mapping[Address, Mapping[str, Json | Absent]],
    chosen: Collection[str | None],
) -> Iterator[Diagnostic]:
    """The chosen families that have several published versions, and no default among them."""
    for family, members in sorted(families.members.items()):
        flag = spec_of(members[0].kind).flag
        if flag is None or family not in chosen:
            continue
        states = next(move for move in flag.moves if move.after is True).only_while.items()
        offered = [
            each
            for each in members
            if (fields := objects.get(each))
            and all(fields.get(name) == value for name, value in states)
        ]
        has_default = any(objects[each].get(flag.name) is True for each in offered)
        if len(offered) > 1 and not has_default:
            yield Diagnostic(
                rule="family-without-default",
                message=f"the family {family} has {len(offered)} published versions and no default,"
                f" and serves the highest, {offered[-1]}",
                severity=Severity.WARNING,
                hint=f"declare `{flag.name}: true` on the one to sell",
            )


def _left_on_sale(
    case: Case,
    objects: Mapping[Address, Mapping[str, Json | Absent]],
    chosen: Collection[str | None],
) -> Iterator[Diagnostic]:
    """The chosen families that serve a version which an earlier plan managed, and no longer."""
    for family in sorted(case.families.members.keys() & chosen):
        members = [each for each in case.families.members[family] if each in objects]
        served = served_of(members, objects.__getitem__)
        left = None if served is None else case.leaving.departures.get(served)
        if left is not None and left.fate is Fate.LET_GO and left.reason != OUTSIDE:
            yield Diagnostic(
                rule="left-on-sale",
                message=f"the family {family} serves {served}, which is no longer declared",
                severity=Severity.WARNING,
                address=str(served),
                hint=f"declare that version as well, or `{DEFAULT}: true` on the one to sell",
            )


def _removed_and_staying(case: Case) -> Iterator[Diagnostic]:
    """An overlay's null ends a declaration. Whoever wrote it may expect a deletion."""
    for address, place in sorted(case.desired.removed.items(), key=lambda each: each[0].sort_key):
        departure = case.leaving.departures.get(address)
        if departure is not None and departure.fate is Fate.STAYS:
            yield Diagnostic(
                rule="removed-and-staying",
                message=f"{address} stays on the server: {place} takes it out of the declaration,"
                " and no earlier plan managed it",
                ref=place,
                severity=Severity.WARNING,
                address=str(address),
                hint="delete it on the server, or plan once with `--prune all`, which deletes"
                " everything that is not declared",
            )
