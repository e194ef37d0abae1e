"""Judges again what each change of a plan does, from its values before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.effects import (
    creation_effect,
    deletion_effect,
    field_effect,
    inner_changes,
    with_joint_effect,
    worst,
)
from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, changed_again, gone_with_parent
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json, is_same

_State = Mapping[str, "Json | Absent"]


def contradiction(message: str, address: Address | None = None) -> Diagnostic:
    """What a plan says that does not follow from its changes; `address` is whom it is about."""
    return Diagnostic(rule="contradiction", message=message, address=address and str(address))


def misjudged(changes: Sequence[Change], observed: Sequence[Observed]) -> Iterator[Diagnostic]:
    """The changes whose effects are not those of their values, or that cannot be made at all."""
    now: dict[Address, _State] = {each.address: each.fields or {} for each in observed}
    together, again = gone_with_parent(changes), changed_again(changes)
    for change in changes:
        before = {name: v for name, v in now.get(change.address, {}).items() if v is not None}
        goes_along = change.action == Action.DELETE and change.address in together
        for why in _contradictions(change, before, goes_along):
            yield contradiction(f"{change.action}: {why}", change.address)
        if change.address in again:
            now[change.address] = {**before, **{each.name: each.after for each in change.fields}}


def _contradictions(change: Change, before: _State, goes_along: bool) -> Iterator[str]:
    effects = tuple(each.effect for each in change.fields)
    names = Counter(each.name for each in change.fields)
    yield from (f"it has {name} {count} times" for name, count in names.items() if count > 1)
    spec = spec_of(change.address.kind)
    match change.action:
        case Action.CREATE:
            yield from (f"it has no {name}" for name in spec.required if name not in names)
            effect = creation_effect(spec, _side(change, "after"))
            # Plans from before these rules give its kind's effect to a grant that gives nothing,
            # and to what goes with its license.
            is_older = change.effect is spec.created
            yield from _one_sided(change, "before", spec.created if is_older else effect)
        case Action.DELETE:
            effect = deletion_effect(spec, _side(change, "before"))
            right = Effect.NEUTRAL if goes_along else effect
            is_older = change.effect is spec.deleted and right is Effect.NEUTRAL
            yield from _one_sided(change, "after", spec.deleted if is_older else right)
        case Action.UPDATE:
            yield from _update(change, effects, before)
        case _:
            found = move_of(change.address.kind, change.action)
            assert found is not None  # noqa: S101  (actions are read by their kind)
            moved, move = found
            steps = [(each.name, each.before, each.after) for each in change.fields]
            if [(moved.name, move.before, move.after)] != steps or change.fields[0].inner:
                yield f"it takes {moved.name} from {move.before} to {move.after}, and nothing else"
            for name, value in move.only_while.items():
                if before.get(name, value) != value:
                    yield f"{name} is {before[name]} by then, not {value}"
            yield from _wrong(change, Effect.NEUTRAL, Effect.NEUTRAL)


def _side(change: Change, side: str) -> Fields:
    """The values of an object that exists before or after a change alone."""
    found = ((each.name, getattr(each, side)) for each in change.fields)
    return {name: value for name, value in found if value is not ABSENT}


def _one_sided(change: Change, empty: str, effect: Effect) -> Iterator[str]:
    """A create has no values before it, a delete none after it; its kind says what it does."""
    specs = spec_of(change.address.kind).fields
    for each in change.fields:
        other = each.after if empty == "before" else each.before
        if getattr(each, empty) is not ABSENT or other is ABSENT or each.inner:
            yield f"{each.name} has no value {empty} it"
        moves = specs[each.name].moves
        if empty == "before" and moves and not is_same(each.after, specs[each.name].born_as):
            yield f"{each.name} is not created as {each.after}"
    yield from _wrong(change, effect, Effect.NEUTRAL)


def _wrong(change: Change, effect: Effect, of_fields: Effect) -> Iterator[str]:
    if change.effect is not effect:
        yield f"its effect is {effect}, not {change.effect}"
    for each in change.fields:
        if each.effect is not of_fields:
            yield f"the effect of {each.name} is {of_fields}, not {each.effect}"


def _update(change: Change, effects: tuple[Effect, ...], before: _State) -> Iterator[str]:
    specs = spec_of(change.address.kind).fields
    if not change.fields:
        yield "it changes nothing"
    for each in change.fields:
        spec = specs[each.name]
        if spec.mutability is Mutability.MOVE:
            yield f"{each.name} changes by a move"
        elif is_same(each.before, each.after):
            yield f"{each.name} stays as it is"
        elif field_effect(spec, each.before, each.after) is Effect.BREAKS:
            yield f"{each.name} cannot be changed"
        if each.inner != inner_changes(each.before, each.after):
            yield f"the differences inside {each.name} are others"
    right = _possible(change, before)
    if effects not in right:
        yield f"the effects of its fields are {', '.join(right[0])}"
    if change.effect is not worst(effects):
        yield f"its effect is {worst(effects)}, not {change.effect}"


def _possible(change: Change, before: _State) -> list[tuple[Effect, ...]]:
    """The effects that the fields may have, the likeliest first.

    Fields that limit usage only together are judged together. Plans from before that rule judge
    them one by one, which is never milder. A plan need not have looked at the limit that stays: if
    that is the threshold, a change of the percentage above it may have no effect at all.
    """
    spec = spec_of(change.address.kind)
    alone = tuple(
        each.changed(effect=field_effect(spec.fields[each.name], each.before, each.after))
        for each in change.fields
    )
    known = _values({**before, **{each.name: each.before for each in change.fields}})
    after = {**known, **_values({each.name: each.after for each in change.fields})}
    found = [with_joint_effect(spec, alone, known, after), alone]
    if spec.limited_by and spec.limited_by[0] not in before:
        found.append(
            tuple(
                each.changed(effect=Effect.NEUTRAL) if each.name in spec.limited_by else each
                for each in alone
            )
        )
    return [tuple(each.effect for each in fields) for fields in found]


def _values(state: _State) -> dict[str, Json]:
    return {name: value for name, value in state.items() if not isinstance(value, Absent)}
