"""Pairs that look like a rename: one object is deleted and another created with its content."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.value import ABSENT, Fields, is_same
from kaiten_sync.plan.guards import Case
from kaiten_sync.plan.held import holding_of

_OF_THE_OBJECT = ("held by", "granted by")
"""What `holding_of` says of an object itself, and not of its usage."""


def renames(case: Case) -> Iterator[Diagnostic]:
    """A warning for each pair: a server cannot rename a slug, and holders stay with the old one."""
    created = {c.address: c.declared for c in case.changes if c.action == Action.CREATE}
    for new, old in renamed(created, case.desired, case.live, case.leaving.going):
        declared, before, what = created[new], old, "object"
        until = f"declare both until {old} has no holders"
        if declared != new and old in case.families.of:
            before, what = declared._replace(slug=case.families.of[old]), declared.kind
            until = f"declare {before} as well, with `sold: false`, until {old} has no holders"
        held = holding_of(case.holders, old, case.leaving.going)
        is_unheld = held is None and old in case.holders.checked
        keep = f"keep the slug {before.slug} and change its name instead"
        if held is not None:
            who = f"{old} is {held}" if held.startswith(_OF_THE_OBJECT) else held
        elif is_unheld:
            who = f"{old} has no holders"
        else:
            who = f"the holders of {old} are not known"
        yield Diagnostic(
            rule="looks-like-rename",
            message=f"{declared} has the content of {before}, which is deleted: a server cannot"
            f" rename a slug, and {who}",
            severity=Severity.WARNING,
            address=str(declared),
            hint=f"if the same {what} is meant, {keep}"
            if is_unheld
            else f"to keep it for its holders, {keep}; or {until}",
        )


def renamed(
    created: Iterable[Address],
    desired: DesiredState,
    live: LiveState,
    going: Collection[Address],
) -> Iterator[tuple[Address, Address]]:
    """Each created object with a deleted one whose content it has."""
    roots = sorted((a for a in going if a.parent is None), key=lambda a: a.sort_key)
    # Roots alone: what is inside goes and comes with them.
    for new in (each for each in created if each.parent is None):
        for old in roots:
            if new.kind == old.kind and _has_content_of(desired, live, new, old):
                yield new, old


def _has_content_of(desired: DesiredState, live: LiveState, new: Address, old: Address) -> bool:
    declared, found = desired.resources.get(new), live.resources.get(old)
    if declared is None or found is None or not _fits(new, declared.fields, found.fields):
        return False
    wanted = {a.slug: (a, r.fields) for a, r in desired.resources.items() if a.parent == new}
    there: Mapping[str, Fields] = {
        a.slug: r.fields for a, r in live.resources.items() if a.parent == old
    }
    return wanted.keys() == there.keys() and all(
        _fits(address, fields, there[slug]) for slug, (address, fields) in wanted.items()
    )


def _fits(address: Address, declared: Fields, live: Fields) -> bool:
    """Whether a live object has every declared value, but for what names the object itself."""
    specs = spec_of(address.kind).fields
    return all(
        specs[name].is_own_slug
        or (
            live.get(name) is None
            if value is None
            else is_same(normal_value(specs[name], value), live.get(name, ABSENT))
        )
        for name, value in declared.items()
    )
