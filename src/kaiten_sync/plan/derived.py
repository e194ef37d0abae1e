"""Derives again what a plan says about its own changes, so that nothing in it is believed.

The digest only shows that nobody edited the file by accident: whoever forges a plan seals it again.
What a reviewer reads (effects, summary, requests) and what apply relies on (dependencies, what was
observed) follows from the changes, and has to be what follows from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from kaiten_sync.families import moved, version_address
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.plan.cost import least_requests
from kaiten_sync.plan.judged import misjudged
from kaiten_sync.plan.leaving import deleted
from kaiten_sync.plan.limits import touched_by_kind
from kaiten_sync.plan.new_versions import misread
from kaiten_sync.plan.order import edges_within
from kaiten_sync.plan.rests_on import rests_on


def check_derived(plan: Plan) -> None:
    """Make sure that a plan says nothing else than what follows from its changes.

    Raises:
        ValueError: it does; the message names the first place.
    """
    for check in _CHECKS:
        for why in check(plan):
            raise ValueError(why)


def _summary(plan: Plan) -> Iterator[str]:
    summary = plan.summary
    for name, counts, found in (
        ("actions", summary.actions, Counter(str(each.action) for each in plan.changes)),
        ("effects", summary.effects, Counter(str(each.effect) for each in plan.changes)),
    ):
        if dict(counts) != dict(found):
            yield f"summary.{name}: the changes have {_counts(found)}, not {_counts(counts)}"


def _managed(plan: Plan) -> Iterator[str]:
    for address in sorted(deleted(plan.changes) & plan.managed.keys(), key=lambda a: a.sort_key):
        yield f"managed: it has {address}, which the plan deletes"


def _allowed(plan: Plan) -> Iterator[str]:
    """What is allowed concerns a change: of an object, of its grants, or of what it goes with."""
    changed = {change.address for change in plan.changes}
    parents = {address.parent for address in changed}
    for address in sorted(plan.guards.allowed, key=lambda a: a.sort_key):
        if not {address, address.parent} & changed and address not in parents:
            yield f"guards.allowed: no change needs {address}"


def _requests(plan: Plan) -> Iterator[str]:
    least = least_requests(plan.changes, plan.observed)
    if plan.requests < least or (not plan.changes and plan.requests):
        yield f"requests: the changes take at least {least}, not {plan.requests}"


def _population(plan: Plan) -> Iterator[str]:
    for kind, count in touched_by_kind(plan.changes).items():
        if plan.guards.population.get(kind, 0) < count:
            yield f"guards.population: there are at least {count} live {spec_of(kind).plural}"


def _dependencies(plan: Plan) -> Iterator[str]:
    for change, needed in edges_within(plan.changes):
        for each in sorted(needed.difference(change.depends_on)):
            yield f"{change.id}: it depends on {each}"


def _observed(plan: Plan) -> Iterator[str]:
    """What a change rests on was observed whole: a gap would match whatever is there."""
    seen = {each.address: each for each in plan.observed}
    for each in plan.observed:
        if each.fields is not None and each.id is None:
            yield f"observed: {each.address} has no id"
    for change in plan.changes:
        for address, names in rests_on(change):
            if address not in seen:
                yield f"{change.id}: the plan did not look at {address}"
            else:
                yield from _gaps(change, seen[address], names)
        if change.action == Action.DELETE:
            yield from _hidden(change, seen[change.address])


def _gaps(change: Change, observed: Observed, names: Sequence[str]) -> Iterator[str]:
    if observed.fields is None:
        return
    wanted = {*names}
    if change.action == Action.DELETE and observed.address == change.address:
        spec = spec_of(change.address.kind)
        wanted |= {*spec.required}
        # The server takes these from an object when a sibling gets them: never observed then.
        wanted -= {each.name for each in spec.fields.values() if each.one_per}
    for name in sorted(wanted - observed.fields.keys()):
        yield f"{change.id}: the plan did not look at {name} of {observed.address}"


def _hidden(change: Change, observed: Observed) -> Iterator[str]:
    """Fields of a deleted object that the change does not show."""
    shown = {each.name for each in change.fields}
    for name, value in sorted((observed.fields or {}).items()):
        if value is not None and name not in shown:
            yield f"{change.id}: it does not show {name}"


def _families(plan: Plan) -> Iterator[str]:
    """A change of a family's version says so, and one that needs an unheld version rests on it."""
    chosen = {
        version_address(each.address, each.version): each
        for each in plan.families
        if each.version is not None
    }
    unheld = {each.address for each in plan.observed if each.unheld}
    for change in plan.changes:
        choice = chosen.get(change.address.root)
        roots = {} if choice is None else {change.address.root: choice.address}
        if change.declared != moved(change.address, roots):
            yield f"{change.id}: it is not declared as {change.declared}"
        rests_on_nobody = choice is not None and choice.holders == 0
        is_harmful = change.effect in (Effect.TIGHTENS, Effect.BREAKS)
        if rests_on_nobody and is_harmful and change.address.root not in unheld:
            yield f"{change.id}: the plan has to rest on {change.address.root} being held by nobody"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


_CHECKS: tuple[Callable[[Plan], Iterator[str]], ...] = (
    _observed,
    lambda plan: misjudged(plan.changes, plan.observed),
    misread,
    _summary,
    _managed,
    _allowed,
    _requests,
    _population,
    _dependencies,
    _families,
)
