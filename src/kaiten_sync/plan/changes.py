"""Differences become changes: what to create, update, delete and move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kaiten_sync.effects import worst
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec, Mutability
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.plan.leaving import Fate, Leaving


def to_changes(
    differences: Iterable[Difference], leaving: Leaving, *, has_drafts: bool
) -> Iterator[Change]:
    """All changes that the differences call for, not yet ordered.

    `has_drafts` says whether the server creates objects in a first state (licenses as drafts), to
    be filled before anyone can have them.
    """
    for difference in differences:
        match difference.drift:
            case DriftClass.MISSING:
                yield from _creation(difference, has_drafts=has_drafts)
            case DriftClass.CHANGED:
                specs = spec_of(difference.address.kind).fields
                plain = tuple(
                    f for f in difference.fields if specs[f.name].mutability != Mutability.MOVE
                )
                # One PUT for all fields of an object: each PUT writes the whole object anyway.
                if plain:
                    yield _change(Action.UPDATE, difference, plain)
                for field in difference.fields:
                    yield from _moves(difference, specs[field.name], field.before, field)
    for each in leaving.of(Fate.GOES):
        yield Change(
            address=each.address,
            action=Action.DELETE,
            fields=each.before,
            effect=each.effect,
            reason=each.reason,
        )


def _creation(difference: Difference, *, has_drafts: bool) -> Iterator[Change]:
    """The creation in its first state, then the moves to the declared one."""
    specs = spec_of(difference.address.kind).fields
    declared = {field.name: field for field in difference.fields}
    # A move comes later, and an object's own slug has no meaning beside its address.
    fields = [
        each
        for each in difference.fields
        for spec in [specs[each.name]]
        if not spec.moves and not (spec.is_own_slug and each.after == difference.address.slug)
    ]
    moved: list[Change] = []
    for spec in (each for each in specs.values() if each.moves):
        if spec.born_as is ABSENT:
            before = spec.default({})
        elif has_drafts:
            before = spec.born_as
            fields.append(FieldChange(name=spec.name, after=before))
        else:
            continue
        wanted = declared.get(spec.name, FieldChange(name=spec.name, after=spec.settles_as))
        moved += _moves(difference, spec, before, wanted)
    # Mostly the same ones, and a tuple of its own would be as large as the field in it.
    is_as_declared = fields == [*difference.fields]
    yield _change(Action.CREATE, difference, difference.fields if is_as_declared else tuple(fields))
    yield from moved


def _moves(
    difference: Difference, spec: FieldSpec, before: Json | Absent, wanted: FieldChange
) -> Iterator[Change]:
    for move in spec.steps(before, wanted.after) or ():
        field = FieldChange(
            name=spec.name, before=move.before, after=move.after, source=wanted.source
        )
        yield _change(move.action, difference, (field,))


def _change(action: Action, difference: Difference, fields: tuple[FieldChange, ...]) -> Change:
    return Change(
        address=difference.address,
        action=action,
        fields=fields,
        # A new object has the effect of its kind. Its fields had no value before that they could
        # tighten.
        effect=difference.effect if action == Action.CREATE else worst(f.effect for f in fields),
        source=difference.source,
    )
