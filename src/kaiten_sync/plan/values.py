"""Judges whether a plan writes only what a declaration could have said, by the kinds' tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.kinds.declarable import not_declarable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.values import TYPE_WORDS, fits, followed
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.value import ABSENT, Fields, Json
from kaiten_sync.plan.judged import contradiction
from kaiten_sync.plan.references import references


def undeclarable(changes: Sequence[Change], observed: Sequence[Observed]) -> Iterator[Diagnostic]:
    """The values that no declaration can give: a server would refuse them half way.

    They are judged together with those that were seen, which have the types of their fields.
    """
    now: dict[Address, Fields] = {each.address: each.fields or {} for each in observed}
    for change in changes:
        if change.action == Action.DELETE:
            continue
        found = list(_of_each(change))
        after = {f.name: None if f.after is ABSENT else f.after for f in change.fields}
        if not found:  # what is judged together has the right types
            found = list(_of_all(change, after, now))
        yield from (contradiction(f"{change.action}: {each}", change.address) for each in found)
        if change.action == Action.CREATE and change.address.parent is None:
            now[change.address] = after  # others may refer to it


def unseeable(observed: Sequence[Observed]) -> Iterator[Diagnostic]:
    """The values that no server can have been seen to have."""
    for each in observed:
        specs = spec_of(each.address.kind).fields
        for name, value in (each.fields or {}).items():
            if value is not None and not fits(specs[name], value):
                wanted = TYPE_WORDS[specs[name].type]
                yield contradiction(f"observed: {name} is not {wanted}", each.address)


def _of_each(change: Change) -> Iterator[str]:
    specs = spec_of(change.address.kind).fields
    for each in change.fields:
        why = not_declarable(specs[each.name], each.after)
        if why is not None:
            yield f"{each.name} {why}"


def _of_all(
    change: Change, after: Mapping[str, Json], now: Mapping[Address, Fields]
) -> Iterator[str]:
    spec = spec_of(change.address.kind)
    before = now.get(change.address, {})
    for clash in spec.clashes(followed(spec.kind, before, after)):
        about = {clash.at, *clash.others}
        # A plan looks only at some fields of what it updates, and another may settle it.
        is_seen = change.action == Action.CREATE or about <= {*before, *after}
        if is_seen and not about.isdisjoint(after):
            yield clash.message
    if spec.misfit is not None:
        targets = (now[address] for address, _ in references(change, "after") if address in now)
        yield from (why for target in targets if (why := spec.misfit(after, target)) is not None)
