"""Compares a plan that is to be applied with the one that its declaration gives (ADR 25).

The plan made again comes from the declaration, the project's policy, the plan before this one and
live. What differs is forged, left out, or has been overtaken: in each case nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.value import is_same
from kaiten_sync.plan.words import show


def unlike(plan: Plan, made: Plan, done: Collection[str]) -> tuple[str, ...]:
    """Where a plan is not the one made again. `done` are the changes that live shows to be done."""
    return (
        *_of_changes(plan, made, done),
        *_of_observed(plan, made),
        *_of_guards(plan, made),
        *_of_numbers(plan, made, done),
    )


def _of_changes(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[str]:
    given, wanted = _by_id(plan), _by_id(made)
    for change in plan.changes:
        if change.id not in wanted:
            yield f"{change.id}: {_uncalled_for(change, made)}"
            continue
        yield from _of_fields(change, wanted[change.id])
        missing = {*wanted[change.id].depends_on}.difference(change.depends_on)
        for each in () if change.id in done else sorted(missing.difference(done)):
            yield f"{change.id}: it has to wait for {each}"
    for name in wanted:
        if name not in given:
            yield f"{name}: not in the plan, and needed now"


def _uncalled_for(change: Change, made: Plan) -> str:
    if change.action == Action.DELETE and change.address not in made.managed:
        return "no plan before this one managed it, or the policy leaves it on the server"
    return "the catalog does not ask for it"


def _of_fields(change: Change, wanted: Change) -> Iterator[str]:
    given, right = _fields(change), _fields(wanted)
    for name in {**right, **given}:
        if name not in right:
            yield f"{change.id}: the catalog leaves {name} as it is"
        elif name not in given:
            yield f"{change.id}: {name} has to become {show(right[name].after)}"
        elif not is_same(given[name].after, right[name].after):
            yield (
                f"{change.id}: {name} would become {show(given[name].after)};"
                f" the catalog says {show(right[name].after)}"
            )
        elif not is_same(given[name].before, right[name].before):
            yield f"{change.id}: {name} was {show(right[name].before)} before"


def _of_observed(plan: Plan, made: Plan) -> Iterator[str]:
    """What the plan rests on has to be observed whole: a gap would match whatever is there."""
    given = {each.address: each for each in plan.observed}
    for wanted in made.observed:
        yield from _gaps(given.get(wanted.address), wanted)


def _gaps(given: Observed | None, wanted: Observed) -> Iterator[str]:
    address = wanted.address
    if given is None:
        yield f"{address}: the plan did not look at it"
    elif (given.fields is None) != (wanted.fields is None):
        yield f"{address}: the plan saw it{' not' if given.fields is None else ''} there"
    elif given.id != wanted.id:
        yield f"{address}: the plan saw another object (id {given.id}, not {wanted.id})"
    else:
        unseen = (wanted.fields or {}).keys() - (given.fields or {}).keys()
        for name in sorted(unseen):
            yield f"{address}: the plan did not look at its {name}"


def _of_guards(plan: Plan, made: Plan) -> Iterator[str]:
    given, right = plan.guards, made.guards
    for name, limit, project in (
        ("maxDeletes", given.max_deletes, right.max_deletes),
        ("maxUpdates", given.max_updates, right.max_updates),
    ):
        if limit != project:
            yield f"{name} is {limit} in the plan, and {project} in the policy"
    for address in _sorted(right.protected - given.protected):
        yield f"{address}: it is protected, and the plan does not know"
    for address in _sorted(given.protected - right.protected):
        yield f"{address}: the plan says that it is protected, and it is not"
    for kind, count in given.population.items():
        plural, there = spec_of(kind).plural, right.population.get(kind, 0)
        if count > there:
            yield f"the plan counts {count} live {plural}, and there are {there}"


def _of_numbers(plan: Plan, made: Plan, done: Collection[str]) -> Iterator[str]:
    if plan.summary.unchanged != made.summary.unchanged:
        yield f"{made.summary.unchanged} objects are as declared, not {plan.summary.unchanged}"
    if not done and _of_one_moment(plan) == _of_one_moment(made) and plan.requests != made.requests:
        yield f"applying takes {made.requests} requests, not {plan.requests}"


def _of_one_moment(plan: Plan) -> tuple[object, ...]:
    """What shows that two plans saw the same catalog, and as much of its holders."""
    unheld = {each.address for each in plan.observed if each.unheld}
    return plan.guards.population, plan.summary.unmanaged, unheld


def _by_id(plan: Plan) -> Mapping[str, Change]:
    return {change.id: change for change in plan.changes}


def _fields(change: Change) -> Mapping[str, FieldChange]:
    return {each.name: each for each in change.fields}


def _sorted(addresses: Collection[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: address.sort_key)
