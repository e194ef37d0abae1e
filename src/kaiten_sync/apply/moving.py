"""Is a migration still right? Its versions have to be as it saw them; holders may have changed.

A version that differs refuses the whole plan: whom a move would harm was judged by its grants. A
holder that differs is left where it is, and the others move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock

from kaiten_sync.apply.freshness import (
    Expectations,
    State,
    contradictions,
    matches,
    units_then_and_now,
)
from kaiten_sync.apply.observe import Found
from kaiten_sync.errors import StalePlanError
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.instance import INSTANCE, owned_by
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource


class Movable(Immutable, frozen=True, kw_only=True):
    """What becomes of a plan's moves before anything is sent: done already, or left and why."""

    done: frozenset[str]
    left: Mapping[str, str]


def holders_now(plan: Plan, found: Found) -> Movable:
    """Compare live versions and instances with what a migration saw.

    `found` has the versions with all of their grants, the entitlements if the plan shows their
    units, and the instances.

    Raises:
        StalePlanError: a version, or what it grants, is not as the plan saw it.
    """
    conflicts = [*_changed_versions(plan, found)]
    if conflicts:
        raise StalePlanError(
            "the plan is stale: the versions are not as the plan saw them",
            conflicts,
            hint="make the plan again and review what is different",
        )
    expected = Expectations(plan)
    done: set[str] = set()
    left: dict[str, str] = {}
    for change in plan.changes:
        live = found.get(change.address)
        expects = expected.of(change)
        # However it came to that: it has the version that it is to have.
        if matches(expects.after, live):
            done.add(change.id)
        elif not matches(expects.before, live):
            left[change.id] = why_left(change.address, expects.before, live)
        # The reviewer has read whose holder it is. A plan with another name was edited, or it has
        # another customer now.
        elif live is not None and change.reason not in (None, owned_by(live)):
            left[change.id] = f"the plan lists it as {change.reason}, but it is not"
    return Movable(done=frozenset(done), left=left)


class VersionWatch:
    """Looks again at what the versions grant while holders are moved.

    A reviewer has read what the holders get. Once that is another, nobody else is moved. It is
    looked at once for as many moves as run side by side, the first of which begin right after the
    plan was found to be right.
    """

    def __init__(self, plan: Plan, found: Found, read: Callable[[], Found], moves: int) -> None:
        """Watch the versions of a plan, whose grants `read` reads, once in so many `moves`."""
        self._plan = plan
        inside = {each.address for each in plan.observed}
        self._beside = {a: each for a, each in found.items() if a.parent not in inside}
        self._read = read
        self._moves = moves
        self._begun = 0
        self._why: str | None = None
        self._turn = Lock()

    def why_not(self) -> str | None:
        """Why the next holder must not be moved; None if it may. Raises as the reading does."""
        # Whoever begins meanwhile waits for the answer: it is about that move as well.
        with self._turn:
            if self._why is None and self._begun and self._begun % self._moves == 0:
                self._why = self._look()
            self._begun += 1
            return self._why

    def _look(self) -> str | None:
        conflict = next(_changed_versions(self._plan, {**self._beside, **self._read()}), None)
        if conflict is None:
            return None
        return f"the versions changed while holders were moved: {conflict.sentence}"


def why_left(address: Address, seen: State | None, live: LiveResource | None) -> str:
    """How a holder differs from what the plan saw, in one sentence."""
    if live is None:
        return "it is gone"
    found = contradictions(address, seen, live, None)
    return "it changed since: " + "; ".join(each.message for each in found)


def _changed_versions(plan: Plan, found: Found) -> Iterator[Diagnostic]:
    seen = {each.address: each for each in plan.observed if each.address.kind != INSTANCE.kind}
    units_at = units_then_and_now(plan, found)
    for address, each in seen.items():
        live = found.get(address)
        # Units are for people: a token that may not read them again moves holders all the same.
        if live is None and address.kind == ENTITLEMENT.kind:
            continue
        # A grant is seen whole: what the plan left out was not set.
        whole = live.fields if live is not None and address.parent is not None else ()
        state = State(each.id, {**dict.fromkeys(whole), **(each.fields or {})})
        if not matches(state, live):
            yield from contradictions(address, state, live, None, units_at(address))
    for address, live in found.items():
        if address.parent in seen and address not in seen:
            yield from contradictions(address, None, live, None)
