"""What only `--allow ADDRESS` permits, one object at a time: no option lifts it for everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from kaiten_sync.families import live_families, version_address
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.family import Way
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Scope
from kaiten_sync.plan.leaving import Fate, Leaving, deleted
from kaiten_sync.plan.words import some


class Consent(Immutable, frozen=True, kw_only=True):
    """Something that is done only if `address`, or the license that it is a grant of, is allowed.

    `also` are objects that it concerns without being named: they go into the plan with it.
    """

    address: Address
    diagnostic: Diagnostic
    also: frozenset[Address] = frozenset()


def protected_harm(changes: Sequence[Change], protected: Collection[Address]) -> Iterator[Consent]:
    """Protected objects that are deleted or tightened; a protected license covers its grants."""
    gone = deleted(changes)
    seen: set[Address] = set()
    for change in changes:
        address = change.address
        is_harmful = change.action == Action.DELETE or change.effect.is_harmful
        # What goes with its license is named by that alone.
        goes_along = address in gone and address.parent in gone
        is_covered = address.parent in protected and not goes_along
        # An object has one need however many changes it has: a person allows objects, not
        # changes.
        if address in seen or not is_harmful or not (address in protected or is_covered):
            continue
        seen.add(address)
        verb = "deleted" if change.action == Action.DELETE else "tightened"
        named = change.declared
        yield Consent(
            address=address,
            diagnostic=Diagnostic(
                rule="protected",
                message=f"{named} is protected and would be {verb}",
                address=str(named),
                hint=f"lift `protect` in git first, or pass --allow {named}",
            ),
        )


def foreign_children(leaving: Leaving) -> Iterator[Consent]:
    """Objects that would take children with them that no plan managed."""
    taken: dict[Address, list[Address]] = defaultdict(list)
    for departure in leaving.of(Fate.GOES):
        if departure.is_foreign and departure.address.parent is not None:
            taken[departure.address.parent].append(departure.address)
    for parent in sorted(taken, key=lambda address: address.sort_key):
        words = spec_of(taken[parent][0].kind).plural
        names = some(sorted(child.slug for child in taken[parent]))
        yield Consent(
            address=parent,
            diagnostic=Diagnostic(
                rule="unmanaged-children",
                message=f"{parent} has {words} that no plan managed: {names}",
                address=str(parent),
                hint=f"declare or delete them first, or pass --allow {parent}",
            ),
            # Recorded in the plan, so that it says of everything that is deleted who allowed it.
            also=frozenset(taken[parent]),
        )


def outside(plan: Plan, scope: Scope) -> Iterator[Diagnostic]:
    """Objects that a plan file changes although they are not this repository's."""
    if plan.migration is not None:
        to = plan.migration.to
        seen_too = (each.address for each in plan.observed if each.address.kind == to.kind)
        yield from outside_family(plan.migration.family, {to, *seen_too}, scope)
        return
    # Older versions of a family are retired with it, and no plan says which family is theirs.
    retired = {
        version_address(each.address, each.address.slug).kind
        for each in plan.families
        if each.way is not Way.DELETE and scope.covers(each.address)
    }
    seen: set[Address] = set()
    for change in plan.changes:
        root = change.declared.root
        is_move = change.action in spec_of(change.address.kind).moves
        if root in seen or scope.covers(root) or (is_move and root.kind in retired):
            continue
        seen.add(root)
        yield Diagnostic(
            rule="outside-scope",
            message=f"the project's scope leaves out {root}, which the plan changes",
            address=str(root),
            hint="apply it in the project that owns it, or widen `scope` and make the plan again",
        )


def strangers(plan: Plan, live: Iterable[LiveResource], scope: Scope) -> Iterator[Diagnostic]:
    """Versions that a plan file takes for those of its families, and that are of another family.

    What a family declares, and what the scope has of it, would let the plan change them.
    """
    of = {
        each.address: Address(FAMILY.kind, slug)
        for slug, family in live_families(live).items()
        for each in family.versions
    }
    claimed = {
        version_address(choice.address, slug): choice.address
        for choice in plan.families
        for slug in (choice.serves, choice.version)
        if slug is not None
    }
    wrong = {a for a, family in claimed.items() if of.get(a, family) != family}
    # Older versions are retired with a family, and no plan says which family is theirs.
    ours = {each.address for each in plan.families if scope.covers(each.address)}
    roots = {each.declared.root for each in plan.changes}
    wrong |= {a for a in roots & of.keys() if not scope.covers(a) and of[a] not in ours}
    for address in sorted(wrong, key=lambda each: each.sort_key):
        yield Diagnostic(
            rule="not-this-plan",
            message=f"{address} is a version of {of[address]}, and the plan takes it for one of"
            " another family",
            address=str(address),
            hint="make the plan again",
        )


def outside_family(
    family: str, versions: Collection[Address], scope: Scope
) -> Iterator[Diagnostic]:
    """That holders of these versions of a family are not this repository's to move.

    The family may be declared as itself or by its versions, so either way of owning it is enough.
    What the scope says nothing of decides only if it says nothing of both.
    """
    whole = Address(FAMILY.kind, family)
    said = [
        [each for each in addresses if not scope.covers(each)]
        for addresses in ((whole,), sorted(versions, key=lambda each: each.sort_key))
        if any(scope.patterns(each.kind) is not None for each in addresses)
    ]
    if not said or not all(said):
        return
    names = [str(each) for left_out in said for each in left_out]
    yield Diagnostic(
        rule="outside-scope",
        message=f"the project's scope leaves out {some(names)}, whose holders would be moved",
        address=str(whole),
        hint="move them in the project that owns the family, or widen `scope`: its `families` by"
        " the family, or its `licenses` by these versions",
    )


def unmet(needs: Iterable[Consent], allowed: Collection[Address]) -> tuple[Diagnostic, ...]:
    """The diagnostics of needs that nothing allows."""
    return tuple(need.diagnostic for need in needs if _permit(need, allowed) is None)


def used(needs: Iterable[Consent], allowed: Collection[Address]) -> frozenset[Address]:
    """What of `allowed` was needed, with what it concerns besides."""
    found: set[Address] = set()
    for need in needs:
        permit = _permit(need, allowed)
        if permit is not None:
            found |= {permit, *need.also}
    return frozenset(found)


def not_needed(allowed: Collection[Address], known: Iterable[Address]) -> Iterator[Diagnostic]:
    """A note for each object that `--allow` names and nothing asks for: a slip, if it is unknown.

    It may be needed all the same, for what no permission lifts or a later plan does.
    """
    there = frozenset(known) if allowed else frozenset()
    for address in sorted(allowed, key=lambda each: each.sort_key):
        alike = (str(each) for each in there if each.kind == address.kind)
        yield Diagnostic(
            rule="unused-allow",
            message=f"--allow {address} has no effect on this plan",
            severity=Severity.NOTE,
            hint=None if address in there else did_you_mean(str(address), alike),
        )


def _permit(need: Consent, allowed: Collection[Address]) -> Address | None:
    # The parent first: allowing a license allows all of its grants, and is recorded as that.
    for address in (need.address.parent, need.address):
        if address is not None and address in allowed:
            return address
    return None
