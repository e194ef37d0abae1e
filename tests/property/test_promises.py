"""What a plan says is what happens: changes, requests, effects, and who is hit.

A team changes its catalog again and again, customers buy and use, and somebody edits the server,
before a plan is made and between plan and apply. What holders may do is asked of the server itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st
from tests.property.test_convergence import declare
from tests.support.embedded import EmbeddedServer
from tests.support.tenants import DATES, make

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.drift import DriftCase, check_drift
from kaiten_sync.errors import StalePlanError
from kaiten_sync.impact import affected_by, change_impacts, whom_to_ask
from kaiten_sync.live import read_instances, read_usage
from kaiten_sync.model.change import Effect
from kaiten_sync.model.impact import ChangeImpact, Standing
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.pipeline import apply_plan, make_plan
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.plan_file import read_plan, write_plan

TARGET = TargetRef("test", "http://127.0.0.1")
TYPES = {"calls": "NUMBER", "seats": "NUMBER", "sso": "BOOLEAN", "theme": "CONFIG"}
FAMILIES, LICENSES = ("growth", "pro"), ("solo", "trial")
Allowed = Mapping[tuple[str, str], Fraction | float]
"""The highest usage that is accepted, by version and entitlement; of a switch, whether it is on."""


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


counts = st.sampled_from([0, 20, 40, 100])
numbers = st.one_of(
    counts,
    st.just("unlimited"),
    st.fixed_dictionaries({"value": counts, "overagePercent": st.sampled_from([0, 50, 100])}),
)
grants = optional(
    calls=numbers,
    seats=numbers,
    sso=st.booleans(),
    theme=st.sampled_from([{"value": {"a": 1}}, {"value": {"a": 2, "b": []}}]),
)
families = st.fixed_dictionaries(
    {"name": st.sampled_from(["One", "Two"]), "type": st.just("PAID"), "entitlements": grants},
    optional={
        "onTighten": st.sampled_from(["new-version", "in-place", "in-place", "refuse"]),
        "archiveReplaced": st.booleans(),
        "sold": st.sampled_from([True, True, False]),
    },
)
licenses = st.fixed_dictionaries(
    {"name": st.sampled_from(["One", "Two"]), "type": st.just("PAID"), "entitlements": grants},
    optional={"lifecycleState": st.sampled_from(["PUBLISHED", "PUBLISHED", "ARCHIVED", "DRAFT"])},
)


@st.composite
def catalogs(draw: st.DrawFn) -> dict[str, Any]:
    sold = draw(optional(**dict.fromkeys(FAMILIES, families)))
    for each in sold.values():
        if each.get("onTighten") == "in-place":
            each["reason"] = "decided"
    single = draw(optional(**dict.fromkeys(LICENSES, licenses)))
    named = {slug for each in (*sold.values(), *single.values()) for slug in each["entitlements"]}
    found: dict[str, Any] = {"version": 1, "entitlements": {}}
    for slug, kind in TYPES.items():
        if slug in named or draw(st.booleans()):
            found["entitlements"][slug] = {"name": slug, "type": kind}
            if slug == "calls":
                found["entitlements"][slug]["resetPeriod"] = "MONTH"
            if kind == "NUMBER":
                share = optional(warningThresholdPercent=st.sampled_from([50, 80]))
                found["entitlements"][slug] |= draw(share)
    return found | ({"families": sold} if sold else {}) | ({"licenses": single} if single else {})


EDITS = ("raise", "lower", "revoke", "buy", "use", "leave", "archive", "new version", "default")
edits = st.tuples(st.sampled_from(EDITS), st.integers(0, 99))
steps = st.fixed_dictionaries(
    {
        "catalog": catalogs(),
        "prune": st.sampled_from([Prune.OWNED, Prune.OWNED, Prune.NEVER, Prune.ALL]),
        "before": st.lists(edits, max_size=3),
        "customers": st.lists(
            st.tuples(st.sampled_from(["buy", "use", "use", "leave"]), st.integers(0, 99)),
            max_size=5,
        ),
        "between": st.one_of(st.just([]), st.just([]), st.lists(edits, max_size=2)),
    }
)


class Server:
    """One organization, seen and edited by plain requests."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.api = httpx.Client(base_url=f"{url}/api", headers=headers)
        self._bought = 0
        self.customer = ""

    def open(self) -> None:
        self.customer = make(self.api, "/customers", name="Acme", slug="acme")["id"]

    def items(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(path, params={"limit": 200}).json()["items"]
        return found or []

    def versions(self) -> dict[str, dict[str, Any]]:
        found = self.items("/licenses")
        return {each["slug"]: each for each in sorted(found, key=lambda each: each["slug"])}

    def grants(self, version: str) -> dict[str, dict[str, Any]]:
        found = self.items(f"/licenses/{version}/entitlements")
        return {each["entitlementSlug"]: each for each in found}

    def held(self) -> dict[str, str]:
        """The version of each instance."""
        slugs = {each["id"]: slug for slug, each in self.versions().items()}
        return {each["slug"]: slugs[each["licenseId"]] for each in self.items("/instances")}

    def allowed(self) -> Allowed:
        """What the holders of each version may do."""
        return {
            (version, slug): accepted(grant)
            for version in {*self.held().values()}
            for slug, grant in self.grants(version).items()
        }

    def served(self, family: str) -> str | None:
        """Which version whoever is new gets."""
        ids = {each["slug"]: each["id"] for each in self.items("/license-families")}
        on_sale = [
            each
            for each in self.versions().values()
            if each["familyId"] == ids.get(family) and each["lifecycleState"] == "PUBLISHED"
        ]
        best = max(on_sale, key=lambda e: (e["isDefault"], int(e["version"])), default=None)
        return None if best is None else str(best["slug"])

    def everything(self) -> Any:
        """All that a plan could change."""
        versions = self.versions()
        return [self.items("/entitlements"), versions, {v: self.grants(v) for v in versions}]

    def edit(self, what: str, number: int) -> None:
        """One thing that a customer or a person does; nothing if it cannot be done now."""
        versions, held = [*self.versions().values()], [*self.held().items()]
        if what == "buy":
            self._buy([each for each in versions if each["lifecycleState"] == "PUBLISHED"], number)
        elif what == "use" and held:
            self._use(*held[number % len(held)], number)
        elif what == "leave" and held:
            assert self.api.delete(f"/instances/{held[number % len(held)][0]}").status_code == 204
        elif versions and what in ("raise", "lower", "revoke", "archive", "new version", "default"):
            self._change(what, versions[number % len(versions)], number)

    def _buy(self, on_sale: list[dict[str, Any]], number: int) -> None:
        if not on_sale:
            return
        self._bought += 1
        body = {"name": "I", "description": "", "customerId": self.customer, **DATES}
        license_id = on_sale[number % len(on_sale)]["id"]
        make(self.api, "/instances", **body, slug=f"i{self._bought}", licenseId=license_id)

    def _use(self, instance: str, version: str, number: int) -> None:
        metered = [each for each in sorted(self.grants(version)) if TYPES[each] == "NUMBER"]
        if metered:
            self.report(instance, metered[number % len(metered)], number // 2, "set")

    def report(self, instance: str, entitlement: str, value: int, behavior: str) -> int:
        body = {"value": {"type": "number", "value": value}, "behavior": behavior}
        path = f"/instances/{instance}/entitlements/{entitlement}/usage"
        return self.api.post(path, json=body).status_code

    def _change(self, what: str, version: dict[str, Any], number: int) -> None:
        slug, path = version["slug"], f"/licenses/{version['slug']}"
        granted = [each for each in sorted(self.grants(slug)) if TYPES[each] == "NUMBER"]
        if what in ("raise", "lower", "revoke") and granted:
            grant = f"{path}/entitlements/{granted[number % len(granted)]}"
            value = {"value": {"type": "number", "value": 1000 if what == "raise" else 10}}
            self.api.delete(grant) if what == "revoke" else self.api.put(grant, json=value)
        elif what == "archive":
            self.api.post(f"{path}/archive")  # refused if it is the default
        elif what == "default":
            body = {"name": version["name"], "type": "PAID", "description": "", "isDefault": True}
            self.api.put(path, json=body)
        elif what == "new version":
            family = slug.split("-v")[0]
            body = {"name": "By hand", "type": "PAID", "description": "", "isDefault": False}
            self.api.post("/licenses", json={**body, "slug": f"{family}-v{number + 2}"})
            more = {"slug": f"{family}-hand{number}", "familySlug": family}
            self.api.post("/licenses", json={**body, **more})


def accepted(grant: Mapping[str, Any]) -> Fraction | float:
    """The highest usage that a grant accepts; of a switch, whether it is on."""
    tagged = grant["value"]
    if tagged["type"] == "number":
        if tagged["value"] == -1:
            return math.inf
        return (
            Fraction(tagged["value"])
            * (100 + (grant.get("limitCapExceededOveragePercent") or 0))
            / 100
        )
    return int(tagged["value"]) if tagged["type"] == "boolean" else 1


def declared_grants(declared: Mapping[str, Any]) -> dict[str, Fraction | float]:
    found: dict[str, Fraction | float] = {}
    for slug, each in declared["entitlements"].items():
        whole = each if isinstance(each, dict) else {"value": each}
        value, more = whole["value"], whole.get("overagePercent", 0)
        if TYPES[slug] == "CONFIG":
            found[slug] = 1
        elif value == "unlimited":
            found[slug] = math.inf
        else:
            found[slug] = Fraction(int(value)) * (100 + more) / 100
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogs")


def propose(
    wanted: DesiredState, catalog: HttpCatalog, prune: Prune, previous: Plan | None
) -> Proposal:
    limit = Limit(percent=100)
    return make_plan(
        wanted,
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=Policy(prune=prune, max_deletes=limit, max_updates=limit),
        progress=NoProgress(),
        previous=previous,
    )


def impact(plan: Plan, catalog: HttpCatalog) -> tuple[ChangeImpact, ...]:
    affected = affected_by(plan)
    instances = read_instances(catalog, 500).instances
    asking = whom_to_ask(affected, instances, seed=plan.digest, budget=500)
    usage = read_usage(catalog, asking.asked, progress=NoProgress())
    return change_impacts(affected, asking, usage, datetime.now(UTC))


REFUSED = {"still-held", "family-held", "fixed-field", "refused-by-server", "unmanaged-children"}
"""Rules by which a plan says that a catalog cannot follow on what is on the server."""


class Team:
    """A repository and its server."""

    def __init__(self, server: Server, catalog: HttpCatalog, folder: Path) -> None:
        self.server, self.catalog, self.folder = server, catalog, folder
        self.agreed: Plan | None = None

    def go(self, step: Mapping[str, Any]) -> None:
        """Plan and apply what is declared next, and compare what happens with what was said."""
        server, prune = self.server, step["prune"]
        for each in (*step["customers"], *step["before"]):
            server.edit(*each)
        wanted = declare(self.folder, step["catalog"])
        start = server.everything()
        proposal = propose(wanted, self.catalog, prune, self.agreed)
        assert server.everything() == start
        if proposal.refusals:
            assert {each.rule for each in proposal.refusals} <= REFUSED, proposal.refusals
            return
        plan = read_plan(write_plan(proposal.plan))
        note([f"{each.id} {each.effect}" for each in plan.changes])
        hit = impact(plan, self.catalog)
        for each in step["between"]:
            server.edit(*each)
        before, held, allowed = server.everything(), server.held(), server.allowed()
        try:
            result = apply_plan(
                plan, self.catalog, progress=NoProgress(), is_stopped=lambda: False, workers=4
            )
        except StalePlanError:
            assert step["between"]
            assert server.everything() == before
            return
        note([f"{each.change_id}: {each.status} {each.message}" for each in result.outcomes])
        if not result.is_complete:  # such as usage of a former holder, which no list shows
            assert result.is_refused
            assert server.everything() == before
            return
        self.agreed = plan
        event("applied" if plan.changes else "nothing to do")
        if not step["between"]:
            assert result.requests == plan.requests
            self._check_effects(plan, allowed, {*held.values()})
            self._check_impact(hit, held)
            self._check_settled(wanted, step["catalog"], prune)

    def _check_effects(self, plan: Plan, before: Allowed, versions: set[str]) -> None:
        """Holders have less, or more, of exactly what the plan says."""
        after = self.server.allowed()
        changes = {
            (each.address.parent.slug, each.address.slug): each
            for each in plan.changes
            if each.address.parent is not None and each.address.parent.slug in versions
        }
        for key in before.keys() | after.keys() | changes.keys():
            if TYPES[key[1]] == "CONFIG":
                continue  # nobody knows which of two is more
            # Without a grant not even a report of 0 is accepted.
            nothing = -1 if TYPES[key[1]] == "NUMBER" else 0
            low, high = before.get(key, nothing), after.get(key, nothing)
            said = changes[key].effect if key in changes else Effect.NEUTRAL
            expected = {True: Effect.LOOSENS, False: Effect.TIGHTENS}[low < high]
            assert said is (Effect.NEUTRAL if low == high else expected), key

    def _check_impact(self, hit: Iterable[ChangeImpact], held: Mapping[str, str]) -> None:
        """The server itself refuses a report of whoever is over, and of nobody else."""
        for change in hit:
            of = change.affected
            holders = {slug for slug, version in held.items() if version == of.version}
            assert {each.instance for each in change.looked_at} == holders
            if of.entitlement is None or not of.is_metered or of.after is None:
                continue
            for each in change.looked_at:
                status = self.server.report(each.instance, of.entitlement, 0, "append")
                assert status == (409 if each.standing is Standing.OVER else 200), each

    def _check_settled(
        self, wanted: DesiredState, catalog: Mapping[str, Any], prune: Prune
    ) -> None:
        again = propose(wanted, self.catalog, prune, self.agreed)
        assert again.refusals == ()
        assert again.plan.is_empty
        if prune is Prune.NEVER:
            return  # what is declared no longer is left there
        case = DriftCase(target=TARGET, scope=Scope(), agreed=self.agreed, prune=prune)
        report = check_drift(wanted, self.catalog, case, progress=NoProgress())
        assert [each for each in report.differences if each.is_drift] == []
        versions = self.server.versions()
        for slug, license_ in catalog.get("licenses", {}).items():
            state = license_.get("lifecycleState", versions[slug]["lifecycleState"])
            assert versions[slug]["lifecycleState"] == state
            self._check_version(slug, license_)
        for slug, family in catalog.get("families", {}).items():
            version = self.server.served(slug)
            if family.get("sold") is False:
                assert version is None
            else:
                assert version is not None
                self._check_version(version, family)

    def _check_version(self, slug: str, declared: Mapping[str, Any]) -> None:
        assert self.server.versions()[slug]["name"] == declared["name"]
        found = {each: accepted(grant) for each, grant in self.server.grants(slug).items()}
        assert found == declared_grants(declared)


@settings(max_examples=16, derandomize=True)
@given(history=st.lists(steps, min_size=2, max_size=4))
def test_what_a_plan_says_is_what_happens(
    running: EmbeddedServer, folder: Path, history: list[dict[str, Any]]
) -> None:
    token = running.new_organization()
    server = Server(running.url, token)
    with server.api, HttpCatalog(ConnectionSettings(url=running.url, token=token)) as catalog:
        server.open()
        team = Team(server, catalog, folder)
        for step in history:
            team.go(step)
