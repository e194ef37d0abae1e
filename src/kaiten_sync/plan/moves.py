"""Builds a migration plan: which holders move, in which order, and why the others stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.effects import Grants, move_effect
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import FAMILY, HELD, KEPT, MOVE, STATE, owned_by
from kaiten_sync.kinds.units import unit_holder, unit_names, unit_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change, FieldChange
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.impact import Standing
from kaiten_sync.model.migration import Migration, Staying, Stays
from kaiten_sync.model.plan import Guards, Observed, Plan, Summary, TargetRef
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Limit
from kaiten_sync.model.value import NO_UNIT, Fields
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.limits import too_many_moves
from kaiten_sync.plan.migration_checks import warnings_of
from kaiten_sync.plan.move_cost import LEAST_LISTED, requests_to_move, times_watched
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.plan.protection import not_needed
from kaiten_sync.plan.rests_on import object_fingerprint

_STAYS = {
    Standing.OVER: Stays.OVER,
    Standing.LOSES: Stays.LOSES,
    Standing.UNKNOWN: Stays.UNKNOWN,
}
"""The standings in which nobody is moved unless a person names the holder."""


class PresentHolder(Immutable, frozen=True, kw_only=True):
    """A present holder of a version that is not the target, and where a move would leave it.

    `is_chosen` is false if `--where` does not mean it.
    """

    found: LiveResource
    standing: Standing
    room: float
    is_chosen: bool = True

    @property
    def version(self) -> str:
        """The version that it holds."""
        return str(self.found.fields[HELD])


class MigrationCase(Immutable, frozen=True, kw_only=True):
    """All that a migration plan is made from.

    `versions` are those of the family that somebody holds, and the one to move `to`, with the
    family's slug; `grants` all that these grant, and `entitlements` all that there are, if the
    token may read them. `wave` limits the plan to a share of the holders, and `where` is how they
    were chosen. `allowed` are moved whatever it takes from them, and `skipped` are left by name.
    Without `is_named` the plan has no customers. `listed` are the requests that the lists of
    licenses and of instances took, `entitlements_listed` those of the list of entitlements, and
    `rules` is the digest of the project's rules.
    """

    target: TargetRef
    family: str
    to: Address
    versions: Mapping[Address, LiveResource]
    grants: Mapping[Address, LiveResource]
    holders: Sequence[PresentHolder]
    max_moves: Limit
    rules: str | None = None
    wave: Limit | None = None
    where: str | None = None
    allowed: frozenset[Address] = frozenset()
    skipped: frozenset[Address] = frozenset()
    is_named: bool = True
    listed: int = LEAST_LISTED
    entitlements: Mapping[Address, LiveResource] = {}
    entitlements_listed: int = 1

    @property
    def granted(self) -> Mapping[Address, Grants]:
        """What each version grants."""
        found: dict[Address, dict[str, Fields]] = {version: {} for version in self.versions}
        for address, each in self.grants.items():
            if address.parent is not None:
                found[address.parent][address.slug] = each.fields
        return found


def propose_moves(case: MigrationCase) -> Proposal:
    """The sealed plan of the next wave: those with the most room first."""
    staying = {each.found.address: _why(each, case) for each in case.holders}
    movable = sorted(
        (each for each in case.holders if staying[each.found.address] is None),
        # By name if their room is the same: planning again must choose the same holders.
        key=lambda each: (-each.room, each.found.address.slug),
    )
    migration = Migration(
        family=case.family,
        to=case.to,
        holders=len(case.holders),
        wave=case.wave,
        where=case.where,
    )
    moved, later = movable[: migration.most()], movable[migration.most() :]
    staying |= dict.fromkeys((each.found.address for each in later), Stays.LATER)
    stays = tuple(
        Staying(address=each.found.address, version=each.version, why=why)
        for each in sorted(case.holders, key=lambda each: each.found.address.sort_key)
        for why in [staying[each.found.address]]
        if why is not None
    )
    plan = _plan(case, migration.changed(stays=stays), moved)
    # Names of `--skip` that hold nothing here: a slip that would move somebody by mistake.
    strangers = [
        Diagnostic(
            rule="unknown-holder",
            message=f"--skip {address} has no effect: it holds no other version of {case.family}",
            severity=Severity.NOTE,
        )
        for address in sorted(case.skipped - staying.keys(), key=lambda each: each.sort_key)
    ]
    diagnostics = (
        *too_many_moves(plan.guards, len(moved), len(case.holders)),
        *not_needed(case.allowed - plan.guards.allowed, case.allowed),
        *strangers,
    )
    return Proposal(plan=plan, diagnostics=diagnostics)


def _why(holder: PresentHolder, case: MigrationCase) -> Stays | None:
    address = holder.found.address
    if address in case.skipped:
        return Stays.SKIPPED
    if not holder.is_chosen:
        return Stays.NOT_CHOSEN
    return None if address in case.allowed else _STAYS.get(holder.standing)


def _plan(case: MigrationCase, migration: Migration, moved: Sequence[PresentHolder]) -> Plan:
    granted = case.granted
    effects = {
        version.slug: move_effect(grants, granted[case.to]) for version, grants in granted.items()
    }
    changes = tuple(
        Change(
            address=each.found.address,
            action=MOVE,
            fields=(
                FieldChange(name=HELD, before=each.version, after=case.to.slug, effect=effect),
            ),
            effect=effect,
            reason=owned_by(each.found) if case.is_named else None,
        )
        for each in moved
        for effect in [effects[each.version]]
    )
    # Only what needed a permission is recorded as allowed, or a plan could allow what comes
    # later.
    needed = {each.found.address for each in moved if each.standing in _STAYS}
    guards = Guards(max_moves=case.max_moves, allowed=case.allowed & needed, rules=case.rules)
    observed = tuple(_observed(case, moved))
    return seal(
        Plan(
            target=case.target,
            # It is made from no declaration, manages nothing, and so owns nothing.
            desired_digest="",
            changes=changes,
            observed=observed,
            managed={},
            summary=Summary(
                actions=dict(Counter(str(each.action) for each in changes)),
                effects=dict(sorted(Counter(str(each.effect) for each in changes).items())),
                unchanged=0,
                unmanaged=0,
            ),
            requests=requests_to_move(
                changes,
                observed,
                guards,
                case.listed,
                case.entitlements_listed,
                times_watched(len(changes)),
            ),
            guards=guards,
            warnings=warnings_of(case.to, case.versions[case.to].fields.get(STATE)),
            migration=migration,
        )
    )


def _observed(case: MigrationCase, moved: Sequence[PresentHolder]) -> Iterator[Observed]:
    """The versions with all that they grant in which units, and the holders that move.

    They are in address order.
    """
    if not moved:
        return
    versions = {case.to, *(Address(case.to.kind, each.version) for each in moved)}
    grants = [each for address, each in case.grants.items() if address.parent in versions]
    known = {address: each.fields for address, each in case.entitlements.items()}
    measured = {
        unit_holder(a) for each in grants for a in [each.address] if unit_of(a, known) != NO_UNIT
    }
    seen: list[tuple[LiveResource, tuple[str, ...]]] = [
        *((case.versions[each], (FAMILY, STATE)) for each in versions),
        *((each, tuple(each.fields)) for each in grants),
        *((case.entitlements[a], unit_names(GRANT.kind)) for a in measured if a is not None),
        *((each.found, (HELD, *KEPT)) for each in moved),
    ]
    for found, names in sorted(seen, key=lambda each: each[0].address.sort_key):
        fields = {name: found.fields.get(name) for name in names}
        yield Observed(
            address=found.address,
            id=found.id,
            fields=fields,
            fingerprint=object_fingerprint(found.id, fields),
        )
