"""Predicts the requests that applying a plan takes. `apply/` reads by the same rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.reading import READ_SINGLY, pages
from kaiten_sync.model.resource import LiveState

_COST = {
    Action.CREATE: 2,  # POST, verify
    Action.UPDATE: 3,  # read, PUT, verify
    Action.DELETE: 3,  # read, DELETE, verify
    Action.PUBLISH: 2,  # POST, verify
    Action.ARCHIVE: 2,
    Action.UNARCHIVE: 2,
    Action.MAKE_DEFAULT: 3,  # read, PUT, verify
    Action.CLEAR_DEFAULT: 3,
}


def requests_to_apply(
    changes: Sequence[Change],
    observed: Sequence[Observed],
    live: LiveState,
    looking_for_holders: int = 0,
) -> int:
    """How many requests applying will take when nothing has to be sent twice.

    `looking_for_holders` is what reading again who holds the deleted objects takes.
    """
    if not changes:
        return 0
    grants = Counter(address.license for address in live.resources)
    looking = looking_for_holders if any(each.unheld for each in observed) else 0
    return _reading(observed, live, grants) + looking + _writing(changes, grants)


def _reading(observed: Sequence[Observed], live: LiveState, grants: Counter[str | None]) -> int:
    wanted = Counter(o.address.kind for o in observed if o.address.license is None)
    population = Counter(a.kind for a in live.resources if a.license is None)
    listed = sum(
        count if count <= READ_SINGLY else pages(population[kind]) for kind, count in wanted.items()
    )
    absent = {o.address.slug for o in observed if _is_absent_license(o)}
    licenses = {o.address.license for o in observed if o.address.license is not None} - absent
    return listed + sum(pages(grants[slug]) for slug in licenses)


def _is_absent_license(observed: Observed) -> bool:
    return observed.address.kind is Kind.LICENSE and observed.fields is None


def _writing(changes: Iterable[Change], grants: Counter[str | None]) -> int:
    """Writes and their checks; the grants of one license are verified by one list."""
    total = 0
    touched: Counter[str] = Counter()
    for change in changes:
        total += _COST[change.action]
        if change.address.license is not None:
            total -= 1
            touched[change.address.license] += change.action is Action.CREATE
    return total + sum(pages(grants[slug] + new) for slug, new in touched.items())
