"""The differences that undo edits on the server, with all that they rest on. Stage 4."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from kaiten_sync.effects import worst
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.references import references
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.value import is_same


class Undoing(Immutable, frozen=True, kw_only=True):
    """What is undone, in address order, and notes for whoever asked for it."""

    differences: tuple[Difference, ...]
    notes: tuple[Diagnostic, ...] = ()


def undoing(
    differences: Collection[Difference],
    only: Collection[Address] = (),
    managed: Collection[Address] = (),
    siblings: Callable[[Address], Iterable[Address]] = lambda _: (),
) -> Undoing:
    """Choose the differences that undo edits on the server.

    `only` are the objects that a person named, with what they contain; empty for all. What git is
    ahead with is left to a plan, and what nobody declared is not touched. A field that changed on
    both sides goes back to git's value only if its object is named. So does a missing object that
    is `managed`, even if git looks ahead: what the committed plan creates may be deleted since, or
    not made yet, and nobody can see which.

    What an object rests on is taken along: a missing one its parent and what it refers to, and a
    license that is published its grants, so that nobody ever has it without them. So is the one of
    its `siblings` that gets what the object loses, such as the default of a family.
    """
    found = {difference.address: difference for difference in differences}
    undone: dict[Address, Difference] = {}
    notes: list[Diagnostic] = []
    for address, difference in found.items():
        if only and not address.is_within(only):
            continue
        chosen = _undone(difference, is_named=bool(only), is_managed=address in managed)
        if chosen is not None:
            undone[address] = chosen
        else:
            notes.extend(_left_alone(difference, is_named=bool(only)))
    waiting = list(undone.values())
    for each in waiting:
        for needed in (*_needed_by(each, found), *_heirs(each, siblings(each.address), found)):
            if needed.address not in undone:
                undone[needed.address] = needed
                # What is taken along may rest on more: the list grows while it is walked.
                waiting.append(needed)
                notes.append(
                    _note(
                        needed,
                        "taken-along",
                        f"{needed.address} is taken along: {each.address} rests on it",
                    )
                )
    chosen_ones = sorted(undone.values(), key=lambda each: each.address.sort_key)
    return Undoing(differences=tuple(chosen_ones), notes=tuple(notes))


def _left_alone(difference: Difference, *, is_named: bool) -> Iterator[Diagnostic]:
    """What to say of a difference that is not undone."""
    if difference.verdict is Verdict.CONFLICT:
        yield _note(
            difference,
            "both-sides-changed",
            "git and the server both changed it, so it is left alone",
            hint="name it to revert it to what git declares, or adopt it",
        )
    elif is_named and difference.verdict is Verdict.GIT_AHEAD:
        yield _note(
            difference,
            "left-to-plan",
            "the server was not edited, git is ahead: a revert leaves it alone",
            hint="make and apply a plan",
        )


def _note(difference: Difference, rule: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(
        rule=rule,
        message=message,
        ref=difference.source,
        severity=Severity.NOTE,
        address=str(difference.address),
        hint=hint,
    )


def _undone(difference: Difference, *, is_named: bool, is_managed: bool) -> Difference | None:
    match difference.verdict:
        case Verdict.SERVER_EDITED | Verdict.MISSING | Verdict.CHANGED:
            return difference
        case Verdict.GIT_AHEAD:
            is_gone = is_managed and difference.drift is DriftClass.MISSING
            return difference if is_named and is_gone else None
        case Verdict.CONFLICT:
            edited = difference.server_edited
            begun = _begun(difference)
            if edited is None or (begun and not is_named):
                return difference if is_named else None
            names = (
                begun.union(edited) if is_named else set(edited) - set(difference.changed_in_git)
            )
            fields = tuple(each for each in difference.fields if each.name in names)
            effect = worst(each.effect for each in fields)
            return difference.changed(fields=fields, effect=effect) if fields else None
    return None


def _begun(difference: Difference) -> set[str]:
    """The fields in which an object is still in its first state: its other fields rest on those.

    A draft cannot be the default of its family, for one.
    """
    firsts = {spec.name: spec for spec in spec_of(difference.address.kind).first_states}
    return {
        each.name
        for each in difference.fields
        if each.name in firsts and is_same(each.before, firsts[each.name].born_as)
    }


def _needed_by(difference: Difference, found: Mapping[Address, Difference]) -> Iterator[Difference]:
    address = difference.address
    fields = {each.name: each.after for each in difference.fields}
    below = [target for target, _ in references(address, fields)]
    below += [address.parent] if address.parent is not None else []
    for each in below:
        if each in found and found[each].drift is DriftClass.MISSING:
            yield found[each]
    # Whoever gets a published object from now on gets its children as well.
    specs = spec_of(address.kind).fields
    is_published = any(
        move.waits_for_children and not move.withdraws
        for each in difference.fields
        for move in specs[each.name].steps(each.before, each.after) or ()
    )
    if difference.drift is DriftClass.MISSING or is_published:
        for child in found.values():
            if child.address.parent == address and child.drift is not DriftClass.UNMANAGED:
                yield child


def _heirs(
    difference: Difference, siblings: Iterable[Address], found: Mapping[Address, Difference]
) -> Iterator[Difference]:
    """The siblings that get what one object of a family has, and this one loses."""
    specs = spec_of(difference.address.kind).fields
    lost = {f.name for f in difference.fields if specs[f.name].one_per and f.before is True}
    for each in siblings:
        fields = found[each].fields if each in found else ()
        if any(field.name in lost and field.after is True for field in fields):
            yield found[each]
