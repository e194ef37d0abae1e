"""Is the plan still right? Live equals before: do. Live equals after: done. Else: refuse.

An object with several changes goes through several states (absent, draft, published). It may
be found in any of them: what led there is done, what follows is still to do. That makes the
same plan resumable after any interruption.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import TypeAlias

from kaiten_sync.apply.observe import Found
from kaiten_sync.errors import StalePlanError
from kaiten_sync.families import version_address
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.kinds.values import followed
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, change_id, changed_again
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.family import Way
from kaiten_sync.model.multimap import Multimap
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, NO_UNIT, NO_UNITS, Absent, Json, Unit, is_alike
from kaiten_sync.pricing import Known, both_said, known_in_plan, units_of_plan

Units: TypeAlias = "tuple[Unit, Unit]"


class State(Immutable, frozen=True):
    """What an object must look like at one point of a plan. None of `id` matches any."""

    id: str | None
    fields: Mapping[str, Json]


class Expected(Immutable, frozen=True):
    """What an object must look like right before a change, and right after it; None: absent."""

    before: State | None
    after: State | None
    refers_to: str | None = None
    """The server's id of the version that a move gives, as the plan saw it."""
    units: Callable[[], Units] = lambda: NO_UNITS
    """Those of the object's number, as the plan saw it and as it may be now; for messages."""


def already_done(
    plan: Plan,
    found: Found,
    held: Callable[[Collection[str]], Iterable[Diagnostic]] = lambda _done: (),
) -> frozenset[str]:
    """Ids of the changes that live shows to be done.

    `held` names objects that nobody may hold or use for what is left to do, and that somebody does;
    it is given the ids of the changes that are done.

    Raises:
        StalePlanError: an object is in no state of the plan; every conflict is named.
    """
    steps: Multimap[Address, Change] = Multimap()
    for each in plan.changes:
        steps.add(each.address, each)
    done: set[str] = set()
    conflicts: list[Diagnostic] = []
    units_at = units_then_and_now(plan, found)
    for observed in plan.observed:
        changes = steps.of(observed.address)
        live = found.get(observed.address)
        states = list(trajectory(observed, changes))
        position = next(
            (p for p in range(len(states) - 1, -1, -1) if matches(states[p], live)), None
        )
        if position is None:
            place = next((change.source for change in changes if change.source), None)
            units = units_at(observed.address)
            conflicts += contradictions(observed.address, states[0], live, place, units)
        else:
            done.update(change.id for change in changes[:position])
    conflicts = [*held(done), *conflicts, *_unseated(plan, found, done)]
    seen = {each.address for each in plan.observed}
    whole = plan.seen_whole
    # The server deletes no license with a grant, and a new version would lack one that the replaced
    # version has got since. Nobody has reviewed that.
    added = {each for each in found.keys() - seen if each.parent in whole}
    for address in sorted(added, key=lambda each: each.sort_key):
        conflicts += contradictions(address, None, found[address], None)
    if conflicts:
        raise StalePlanError(
            "the plan is stale: the server is not as the plan saw it",
            conflicts,
            hint="make the plan again and review what is different",
        )
    return frozenset(done)


def _unseated(plan: Plan, found: Found, done: Collection[str]) -> Iterator[Diagnostic]:
    """Served versions that have lost the default, although the plan has not given it on yet."""
    for choice in plan.families:
        if choice.way is not Way.NEW_VERSION or choice.serves is None or choice.version is None:
            continue
        served = version_address(choice.address, choice.serves)
        successor = version_address(choice.address, choice.version)
        # What makes the new version the one that its family serves.
        took = {
            change_id(action, successor)
            for action, (spec, move) in spec_of(served.kind).moves.items()
            if spec.one_per and move.after is True
        }
        seen = next((each for each in plan.observed if each.address == served), None)
        if seen is not None and seen.fields is not None and took.isdisjoint(done):
            state = State(seen.id, seen.fields)
            yield from contradictions(served, state, found.get(served), None)


def trajectory(observed: Observed, changes: Sequence[Change]) -> Iterator[State | None]:
    """The states of one object: as seen, then after each of its changes."""
    state = None if observed.fields is None else State(observed.id, observed.fields)
    yield state
    for change in changes:
        state = after(state, change)
        yield state


class Expectations:
    """What each change finds and leaves behind, as far as the plan looked.

    Made when a change is sent: those of all changes together take a third of the memory of a plan.
    """

    def __init__(self, plan: Plan) -> None:
        there = (each for each in plan.observed if each.fields is not None)
        self._observed = {each.address: each for each in there}
        self._steps = _in_steps(plan)
        given = self._observed.get(plan.migration.to) if plan.migration else None
        self._moves_to = given.id if given else None
        # All of the plan is looked through, and only if something differs.
        self._known = cache(partial(known_in_plan, plan))

    def of(self, change: Change) -> Expected:
        """What one change of the plan finds and leaves behind."""
        changes = self._steps.get(change.address, [change])
        seen = self._observed.get(change.address, Observed(address=change.address))
        states = pairwise(trajectory(seen, changes))
        found = zip(changes, states, strict=True)
        before, left = next(states for each, states in found if each.id == change.id)
        return Expected(before, left, self._moves_to, partial(self._units_of, change.address))

    def _units_of(self, address: Address) -> Units:
        """The unit of an object's number as the plan saw it, twice if it changes none of it."""
        before, after = units_of_plan(address, *self._known())
        return before, before if before == after else NO_UNIT


def _in_steps(plan: Plan) -> dict[Address, list[Change]]:
    """The changes of every object that has several. Of almost all there is one."""
    again = changed_again(plan.changes)
    steps: dict[Address, list[Change]] = defaultdict(list)
    for change in plan.changes:
        if change.address in again:
            steps[change.address].append(change)
    return steps


def after(state: State | None, change: Change) -> State | None:
    """The state that a change leaves behind; None if the object is gone."""
    if change.action == Action.DELETE:
        return None
    changed = {f.name: None if f.after is ABSENT else f.after for f in change.fields}
    fields = followed(change.address.kind, state.fields, changed) if state else changed
    return State(state.id if state else None, fields)


def mismatches(state: State, live: LiveResource) -> Iterator[tuple[str, Json, Json | Absent]]:
    """Fields that are not as a state has them: name, wanted, found.

    A field that only steers creation is not asked for where the server does not show it: one
    license alone does not tell the slug of its family.
    """
    specs = spec_of(live.address.kind).fields
    for name, wanted in state.fields.items():
        found = live.fields.get(name, ABSENT)
        is_unseen = found is ABSENT and specs[name].mutability is Mutability.CREATE_ONLY
        is_unset = wanted is None and found is ABSENT
        if not (is_unseen or is_unset or is_alike(wanted, found)):
            yield name, wanted, found


def matches(state: State | None, live: LiveResource | None) -> bool:
    """Whether an object is in a state."""
    if state is None or live is None:
        return state is None and live is None
    if state.id is not None and state.id != live.id:
        return False
    return not any(mismatches(state, live))


def units_then_and_now(plan: Plan, found: Found) -> Callable[[Address], Units]:
    """The units of an object's number, by its address: as a plan saw it, and as it is."""

    @cache  # all of the plan is looked through, and only if something differs
    def known() -> tuple[Known, Known]:
        now = {each: live.fields for each, live in found.items()}
        return known_in_plan(plan)[0], now

    return lambda address: units_of_plan(address, *known())


def contradictions(
    address: Address,
    seen: State | None,
    live: LiveResource | None,
    place: SourceRef | None,
    units: Units = NO_UNITS,
) -> Iterator[Diagnostic]:
    """How an object, declared at `place`, differs from what the plan saw: now, by whom, when.

    `units` are those of its number, then and now.
    """
    if live is None:
        messages = ["the plan saw it, now it is gone"]
    elif seen is None:
        messages = [f"the plan saw no such object, now there is one{_who(live)}"]
    elif seen.id is not None and seen.id != live.id:
        # The fields of another object say nothing about this one, even if they are the same.
        messages = [f"another object has this name now (id {seen.id} then, {live.id} now)"]
    else:
        messages = [
            f"{name} was {then} when the plan was made, now it is {now}{_who(live)}"
            for name, wanted, found in mismatches(seen, live)
            for then, now in [both_said(name, wanted, found, units)]
        ]
    for message in messages:
        yield Diagnostic(
            rule="changed-since-plan", message=message, ref=place, address=str(address)
        )


def _who(live: LiveResource) -> str:
    by = f" by {live.updated_by}" if live.updated_by else ""
    at = f" at {live.updated_at}" if live.updated_at else ""
    return f" (changed{by}{at})" if by or at else ""
