"""Compares a plan that is to be applied with the one that its declaration gives (ADR 25).

The plan made again comes from the declaration, the project's policy, the plan before this one and
live. What differs is forged, left out, or has been overtaken: in each case nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.units import units_shown
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Unit, is_same
from kaiten_sync.plan.guards import OTHER_RULES
from kaiten_sync.plan.leaving import NEVER_MANAGED
from kaiten_sync.plan.places import declared_places, with_places
from kaiten_sync.plan.words import plural
from kaiten_sync.pricing import both_said, known_in_plan, said, units_of_plan

_UNOWNED = "no plan before this one managed it, or the policy leaves it on the server"
_UNDECLARED = "the catalog does not"

Resources: TypeAlias = "Mapping[Address, LiveResource]"

_Difference: TypeAlias = "tuple[Address | None, str]"
"""The object that is treated differently, None if it is none, and how."""


def unlike(
    plan: Plan, made: Plan, done: Collection[str], live: Resources
) -> tuple[Diagnostic, ...]:
    """Where a plan is not the one made again.

    `done` are the changes that the server shows to be done, `live` all that it had before them.
    """
    found = (
        *_of_changes(plan, made, done),
        *_of_observed(plan, made),
        *_of_guards(plan, made),
        *_of_numbers(plan, made, done),
        *_of_words(plan, made, done),
        *_of_families(plan, made, done),
        *_of_left(plan, made, done, live),
    )
    return with_places(
        (
            Diagnostic(rule="not-this-plan", message=message, address=address and str(address))
            for address, message in found
        ),
        declared_places(made),
    )


def _of_changes(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[_Difference]:
    given, wanted = _by_id(plan), _by_id(made)
    known = known_in_plan(made)
    for change in plan.changes:
        if change.id not in wanted:
            is_unowned = change.action == Action.DELETE and change.address not in made.managed
            yield (
                change.address,
                f"nothing asks to {_verb(change)} it: {_UNOWNED if is_unowned else _UNDECLARED}",
            )
            continue
        units = partial(units_of_plan, change.address, *known)
        for message in _of_fields(change, wanted[change.id], units):
            yield change.address, message
        missing = {*wanted[change.id].depends_on}.difference(change.depends_on)
        for each in () if change.id in done else sorted(missing.difference(done)):
            yield change.address, f"to {_verb(change)} it has to wait for {each}"
    for name, change in wanted.items():
        if name not in given:
            yield change.address, f"the plan does not {_verb(change)} it, which is needed now"


def _verb(change: Change) -> str:
    return str(change.action).replace("-", " ")


def _of_fields(
    change: Change, wanted: Change, units: Callable[[], tuple[Unit, Unit]]
) -> Iterator[str]:
    """How the fields of two changes differ. `units` are those of the object's number."""
    given, right = _fields(change), _fields(wanted)
    for name in {**right, **given}:
        if name not in right:
            yield f"the catalog leaves {name} as it is"
        elif name not in given:
            yield f"{name} has to become {said(name, right[name].after, units()[1])}"
        elif not is_same(given[name].after, right[name].after):
            after = units()[1]
            one, other = both_said(name, given[name].after, right[name].after, (after, after))
            yield f"{name} would become {one}; the catalog says {other}"
        elif not is_same(given[name].before, right[name].before):
            yield f"{name} was {said(name, right[name].before, units()[0])} before"


def _of_observed(plan: Plan, made: Plan) -> Iterator[_Difference]:
    """What the plan rests on has to be observed whole: a gap would match whatever is there."""
    given = {each.address: each for each in plan.observed}
    changed: dict[Address, set[str]] = defaultdict(set)
    for change in made.changes:
        changed[change.address].update(each.name for each in change.fields)
    for wanted in made.observed:
        for message in _gaps(given.get(wanted.address), wanted, changed[wanted.address]):
            yield wanted.address, message


def _gaps(given: Observed | None, wanted: Observed, required: Collection[str]) -> Iterator[str]:
    fields = (wanted.fields or {}).keys() - units_shown()
    if given is None and wanted.fields and not fields:
        return  # it was looked at for its unit alone, which plans from before that did not show
    if given is None:
        yield "the plan did not look at it"
    elif (given.fields is None) != (wanted.fields is None):
        yield f"the plan saw it{' not' if given.fields is None else ''} there"
    elif given.id != wanted.id:
        yield f"the plan saw another object (id {given.id}, not {wanted.id})"
    else:
        unseen = fields - (given.fields or {}).keys()
        # A plan of an earlier version did not look at what a changed field is judged with.
        unseen -= {*spec_of(wanted.address.kind).limited_by}.difference(required)
        for name in sorted(unseen):
            yield f"the plan did not look at its {name}"


def _of_guards(plan: Plan, made: Plan) -> Iterator[_Difference]:
    given, right = plan.guards, made.guards
    for name, limit, project in (
        ("maxDeletes", given.max_deletes, right.max_deletes),
        ("maxUpdates", given.max_updates, right.max_updates),
    ):
        if limit != project:
            yield None, f"{name} is {limit} in the plan, but {project} in the policy"
    if given.rules != right.rules:
        yield None, OTHER_RULES
    for address in _sorted(right.protected - given.protected):
        yield address, "it is protected, but the plan does not list it as protected"
    for address in _sorted(given.protected - right.protected):
        yield address, "the plan lists it as protected, but it is not"
    for kind, count in given.population.items():
        plural, there = spec_of(kind).plural, right.population.get(kind, 0)
        if count > there:
            yield None, f"the plan counts {count} live {plural}, but there are {there}"


def _of_numbers(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[_Difference]:
    if plan.summary.unchanged != made.summary.unchanged:
        count = made.summary.unchanged
        verb = f"{plural(count, 'object')} {plural(count, 'is', 'are')}"
        yield None, f"{count} {verb} unchanged, not {plan.summary.unchanged}"
    # How many requests applying takes depends on what is on the server besides, and on how much is
    # done already: only two plans of one moment have to agree on it.
    is_of_one_moment = not done and _of_one_moment(plan) == _of_one_moment(made)
    if is_of_one_moment and plan.requests != made.requests:
        requests = plural(made.requests, "request")
        yield None, f"applying takes {made.requests} {requests}, not {plan.requests}"


def _of_words(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[_Difference]:
    """The warnings and reasons that a reviewer read."""
    if done:
        return
    # Who may see the holders is warned of them less: then another token may have made the plan.
    saw_alike = _holders_seen(plan) == _holders_seen(made)
    for warning in made.warnings if saw_alike else ():
        if warning not in plan.warnings:
            yield None, f"the plan leaves out the warning: {warning}"
    for warning in plan.warnings if saw_alike else ():
        if warning not in made.warnings:
            yield None, f"the plan has an unexpected warning: {warning}"
    wanted = _by_id(made)
    for change in plan.changes:
        if change.id in wanted and change.reason != wanted[change.id].reason:
            right = wanted[change.id].reason
            yield change.address, f"the reason is {change.reason!r}, and should be {right!r}"
    replaced = {each.address: each.replaces for each in plan.new_versions}
    for version in made.new_versions:
        if replaced.get(version.address) != version.replaces:
            yield version.address, f"the plan does not compare it with {version.replaces}"


def _of_families(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[_Difference]:
    """What the plan does about each family, and the reason that a reviewer read."""
    given = {each.address: each for each in plan.families}
    wanted = {each.address: each for each in made.families}
    for address in _sorted(given.keys() | wanted.keys()):
        one, other = given.get(address), wanted.get(address)
        if one is None or other is None:
            yield address, "the plan leaves out the family" if one is None else _UNDECLARED
        elif (one.way, one.serves, one.version) != (other.way, other.serves, other.version):
            yield address, f"the way of the family is {other.way} now: {other.reason}"
        elif one != other and not done:
            yield address, f"the reason is {one.reason!r}, and should be {other.reason!r}"


def _of_left(
    plan: Plan, made: Plan, done: Collection[str], live: Resources
) -> Iterator[_Difference]:
    """What stays on the server and nothing manages now, as a reviewer read it.

    Nothing rests on it, so it may have other values by now, or be gone, and what no plan ever
    managed may be new. Which fields of an object left git shows in their values alone.
    """
    if done:
        return
    given = {each.address: each for each in plan.left}
    right = {each.address: each for each in made.left}
    others = set()
    for address, left in given.items():
        found = live.get(address)
        is_as_it_was = found is not None and (
            address not in made.managed
            or is_same(left.fields, {name: found.fields.get(name) for name in left.fields})
        )
        if not is_as_it_was:
            others.add(address)
    for address in _sorted((given.keys() | right.keys()) - others):
        one, other = given.get(address), right.get(address)
        if other is None:
            yield address, "the plan shows it as left on the server, and nothing has left it"
        elif one is None:
            if other.reason != NEVER_MANAGED:
                yield address, f"the plan does not show that it is left: {other.reason}"
        elif one.reason != other.reason or one.is_drift != other.is_drift:
            yield address, f"it is left for another reason than the plan shows: {other.reason}"
        elif address in made.managed and one.fields.keys() != other.fields.keys():
            yield address, f"what is left of it is {', '.join(sorted(other.fields))}"


def _of_one_moment(plan: Plan) -> tuple[object, ...]:
    """What shows that two plans saw the same catalog, and as much of its holders."""
    return plan.guards.population, plan.summary.unmanaged, _holders_seen(plan)


def _holders_seen(plan: Plan) -> Collection[object]:
    return {(each.address, each.unheld, each.unused) for each in plan.observed}


def _by_id(plan: Plan) -> Mapping[str, Change]:
    return {change.id: change for change in plan.changes}


def _fields(change: Change) -> Mapping[str, FieldChange]:
    return {each.name: each for each in change.fields}


def _sorted(addresses: Collection[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: address.sort_key)
