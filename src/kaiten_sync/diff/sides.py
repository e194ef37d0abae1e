"""Which side moved since the plan was agreed: git, the server, or both. Stage 4.

The committed plan holds a fingerprint of each object that it manages, and the values of what it
changes. A fingerprint shows whether two values are alike, not what they were; so this asks which
of the values at hand, git's and the server's, were the agreed ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations

from kaiten_sync.effects import worst
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.kinds.values import declared_form
from kaiten_sync.model.address import Address
from kaiten_sync.model.canonical import fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.value import ABSENT, Fields, Json, is_alike

_KEYS_MOVED = 2
"""Fields by which what is declared now may differ from what was declared then, to be recognized."""

_FIELDS_MIXED = 6
"""Fields of which each may be git's or the server's, to be recognized: 64 ways."""


def with_sides(
    differences: Collection[Difference], desired: DesiredState, live: LiveState, agreed: Plan
) -> tuple[Difference, ...]:
    """The differences, each with who moved, as far as the plan shows.

    What a plan of which nothing is done yet is still to do, git is ahead with. Once something of
    it is done it counts as applied: what it created and is gone, somebody deleted.
    """
    seen = {observed.address: observed for observed in agreed.observed}
    planned = set() if _is_begun(agreed, live) else {change.address for change in agreed.changes}
    going = {c.address for c in agreed.changes if c.action == Action.DELETE}
    return tuple(
        _ahead(difference)
        if difference.address in planned
        and _is_as_seen(seen.get(difference.address), live.resources.get(difference.address))
        else _with_side(difference, desired, live, agreed.managed, going)
        for difference in differences
    )


def undoing(
    differences: Collection[Difference],
) -> tuple[tuple[Difference, ...], tuple[Diagnostic, ...]]:
    """What of the differences undoes edits on the server, and notes on what cannot be undone.

    What git is ahead with is left to a plan, and what nobody declared is not touched.
    """
    undone: list[Difference] = []
    notes: list[Diagnostic] = []
    for difference in differences:
        match difference.verdict:
            case Verdict.SERVER_EDITED | Verdict.MISSING | Verdict.CHANGED:
                undone.append(difference)
            case Verdict.CONFLICT if difference.server_edited:
                undone.append(_only(difference, difference.server_edited))
            case Verdict.CONFLICT:
                notes.append(
                    Diagnostic(
                        rule="both-sides-changed",
                        message="both sides moved, and what was agreed is not known field by field",
                        ref=difference.source,
                        severity=Severity.NOTE,
                        address=str(difference.address),
                        hint="plan it, or adopt it",
                    )
                )
    return tuple(undone), tuple(notes)


def _only(difference: Difference, names: Collection[str]) -> Difference:
    fields = tuple(field for field in difference.fields if field.name in names)
    return replace(difference, fields=fields, effect=worst(field.effect for field in fields))


def _is_begun(plan: Plan, live: LiveState) -> bool:
    return any(_is_done(change, live.resources.get(change.address)) for change in plan.changes)


def _is_done(change: Change, found: LiveResource | None) -> bool:
    if change.action == Action.DELETE or found is None:
        return change.action == Action.DELETE and found is None
    return change.action == Action.CREATE or all(
        is_alike(None if field.after is ABSENT else field.after, found.fields.get(field.name))
        for field in change.fields
    )


def _is_as_seen(seen: Observed | None, found: LiveResource | None) -> bool:
    """Whether an object is as the plan found it: then the plan is not applied to it yet."""
    if seen is None or seen.fields is None or found is None:
        return seen is not None and seen.fields is None and found is None
    return seen.id == found.id and all(
        is_alike(value, found.fields.get(name)) for name, value in seen.fields.items()
    )


def _with_side(
    difference: Difference,
    desired: DesiredState,
    live: LiveState,
    managed: Mapping[Address, str],
    going: Collection[Address],
) -> Difference:
    address = difference.address
    match difference.drift:
        case DriftClass.MISSING if address not in managed:
            return _ahead(difference)
        case DriftClass.UNMANAGED if address in managed or address in going:
            return _ahead(difference)
        case DriftClass.CHANGED if address not in managed:
            return _ahead(difference)
        case DriftClass.CHANGED:
            resource, found = desired.resources[address], live.resources[address]
            return _compared(difference, resource, found, managed[address])
    return difference


def _compared(
    difference: Difference, resource: Resource, found: LiveResource, agreed: str
) -> Difference:
    kind = difference.address.kind
    declared = declared_form(kind, resource.fields)
    if fingerprint(declared) == agreed:
        names = tuple(field.name for field in difference.fields)
        return replace(difference, moved=Verdict.SERVER_EDITED, server_edited=names)
    on_server = _live_form(found, resource.fields, declared)
    if any(fingerprint(_pick(on_server, names)) == agreed for names in _key_sets(found, declared)):
        return _ahead(difference)
    return replace(
        difference,
        moved=Verdict.CONFLICT,
        server_edited=_edited_on_server(difference, declared, on_server, agreed),
    )


def _ahead(difference: Difference) -> Difference:
    return replace(difference, moved=Verdict.GIT_AHEAD, server_edited=())


def _live_form(found: LiveResource, written: Fields, declared: Fields) -> dict[str, Json]:
    """The live fields as somebody would have declared them who wants what is there."""
    specs = spec_of(found.address.kind).fields
    form: dict[str, Json] = {}
    for name, spec in specs.items():
        value = found.fields.get(name, ABSENT)
        if value is ABSENT:
            is_unseen = spec.mutability is Mutability.CREATE_ONLY and name in declared
            form[name] = declared[name] if is_unseen else None
        elif name in written and written[name] is None and value == spec.default(found.fields):
            form[name] = None
        else:
            form[name] = value
    return form


def _key_sets(found: LiveResource, declared: Fields) -> Iterator[frozenset[str]]:
    """The declared fields, then those with a few more or less: git may have named others then."""
    names = frozenset(declared)
    known = sorted(spec_of(found.address.kind).fields)
    for count in range(_KEYS_MOVED + 1):
        for moved in combinations(known, count):
            yield names.symmetric_difference(moved)


def _pick(fields: Fields, names: Collection[str]) -> dict[str, Json]:
    return {name: fields.get(name) for name in names}


def _edited_on_server(
    difference: Difference, declared: Fields, on_server: Fields, agreed: str
) -> tuple[str, ...] | None:
    """The fields that the server moved, where git moved all others; None if that is not so."""
    names = [field.name for field in difference.fields]
    if len(names) > _FIELDS_MIXED:
        return None
    for edited in chain.from_iterable(combinations(names, n) for n in range(1, len(names))):
        moved_in_git = {name: on_server.get(name) for name in names if name not in edited}
        if fingerprint({**declared, **moved_in_git}) == agreed:
            return edited
    return None
