"""Derives again what a plan says about its own changes, so that nothing in it is believed.

The digest only shows that nobody edited the file by accident: whoever forges a plan seals it again.
What a reviewer reads (effects, summary, requests) and what apply relies on (dependencies, what was
observed) follows from the changes, and has to be what follows from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from kaiten_sync.effects import worst
from kaiten_sync.families import moved, version_address
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.plan.cost import least_requests
from kaiten_sync.plan.families import link_of
from kaiten_sync.plan.judged import contradiction, misjudged
from kaiten_sync.plan.leaving import deleted
from kaiten_sync.plan.limits import touched_by_kind
from kaiten_sync.plan.new_versions import misread
from kaiten_sync.plan.order import edges_within
from kaiten_sync.plan.rests_on import rests_on
from kaiten_sync.plan.values import undeclarable, unseeable


def contradictions(plan: Plan) -> tuple[Diagnostic, ...]:
    """What a plan says that does not follow from its changes; all that the first check finds.

    A check relies on those before it.
    """
    return next((found for check in _CHECKS if (found := tuple(check(plan)))), ())


def _numbers(plan: Plan) -> Iterator[Diagnostic]:
    """Every number that a reviewer reads, and that the limits of a policy are shares of."""
    summary = plan.summary
    for name, counts, found in (
        ("actions", summary.actions, Counter(str(each.action) for each in plan.changes)),
        ("effects", summary.effects, Counter(str(each.effect) for each in plan.changes)),
    ):
        if dict(counts) != dict(found):
            yield contradiction(
                f"summary.{name}: the changes have {_counts(found)}, not {_counts(counts)}"
            )
    least = least_requests(plan.changes, plan.observed)
    if plan.requests < least or (not plan.changes and plan.requests):
        yield contradiction(f"requests: the changes take at least {least}, not {plan.requests}")
    # A population that is too small would make the share that is deleted look larger, and one that
    # does not reach the changes themselves was not counted on any server.
    for kind, count in touched_by_kind(plan.changes).items():
        if plan.guards.population.get(kind, 0) < count:
            plural = spec_of(kind).plural
            yield contradiction(f"guards.population: there are at least {count} live {plural}")


def _managed(plan: Plan) -> Iterator[Diagnostic]:
    gone, left = deleted(plan.changes), Counter(each.address for each in plan.left)
    for address in sorted(gone, key=lambda a: a.sort_key):
        if address in plan.managed:
            yield contradiction("managed: the plan deletes it", address)
        if address in left:
            yield contradiction("left: the plan deletes it", address)
    for address, count in left.items():
        if count > 1:
            yield contradiction(f"left: it appears {count} times", address)


def _allowed(plan: Plan) -> Iterator[Diagnostic]:
    """What is allowed concerns a change: of an object, of its grants, or of what it goes with."""
    changed = {change.address for change in plan.changes}
    parents = {address.parent for address in changed}
    for address in sorted(plan.guards.allowed, key=lambda a: a.sort_key):
        if not {address, address.parent} & changed and address not in parents:
            yield contradiction("guards.allowed: no change needs it", address)


def _dependencies(plan: Plan) -> Iterator[Diagnostic]:
    for change, needed in edges_within(plan.changes):
        for each in sorted(needed.difference(change.depends_on)):
            yield contradiction(f"{change.action}: it depends on {each}", change.address)


def _observed(plan: Plan) -> Iterator[Diagnostic]:
    """What a change rests on was observed whole: a gap would match whatever is there."""
    seen = {each.address: each for each in plan.observed}
    for each in plan.observed:
        if each.fields is not None and each.id is None:
            yield contradiction("observed: it has no id", each.address)
    for change in plan.changes:
        for address, names in rests_on(change):
            if address not in seen:
                unseen = f"{change.action}: the plan did not look at {address}"
                yield contradiction(unseen, change.address)
            else:
                yield from _gaps(change, seen[address], names)
        if change.action == Action.DELETE and change.address in seen:
            shown = {each.name for each in change.fields}
            for name, value in sorted((seen[change.address].fields or {}).items()):
                if value is not None and name not in shown:
                    yield contradiction(f"{change.action}: it does not show {name}", change.address)


def _gaps(change: Change, observed: Observed, names: Sequence[str]) -> Iterator[Diagnostic]:
    if observed.fields is None:
        return
    wanted = {*names}
    if change.action == Action.DELETE and observed.address == change.address:
        spec = spec_of(change.address.kind)
        wanted |= {*spec.required}
        # The server takes these from an object when a sibling gets them: never observed then.
        wanted -= {each.name for each in spec.fields.values() if each.one_per}
    for name in sorted(wanted - observed.fields.keys()):
        unseen = f"{change.action}: the plan did not look at {name} of {observed.address}"
        yield contradiction(unseen, change.address)


def _ways(plan: Plan) -> Iterator[Diagnostic]:
    """What the plan says of each family fits its changes."""
    for address, count in Counter(each.address for each in plan.families).items():
        if count > 1:
            yield contradiction(f"families: it appears {count} times", address)
    created = {change.address for change in plan.changes if change.action == Action.CREATE}
    compared = {each.address: each for each in plan.new_versions}
    for each in plan.families:
        version = None if each.version is None else version_address(each.address, each.version)
        if each.way is Way.NEW_VERSION and version in created - compared.keys():
            why = f"families: {version} is not compared with the version that it replaces"
            yield contradiction(why, each.address)
        effects = [c.effect for c in plan.changes if c.address.root == version]
        if each.way is Way.NEW_VERSION:
            # A version takes nothing from anybody by itself, only beside the one that is replaced.
            beside = compared.get(version) if version else None
            effects = [change.effect for change in beside.changes] if beside else []
        for why in _way_contradictions(each, effects):
            yield contradiction(f"families: {why}", each.address)


def _way_contradictions(choice: FamilyChoice, effects: Sequence[Effect]) -> Iterator[str]:
    """`effects` are what changes for whoever had the version that the family serves afterwards.

    Of a new version that is how it differs from the one that it replaces.
    """
    way, serves, version = choice.way, choice.serves, choice.version
    is_changed = way in (Way.CREATE, Way.IN_PLACE, Way.NEW_VERSION)
    if is_changed and version is None:
        yield f"its way is {way}, and it has no version"
    if not is_changed and effects:
        yield f"its way is {way}, and the plan changes {version}"
    if way is Way.DELETE and (serves is not None or version is not None):
        yield "it is deleted, and serves a version"
    if way is Way.CREATE and serves is not None:
        yield f"it is created, and serves {serves} already"
    if way is Way.NEW_VERSION and serves == version:
        yield f"{version} is no new version"
    is_tightened = any(each.is_harmful for each in effects)
    says_so = choice.effect is not None and choice.effect.is_harmful
    is_judged = way is Way.NEW_VERSION or (way is Way.IN_PLACE and serves == version)
    if is_judged and serves is not None and is_tightened and not says_so:
        yield f"what it does to holders of {serves} is {worst(effects)}, not {choice.effect}"


def _families(plan: Plan) -> Iterator[Diagnostic]:
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
            undeclared = f"{change.action}: it is not declared as {change.declared}"
            yield contradiction(undeclared, change.address)
        if choice is not None and change.action == Action.CREATE and not change.address.parent:
            link = {each.name: each.after for each in change.fields}.get(link_of(change.address))
            if (link or change.address.slug) != choice.address.slug:
                strange = f"{change.action}: it is not a version of {choice.address}"
                yield contradiction(strange, change.address)
        rests_on_nobody = choice is not None and choice.holders == 0
        is_harmful = change.effect.is_harmful
        if rests_on_nobody and is_harmful and change.address.root not in unheld:
            root = change.address.root
            missing = f"{change.action}: `observed` has to record {root} as unheld"
            yield contradiction(missing, change.address)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


_CHECKS: tuple[Callable[[Plan], Iterator[Diagnostic]], ...] = (
    _observed,
    lambda plan: unseeable(plan.observed),
    lambda plan: undeclarable(plan.changes, plan.observed),
    lambda plan: misjudged(plan.changes, plan.observed),
    lambda plan: map(contradiction, misread(plan)),
    _numbers,
    _managed,
    _allowed,
    _dependencies,
    _ways,
    _families,
)
