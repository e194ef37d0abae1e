"""New versions of a license as differences from the version that each replaces (ADR 36).

All of it follows from the plan's changes and from what the plan observed, so whoever reads a plan
derives it again: only which version is replaced is written down, and has to be of the same family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kaiten_sync.effects import (
    creation_effect,
    deletion_effect,
    field_effect,
    inner_changes,
    with_joint_effect,
    worst,
)
from kaiten_sync.kinds.registry import child_kinds, family_kinds, spec_of
from kaiten_sync.kinds.spec import KindSpec
from kaiten_sync.kinds.values import with_defaults
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.plan import NewVersion, Observed, Plan, VersionChange
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.value import ABSENT, Fields, is_same
from kaiten_sync.plan.families import Families, link_of


def replaced_by(
    changes: Sequence[Change],
    live: LiveState,
    families: Families,
    served: Mapping[Address, Address],
) -> Mapping[Address, Address]:
    """The live version that each created one replaces.

    Of a declared family it is the one that is `served`, which the plan records. Of others it is
    the newest published, or else the newest: the server moves the default itself while a plan is
    applied. Versions whose grants were not read are left out.
    """
    replaced: dict[Address, Address] = {}
    for change in changes:
        if change.action != Action.CREATE or change.address.kind not in family_kinds():
            continue
        members = families.members.get(families.of.get(change.address, ""), ())
        kinds = [child.kind for child in child_kinds(change.address.kind)]
        known = [
            each
            for each in members
            if each in live.resources
            and live.coverage.lists.issuperset(ChildList(each, kind) for kind in kinds)
        ]
        if served.get(change.address) in known:
            known = [served[change.address]]
        sold = [each for each in known if _may_be_served(live.resources[each])]
        if known:
            replaced[change.address] = (sold or known)[-1]
    return replaced


def looked_at(replaced: Address, live: LiveState) -> Iterator[tuple[Address, Sequence[str]]]:
    """What a comparison with a version rests on, with the fields that matter."""
    yield replaced, [link_of(replaced)]
    for address in live.resources:
        if address.parent == replaced:
            yield address, list(spec_of(address.kind).fields)


def new_versions(
    replaced: Mapping[Address, Address], changes: Iterable[Change], observed: Iterable[Observed]
) -> tuple[NewVersion, ...]:
    """How each new version differs from the one that it replaces, by address."""
    created = {each.address: each for each in changes if each.action == Action.CREATE}
    seen = {each.address: each.fields for each in observed if each.fields is not None}
    return tuple(
        _new_version(address, replaced[address], created, seen)
        for address in sorted(replaced, key=lambda each: each.sort_key)
    )


def misread(plan: Plan) -> Iterator[str]:
    """What a plan says of its new versions and does not follow from its changes."""
    created = {each.address: each for each in plan.changes if each.action == Action.CREATE}
    seen = {each.address: each for each in plan.observed if each.fields is not None}
    for each in plan.new_versions:
        if each.address not in created or each.address.kind not in family_kinds():
            yield f"newVersions: {each.address} is not a version that the plan creates"
        elif each.replaces not in seen or each.replaces.kind != each.address.kind:
            yield f"newVersions: the plan did not look at {each.replaces}"
        elif _is_of_another_family(created[each.address], seen[each.replaces]):
            yield f"newVersions: {each.replaces} is of another family than {each.address}"
        else:
            # A plan that looked at half of a grant could hide what the new version takes away.
            for address, observed in seen.items():
                if address.parent == each.replaces:
                    names = spec_of(address.kind).fields.keys() - (observed.fields or {}).keys()
                    for name in sorted(names):
                        yield f"newVersions: the plan did not look at {name} of {address}"
    links = {each.address: each.replaces for each in plan.new_versions}
    if len(links) != len(plan.new_versions):
        yield "newVersions: it has a version twice"
    elif new_versions(links, plan.changes, plan.observed) != plan.new_versions:
        yield "newVersions: the differences are others"


def _may_be_served(version: LiveResource) -> bool:
    flag = spec_of(version.address.kind).flag
    moves = flag.moves if flag else ()
    wanted = next((move.only_while for move in moves if move.after is True), {})
    return all(version.fields.get(name) == value for name, value in wanted.items())


def _is_of_another_family(change: Change, replaced: Observed) -> bool:
    """Whether both say that they are; a server does not always show a version's family."""
    link = link_of(change.address)
    own = next((f.after for f in change.fields if f.name == link), change.address.slug)
    shown = (replaced.fields or {}).get(link)
    return shown is not None and shown != own


def _new_version(
    address: Address,
    replaced: Address,
    created: Mapping[Address, Change],
    seen: Mapping[Address, Fields],
) -> NewVersion:
    before = {(a.kind, a.slug): fields for a, fields in seen.items() if a.parent == replaced}
    after = {
        (a.kind, a.slug): {f.name: f.after for f in change.fields if f.after is not ABSENT}
        for a, change in created.items()
        if a.parent == address
    }
    found, unchanged = [], 0
    for kind, slug in sorted({*before, *after}):
        own = Address(kind, slug, address)
        change = _version_change(own, before.get((kind, slug)), after.get((kind, slug)))
        if change.fields:
            found.append(change)
        else:
            unchanged += 1
    return NewVersion(address=address, replaces=replaced, changes=tuple(found), unchanged=unchanged)


def _version_change(address: Address, before: Fields | None, after: Fields | None) -> VersionChange:
    spec = spec_of(address.kind)
    if before is None or after is None:
        there, judge = (before, deletion_effect) if after is None else (after, creation_effect)
        fields = _one_sided(spec, there or {}, is_before=after is None)
        return VersionChange(address=address, fields=fields, effect=judge(spec, there or {}))
    old, new = _full(spec, before), _full(spec, after)
    changed = [
        FieldChange(
            name=name,
            before=old.get(name, ABSENT),
            after=new.get(name, ABSENT),
            effect=field_effect(field, old.get(name, ABSENT), new.get(name, ABSENT)),
            inner=inner_changes(old.get(name, ABSENT), new.get(name, ABSENT)),
        )
        for name, field in spec.fields.items()
        if not is_same(old.get(name, ABSENT), new.get(name, ABSENT))
    ]
    judged = with_joint_effect(spec, changed, old, new)
    return VersionChange(
        address=address, fields=judged, effect=worst(each.effect for each in judged)
    )


def _full(spec: KindSpec, fields: Fields) -> Fields:
    return with_defaults(spec.kind, {n: v for n, v in fields.items() if v is not None})


def _one_sided(spec: KindSpec, fields: Fields, *, is_before: bool) -> tuple[FieldChange, ...]:
    """The fields of a grant that is on one side only, as far as they say something."""
    known = {name: fields.get(name) for name in spec.fields}
    # A default that nobody wrote down would read as if somebody had decided it.
    told = {n: v for n, v in known.items() if v is not None and v != spec.fields[n].default(fields)}
    return tuple(
        FieldChange(name=name, before=value) if is_before else FieldChange(name=name, after=value)
        for name, value in told.items()
    )
