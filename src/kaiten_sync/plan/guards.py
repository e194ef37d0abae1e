"""What a plan must not do. Guards yield diagnostics; none writes, none decides for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from kaiten_sync.errors import RefusedError
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.kinds.values import followed
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Guards, Plan
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Policy
from kaiten_sync.model.value import ABSENT
from kaiten_sync.plan.families import Families
from kaiten_sync.plan.held import held
from kaiten_sync.plan.leaving import Leaving
from kaiten_sync.plan.limits import too_many, too_many_moves
from kaiten_sync.plan.places import declared_places, with_places
from kaiten_sync.plan.protection import Consent, protected_harm, unmet
from kaiten_sync.plan.references import references
from kaiten_sync.plan.simulation import refused
from kaiten_sync.plan.tightening import Tightened
from kaiten_sync.pricing import both_said

OTHER_RULES = "the plan was judged by other rules than those of the project file"


class Case(Immutable, frozen=True, kw_only=True):
    """All that guards look at. `needs` is what only `guards.allowed` permits.

    `holders` hold what is deleted or tightened, `use` is about the counters that are restarted,
    `tightened` are licenses that grant less and that nobody may hold.
    """

    differences: Sequence[Difference]
    changes: Sequence[Change]
    desired: DesiredState
    live: LiveState
    families: Families
    leaving: Leaving
    guards: Guards
    needs: Sequence[Consent] = ()
    holders: Holders = Holders()
    use: Holders = Holders()
    tightened: Tightened = {}  # noqa: RUF012  (a map, copied for each)


def refusals(case: Case) -> tuple[Diagnostic, ...]:
    """Every reason not to carry out these changes, in the guards' order."""
    return tuple(diagnostic for guard in _GUARDS for diagnostic in guard(case))


def held_to(plan: Plan, policy: Policy) -> Plan:
    """The plan, held to the limits of a policy, whatever limits it names itself."""
    guards = plan.guards.changed(
        max_deletes=policy.max_deletes,
        max_updates=policy.max_updates,
        max_moves=policy.max_moves,
    )
    return plan.changed(guards=guards)


def recheck(plan: Plan) -> tuple[Diagnostic, ...]:
    """The limits and the protection again, from what is in the plan alone."""
    # A migration deletes and updates nothing of the catalog, so those limits say nothing of it.
    if plan.migration is not None:
        moves = len(plan.changes), plan.migration.holders
        return tuple(too_many_moves(plan.guards, *moves, is_made=True))
    needs = protected_harm(plan.changes, plan.guards.protected)
    many = too_many(plan.changes, plan.guards, is_made=True)
    found = [*unmet(needs, plan.guards.allowed), *many]
    return with_places(found, declared_places(plan))


def check_guards(plan: Plan) -> None:
    """Hold a plan to what it says it was held to.

    Raises:
        RefusedError: it does more than it may.
    """
    _refuse(recheck(plan))


def check_moves(plan: Plan, *, count: int, holders: int) -> None:
    """Hold the moves that a migration makes to their share of the holders that there are.

    Raises:
        RefusedError: they are more.
    """
    wave = None if plan.migration is None else plan.migration.wave
    _refuse(too_many_moves(plan.guards, count, holders, wave, is_made=True))


def _refuse(found: Iterable[Diagnostic]) -> None:
    found = tuple(found)
    if found:
        raise RefusedError(
            "the plan is refused",
            found,
            hint="make the plan again; what it may do is set in the project file",
        )


def other_rules(plan: Plan, rules: str | None) -> tuple[Diagnostic, ...]:
    """That a plan was judged by other rules than those with this digest; nothing if by these."""
    if plan.guards.rules == rules:
        return ()
    return (Diagnostic(rule="not-this-plan", message=OTHER_RULES),)


def _cannot_change(case: Case) -> Iterator[Diagnostic]:
    for difference in case.differences:
        for changed in difference.fields:
            if changed.effect is Effect.BREAKS:
                spec = spec_of(difference.address.kind).fields[changed.name]
                is_once = spec.mutability is Mutability.ONCE
                why = "once set, it stays" if is_once else "the server fixes it"
                before, after = both_said(changed.name, changed.before, changed.after)
                way_out = spec.way_out or "declare what the server has, or a new version"
                yield Diagnostic(
                    rule="fixed-field",
                    message=f"{changed.name} cannot go from {before} to {after} ({why})",
                    ref=changed.source,
                    address=str(difference.address),
                    hint=way_out,
                )


def _missing_references(case: Case) -> Iterator[Diagnostic]:
    for change in case.changes:
        for needed, reference in references(change, "after"):
            is_known = needed in case.live.resources or needed in case.desired.resources
            if reference.is_strict and not is_known:
                yield Diagnostic(
                    rule="missing-reference",
                    message=f"{needed} is neither declared here nor on the server",
                    address=str(change.address),
                    hint="declare it, or create it there first",
                )


def _misfits(case: Case) -> Iterator[Diagnostic]:
    """Objects that refer to what only the server knows: they must fit it."""
    for change in case.changes:
        misfit = spec_of(change.address.kind).misfit
        for needed, _ in references(change, "after"):
            live = case.live.resources.get(needed)
            # Validation has seen both sides if both are declared, with their lines.
            if misfit is None or live is None or needed in case.desired.resources:
                continue
            why = misfit(
                {f.name: f.after for f in change.fields if f.after is not ABSENT}, live.fields
            )
            if why is not None:
                yield Diagnostic(rule="misfit", message=why, address=str(change.address))


def _clashes(case: Case) -> Iterator[Diagnostic]:
    """What does not go together once declared fields are merged with those that the server has."""
    for change in case.changes:
        live = case.live.resources.get(change.address)
        if change.action != Action.UPDATE or live is None:
            continue
        changed = {each.name: each.after for each in change.fields if each.after is not ABSENT}
        kind = change.address.kind
        for clash in spec_of(kind).clashes(followed(kind, live.fields, changed)):
            about = (clash.at, *clash.others)
            # What was on the server before and is left alone is nobody's mistake now.
            if changed.keys().isdisjoint(about):
                continue
            kept = [
                f"`{name}: {live.fields[name]}`"
                for name in dict.fromkeys(about)
                if name not in changed and live.fields.get(name) is not None
            ]
            there = f"; the server has {', '.join(kept)}" if kept else ""
            yield Diagnostic(
                rule=clash.rule,
                message=clash.message + there,
                address=str(change.address),
                hint=clash.live_hint or clash.hint,
            )


_GUARDS: tuple[Callable[[Case], Iterable[Diagnostic]], ...] = (
    _cannot_change,
    _missing_references,
    _misfits,
    _clashes,
    lambda case: refused(case.changes, case.live, case.families),
    lambda case: held(case.holders, case.leaving.going, case.leaving.families),
    lambda case: unmet(case.needs, case.guards.allowed),
    lambda case: too_many(case.changes, case.guards),
)
