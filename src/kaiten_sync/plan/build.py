"""Builds the plan from differences: changes, order, what they rest on, numbers, seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from kaiten_sync.families import Resolution, by_chance, gone, joining, leaving_git
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.references import referrers
from kaiten_sync.kinds.registry import kind_on_server, spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.kinds.units import unit_of
from kaiten_sync.kinds.values import declared_form
from kaiten_sync.model.address import Address, by_text, in_places
from kaiten_sync.model.canonical import Entries, digest, fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import CatalogDiff, DriftClass
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.managed import Managed
from kaiten_sync.model.plan import Guards, Left, Plan, Summary, TargetRef
from kaiten_sync.model.policy_rule import ApprovalLevel, rules_digest
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Policy
from kaiten_sync.model.value import Json
from kaiten_sync.plan.cost import requests_to_apply, requests_to_list
from kaiten_sync.plan.families import Families, displaced_by, families_of
from kaiten_sync.plan.guards import Case, refusals
from kaiten_sync.plan.held import blind_needs, unheld
from kaiten_sync.plan.leaving import NEVER_MANAGED, OWNED_REASON, Fate, Leaving
from kaiten_sync.plan.limits import population_of
from kaiten_sync.plan.members import members_left
from kaiten_sync.plan.new_versions import new_versions, replaced_by
from kaiten_sync.plan.order import in_order
from kaiten_sync.plan.places import as_declared, declared_places, with_places
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.plan.protection import foreign_children, not_needed, protected_harm, used
from kaiten_sync.plan.renames import renamed
from kaiten_sync.plan.restart import restart_needs, restarting, unused
from kaiten_sync.plan.rests_on import observed_by
from kaiten_sync.plan.tightening import tightened, tightening_needs
from kaiten_sync.plan.warnings import warnings


class Proposal(Immutable, frozen=True, kw_only=True):
    """A plan, and what is wrong with it or worth knowing.

    Errors are reasons not to carry it out. Warnings also appear in the plan, as lines. Notes are
    for whoever makes the plan, and not for its reviewers. `impact` is a reading beside the plan,
    None if nobody took it, and `approval` what the plan needs, None if nobody judged it.
    """

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    impact: Impact | None = None
    approval: ApprovalLevel | None = None

    @property
    def refusals(self) -> tuple[Diagnostic, ...]:
        """Every reason not to carry the plan out; none if it may be carried out."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.ERROR)

    @property
    def notes(self) -> tuple[Diagnostic, ...]:
        """What whoever makes the plan should know."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.NOTE)


class Recorded(Immutable, frozen=True):
    """What a plan records of a declaration: its digest, and the fingerprint of every object."""

    digest: str
    managed: Mapping[Address, str]


def recorded(desired: DesiredState) -> Recorded:
    """What the plan of a declaration records of it."""
    marks = ((address, _fingerprint(each)) for address, each in desired.resources.items())
    return Recorded(desired_digest(desired), Managed(marks))


def propose(
    changes: Iterable[Change],
    diff: CatalogDiff,
    desired: DesiredState,
    live: LiveState,
    leaving: Leaving,
    *,
    target: TargetRef,
    policy: Policy,
    allowed: frozenset[Address] = frozenset(),
    holders: Holders | None = None,
    use: Holders | None = None,
    let_go: Sequence[Left] = (),
    sold: Resolution | None = None,
    record: Recorded | None = None,
) -> Proposal:
    """Turn the changes that differences call for into a sealed plan.

    `diff` may lack what is missing on the server, and `desired` and `sold` what the changes create
    inside other objects, if `record` has what the plan records of all of it. `leaving` is the fate
    of what is not declared, `allowed` what a person named, `holders` who holds what goes or is
    tightened (by default what `live` shows), `use` who may use restarted counters, `sold` a version
    for each family.
    """
    record, sold = record or recorded(desired), sold or Resolution(desired=desired)
    desired, named = sold.desired, _on_server(allowed, sold, leaving)
    families = families_of(desired, live)
    ordered = _ordered(changes, sold, live, leaving, families)
    guards = Guards(
        max_deletes=policy.max_deletes,
        max_updates=policy.max_updates,
        rules=rules_digest(policy.rules),
        population=population_of(live.resources, ordered),
        protected=desired.protected | leaving.protected,
    )
    wanted = Case(
        differences=diff.differences,
        changes=ordered,
        desired=desired,
        live=live,
        families=families,
        leaving=leaving,
        guards=guards,
        holders=holders or _referrers(leaving, live),
        use=use or Holders(),
        tightened=tightened(diff.differences, leaving.going, sold.versions.values(), policy),
    )
    case = _with_consent(wanted, frozenset().union(*named.values()))
    plan = _plan(case, diff, record, target, sold).changed(left=_left(case, let_go))
    return _proposal(plan, case, [*sold.refusals, *_not_needed(named, case, record)])


def _on_server(
    allowed: Collection[Address], sold: Resolution, leaving: Leaving
) -> Mapping[Address, frozenset[Address]]:
    """What a person allowed by name, with what it is on the server: a family is its versions."""
    return {each: leaving.on_server(sold.on_server([each])) for each in allowed}


def _not_needed(
    named: Mapping[Address, frozenset[Address]], case: Case, record: Recorded
) -> Iterator[Diagnostic]:
    known = chain(record.managed, case.desired.resources, case.live.resources)
    idle = [e for e, there in named.items() if there.isdisjoint(case.guards.allowed)]
    return not_needed(idle, known)


def _referrers(leaving: Leaving, live: LiveState) -> Holders:
    held = [a for a in leaving.going if spec_of(a.kind).held_by is HeldBy.REFERRERS]
    return Holders(referrers=referrers(live.resources, held))


def _with_consent(case: Case, allowed: frozenset[Address]) -> Case:
    """The case with what a person has to allow, and with what of that is allowed."""
    restarted = restarting(case.differences)
    needs = (
        *protected_harm(case.changes, case.guards.protected),
        *foreign_children(case.leaving),
        *blind_needs(case.holders, case.leaving.going),
        *restart_needs(restarted, case.use),
        *tightening_needs(case.tightened, case.holders),
    )
    # A restart that was allowed stays so if somebody begins to use the counter until apply.
    found = used(needs, allowed) | (restarted.keys() & allowed)
    return case.changed(needs=needs, guards=case.guards.changed(allowed=found))


def desired_digest(desired: DesiredState) -> str:
    """Identifies a declaration by its meaning: not by files, order or comments."""
    meaning: dict[str, Json | Entries] = {
        "resources": Entries(_fields_by_text(desired.resources)),
        # The name is that of the first format; another one would change every digest.
        "ownsGrants": sorted(owned.parent.slug for owned in desired.owns),
        "protected": sorted(str(address) for address in desired.protected),
    }
    if desired.terms:  # a declaration without families has the digest that it always had
        meaning["families"] = {
            str(a): [t.when_tightened.value, t.reason, t.archive_replaced]
            for a, t in desired.terms.items()
        }
    return digest(meaning)


def _fields_by_text(declared: Mapping[Address, Resource]) -> Iterator[tuple[str, Json]]:
    places = in_places(declared).items()
    found = {place: ((a.slug, declared[a].fields) for a in inside) for place, inside in places}
    # As dicts, of which JSON is made; by their items, which takes half as long.
    return ((text, dict(fields.items())) for text, fields in by_text(found))


def _fingerprint(resource: Resource) -> str:
    return fingerprint(declared_form(resource.address.kind, resource.fields))


def _ordered(
    found: Iterable[Change],
    sold: Resolution,
    live: LiveState,
    leaving: Leaving,
    families: Families,
) -> tuple[Change, ...]:
    changes = tuple(map(sold.of_family, found))
    created = [each.address for each in changes if each.action == Action.CREATE]
    replaced = {old: new for new, old in renamed(created, sold.desired, live, leaving.going)}
    waiting = iter(changes)
    del changes  # so that none is there twice while they are put in order
    return in_order(waiting, families, live, replaced)


def _plan(
    case: Case,
    diff: CatalogDiff,
    record: Recorded,
    target: TargetRef,
    sold: Resolution,
) -> Plan:
    live, changes, going = case.live, case.changes, case.leaving.going
    sold = sold.doing({each.declared.root for each in changes})
    is_unheld = unheld(case.holders, going | case.tightened.keys()) | sold.unheld
    is_unused = unused(changes, case.use, case.guards.allowed)
    replaced = replaced_by(changes, live, case.families, sold.served)
    observed = observed_by(
        changes,
        live,
        case.families,
        is_unheld,
        is_unused,
        replaced=replaced.values(),
        rests=sold.rests,
    )
    deleted = (f for version, f in case.leaving.families.items() if version in going)
    taken = gone(deleted, OWNED_REASON)
    kept = [d for d in diff.differences if d.address not in going]
    plan = Plan(
        target=target,
        desired_digest=record.digest,
        changes=tuple(changes),
        observed=observed,
        managed=record.managed,
        summary=Summary(
            actions=dict(sorted(Counter(str(c.action) for c in changes).items())),
            effects=dict(sorted(Counter(str(c.effect) for c in changes).items())),
            unchanged=diff.unchanged,
            unmanaged=sum(d.drift is DriftClass.UNMANAGED for d in kept),
        ),
        requests=0,
        guards=case.guards,
        families=tuple(sorted((*sold.choices, *taken), key=lambda each: each.address.sort_key)),
        new_versions=new_versions(replaced, changes, observed),
    )
    # Apply looks again only at what the plan rests on, so a plan that rests on nobody pays nothing.
    looking = case.holders.requests if is_unheld else 0
    looking += case.use.requests if is_unused else 0
    return plan.changed(requests=_requests(plan, live, case.families, looking))


def _requests(plan: Plan, live: LiveState, families: Families, looking: int) -> int:
    """How many requests applying a plan takes; `looking` is what asking for holders takes."""
    families_asked = (*by_chance(plan.families, plan.observed), *leaving_git(plan.families))
    joined = joining(plan.changes, {each.address for each in plan.new_versions})
    resting = [*(each.address for each in families_asked), *(each.address for each in joined)]
    versioned = {kind_on_server(each.kind) for each in resting}
    looking += sum(requests_to_list(kind, live) for kind in versioned)
    whole = plan.seen_whole
    return requests_to_apply(plan.changes, plan.observed, live, families, looking, whole)


def _proposal(plan: Plan, case: Case, found: Sequence[Diagnostic]) -> Proposal:
    """The plan sealed with its warnings, and all that is found with its place."""
    warned = tuple(warnings(case, plan.new_versions))
    plan = seal(plan.changed(warnings=tuple(each.sentence for each in warned)))
    refused = as_declared(refusals(case), case.changes)
    diagnostics = (*refused, *found, *warned, *members_left(case))
    places = {**declared_places(plan), **case.desired.places} if diagnostics else {}
    return Proposal(plan=plan, diagnostics=with_places(diagnostics, places))


def _left(case: Case, let_go: Sequence[Left]) -> tuple[Left, ...]:
    """What stays on the server and nothing manages: it left git, or is in a declared list."""
    taken = displaced_by(case.changes, case.families)
    found = []
    known = {a: each.fields for a, each in case.live.resources.items() if a.parent is None}
    for each in let_go:
        fields = {n: v for n, v in each.fields.items() if n not in taken.get(each.address, ())}
        if fields:
            found.append(each.changed(fields=fields))
    for departure in case.leaving.departures.values():
        address = departure.address
        is_drift = case.desired.owns_place_of(address)
        if departure.fate is Fate.LET_GO or (departure.fate is Fate.STAYS and is_drift):
            specs, live = spec_of(address.kind).fields, case.live.resources[address].fields
            found.append(
                Left(
                    address=address,
                    # What differs from a field that was never set.
                    fields={
                        name: value
                        for name, value in live.items()
                        if value not in (None, specs[name].default(live))
                    },
                    reason=departure.reason or NEVER_MANAGED,
                    is_drift=is_drift,
                    unit=unit_of(address, known),
                )
            )
    return tuple(sorted(found, key=lambda left: left.address.sort_key))
