"""Differences become changes: what to create, update, delete and move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kaiten_sync.kinds.license import LICENSE, LicenseMove
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange, change_id
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Prune
from kaiten_sync.model.value import Absent, Json
from kaiten_sync.plan.ownership import GRANT_REASON, OWNED_REASON, is_pruned

_STEPS = {
    ("DRAFT", "PUBLISHED"): (LicenseMove.PUBLISH,),
    ("DRAFT", "ARCHIVED"): (LicenseMove.PUBLISH, LicenseMove.ARCHIVE),
    ("PUBLISHED", "ARCHIVED"): (LicenseMove.ARCHIVE,),
    ("ARCHIVED", "PUBLISHED"): (LicenseMove.UNARCHIVE,),
}
"""The moves from one lifecycle state to another. Source: API facts, section 2.4."""

_REACHED = {
    LicenseMove.PUBLISH: "PUBLISHED",
    LicenseMove.ARCHIVE: "ARCHIVED",
    LicenseMove.UNARCHIVE: "PUBLISHED",
}

_MOVED_FIELDS = frozenset({"lifecycleState", "isDefault"})


def to_changes(
    differences: Iterable[Difference],
    live: LiveState,
    *,
    prune: Prune,
    has_drafts: bool,
    owned: frozenset[Address] = frozenset(),
) -> tuple[Change, ...]:
    """All changes that the differences call for, not yet ordered.

    What is not declared is deleted as `prune` says, `owned` being what earlier plans managed.
    `has_drafts` says whether the server creates licenses as drafts, to be filled with grants
    before anyone can buy them.
    """
    changes: list[Change] = []
    for difference in differences:
        match difference.drift:
            case DriftClass.MISSING:
                changes += _creation(difference, has_drafts=has_drafts)
            case DriftClass.CHANGED:
                changes += _alteration(difference)
            case DriftClass.UNMANAGED if is_pruned(difference, prune, owned):
                reason = OWNED_REASON if prune is Prune.OWNED else None
                changes += _removal(difference, live, reason)
    return tuple(changes)


def _creation(difference: Difference, *, has_drafts: bool) -> Iterator[Change]:
    if difference.address.kind != LICENSE.kind:
        yield _change(Action.CREATE, difference, difference.fields)
        return
    fields = tuple(f for f in difference.fields if not _is_left_out(f, difference.address))
    wanted = {field.name: field for field in difference.fields}
    if has_drafts:
        fields += (FieldChange(name="lifecycleState", after="DRAFT"),)
    yield _change(Action.CREATE, difference, fields)
    if has_drafts:
        state = wanted.get("lifecycleState", FieldChange(name="lifecycleState", after="PUBLISHED"))
        yield from _moves(difference, "DRAFT", state)
    default = wanted.get("isDefault")
    if default is not None and default.after is True:
        yield _default_move(difference, before=False, after=True)


def _is_left_out(field: FieldChange, address: Address) -> bool:
    """Whether a license's field comes later as a move, or says what is so anyway."""
    opens_own_family = field.name == "familySlug" and field.after == address.slug
    return field.name in _MOVED_FIELDS or opens_own_family


def _alteration(difference: Difference) -> Iterator[Change]:
    changed = {field.name: field for field in difference.fields}
    plain = tuple(field for field in difference.fields if field.name not in _MOVED_FIELDS)
    if plain:
        yield _change(Action.UPDATE, difference, plain)
    if state := changed.get("lifecycleState"):
        yield from _moves(difference, state.before, state)
    if default := changed.get("isDefault"):
        yield _default_move(difference, before=default.before, after=default.after)


def _moves(difference: Difference, before: Json | Absent, wanted: FieldChange) -> Iterator[Change]:
    for action in _STEPS.get((str(before), str(wanted.after)), ()):
        after = _REACHED[action]
        field = FieldChange(name="lifecycleState", before=before, after=after, source=wanted.source)
        yield _change(action, difference, (field,))
        before = after


def _default_move(difference: Difference, *, before: Json | Absent, after: Json | Absent) -> Change:
    action = LicenseMove.MAKE_DEFAULT if after is True else LicenseMove.CLEAR_DEFAULT
    source = next((f.source for f in difference.fields if f.name == "isDefault"), None)
    field = FieldChange(name="isDefault", before=before, after=after, source=source)
    return _change(action, difference, (field,))


def _removal(difference: Difference, live: LiveState, reason: str | None) -> Iterator[Change]:
    yield replace(_change(Action.DELETE, difference, difference.fields), reason=reason)
    if difference.address.kind == LICENSE.kind:
        for grant in _grants_of(live, difference.address):
            yield _grant_removal(grant)


def _grants_of(live: LiveState, license_address: Address) -> Iterator[LiveResource]:
    for address, resource in live.resources.items():
        if address.parent == license_address:
            yield resource


def _grant_removal(grant: LiveResource) -> Change:
    return Change(
        id=change_id(Action.DELETE, grant.address),
        address=grant.address,
        action=Action.DELETE,
        fields=tuple(FieldChange(name=n, before=v) for n, v in grant.fields.items()),
        effect=Effect.TIGHTENS,
        reason=GRANT_REASON,
    )


def _change(action: Action, difference: Difference, fields: tuple[FieldChange, ...]) -> Change:
    return Change(
        id=change_id(action, difference.address),
        address=difference.address,
        action=action,
        fields=fields,
        effect=_effect(action, difference, fields),
        source=difference.source,
    )


def _effect(action: Action, difference: Difference, fields: tuple[FieldChange, ...]) -> Effect:
    if action in (Action.CREATE, Action.DELETE):
        return difference.effect
    return max((f.effect for f in fields), key=list(Effect).index, default=Effect.NEUTRAL)
