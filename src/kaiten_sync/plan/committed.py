"""How a committed plan differs from the one that catalog and live give now (`plan --check`).

A difference has one of four causes, and each means something else to its reader: git has moved on,
the policy has, the plan is applied already, or somebody else changed the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.value import ABSENT, is_same
from kaiten_sync.plan.made_from import declared_since


class Reason(Immutable, frozen=True, kw_only=True):
    """One cause of a difference, and what it shows in: one line each, without line ends."""

    cause: str
    lines: tuple[str, ...]


def reasons(committed: Plan, made: Plan) -> tuple[Reason, ...]:
    """Why a committed plan is not the one made now; nothing if both are the same.

    Both as they are read from a file: what a file does not contain is not compared.
    """
    if committed.digest == made.digest:
        return ()
    applied = _applied(committed, made)
    found = {
        "the target has another URL": ()
        if committed.target == made.target
        else (f"{made.target.name} was at {committed.target.url}, now it is at {made.target.url}",),
        "it was not made from this catalog": _catalog(committed, made),
        "the policy or what it lets through has changed": tuple(_policy(committed, made)),
        "its changes are on the server already: it was applied": tuple(
            _is_no_more(each) for each in committed.changes if each.address in applied
        ),
        "the server has changed since": tuple(_server(committed, made)),
    }
    known = tuple(Reason(cause=cause, lines=f) for cause, f in found.items() if f)
    return known or (Reason(cause="the plan made now is different", lines=_rest(committed, made)),)


def _catalog(committed: Plan, made: Plan) -> tuple[str, ...]:
    is_same = committed.desired_digest == made.desired_digest
    if is_same and committed.managed == made.managed:
        return tuple(
            f"{each.id}: nothing declares it"
            for each in committed.changes
            if not _is_asked_for(each, committed, made)
        )
    return tuple(each.sentence for each in declared_since(committed.managed, made.managed))


def _is_asked_for(change: Change, committed: Plan, made: Plan) -> bool:
    if change.action == Action.DELETE or change.declared in made.managed:
        return True
    # An older version is declared nowhere: what a declared family sells withdraws it.
    found = move_of(change.address.kind, change.action)
    is_withdrawn = found is not None and found[1].withdraws
    return is_withdrawn and any(each.address in made.managed for each in committed.families)


def _policy(committed: Plan, made: Plan) -> Iterator[str]:
    then, now = committed.guards, made.guards
    if then.max_deletes != now.max_deletes:
        yield f"maxDeletes was {then.max_deletes}, now it is {now.max_deletes}"
    if then.max_updates != now.max_updates:
        yield f"maxUpdates was {then.max_updates}, now it is {now.max_updates}"
    if then.rules != now.rules:
        yield "the rules of the project file are others"
    for address in _sorted(then.allowed - now.allowed):
        yield f"{address} was allowed, and nothing needs that now"


def _applied(committed: Plan, made: Plan) -> frozenset[Address]:
    """The objects that the server has as the committed plan leaves them.

    The plan was applied; or somebody made the same change, which comes to the same.
    """
    now, to_do = _observed(made), {change.address for change in made.changes}
    is_same_catalog = committed.desired_digest == made.desired_digest
    return frozenset(
        change.address
        for change in committed.changes
        if (
            all(
                _is_done(each, now[change.address])
                for each in committed.changes
                if each.address == change.address
            )
            if change.address in now
            else is_same_catalog
            and change.address not in to_do
            and _is_asked_for(change, committed, made)
        )
    )


def _is_done(change: Change, now: Observed) -> bool:
    if change.action == Action.DELETE or now.fields is None:
        return change.action == Action.DELETE and now.fields is None
    seen = now.fields  # of an object that others rest on, only what they rest on
    return all(
        is_same(field.after, seen[field.name]) for field in change.fields if field.name in seen
    )


def _is_no_more(change: Change) -> str:
    return f"{change.id}: in the file, and no longer to be done"


def _server(committed: Plan, made: Plan) -> Iterator[str]:
    """Observed objects that differ; if none does, what there is to do."""
    then, now = _observed(committed), _observed(made)
    applied = _applied(committed, made)
    seen = bool(applied)
    for address in _sorted((then.keys() & now.keys()) - applied):
        if then[address] != now[address]:
            seen = True
            yield f"{address}: {_change_of(then[address], now[address])}"
    # With another declaration, other changes are no news of the server.
    if committed.desired_digest == made.desired_digest:
        changes = {change.id: change for change in committed.changes}
        needed = dict.fromkeys(change.id for change in made.changes)
        for name, each in changes.items():
            if (
                name not in needed
                and each.address not in applied
                and _is_asked_for(each, committed, made)
            ):
                seen = True
                yield _is_no_more(each)
        for name in needed:
            if name not in changes:
                seen = True
                yield f"{name}: not in the file, and to be done now"
        if not seen and committed.summary.unmanaged != made.summary.unmanaged:
            was, has = committed.summary.unmanaged, made.summary.unmanaged
            yield f"objects that git does not manage: {was} then, {has} now"


def _change_of(then: Observed, now: Observed) -> str:
    if then.fields is None:
        return "was not there, now it is"
    if now.fields is None:
        return "was there, now it is gone"
    names = sorted(
        name
        for name in then.fields.keys() | now.fields.keys()
        if not is_same(then.fields.get(name, ABSENT), now.fields.get(name, ABSENT))
    )
    if names:
        return f"{', '.join(names)} changed on the server"
    return "is another object now" if then.id != now.id else "has other holders now"


def _rest(committed: Plan, made: Plan) -> tuple[str, ...]:
    """What is left: changes of other fields or in another order, numbers, warnings."""
    parts = {
        "changes": committed.changes == made.changes,
        "what they rest on": committed.observed == made.observed,
        "summary": committed.summary == made.summary,
        "requests": committed.requests == made.requests,
        "guards": committed.guards == made.guards,
        "warnings": committed.warnings == made.warnings,
        "what nothing manages": committed.left == made.left,
        "families": committed.families == made.families,
    }
    return tuple(f"{name}: not as in the file" for name, same in parts.items() if not same)


def _observed(plan: Plan) -> Mapping[Address, Observed]:
    return {each.address: each for each in plan.observed}


def _sorted(addresses: set[Address] | frozenset[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: address.sort_key)
