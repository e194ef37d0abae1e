"""A new version is told as a difference from the version that it replaces, and cannot lie."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.forgeries import observed, sealed, see
from tests.support.values import address, declared, desired, live_state, proposal, sentences

from kaiten_sync.errors import PlanFileError, StalePlanError
from kaiten_sync.model.change import Effect
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource, Resource
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.pricing import table_of_plan
from kaiten_sync.report.formats import PLAN, TABLE
from kaiten_sync.report.views import Look, PlanView

GRANTS: dict[str, tuple[Any, Any]] = {
    "alike": (7, 7),
    "soft": ({"value": 10, "overagePercent": 50}, 10),
    "calls": (15, 10),
    "seats": (3, 5),
    "gone": (4, None),
    "new": (None, 1000),
    "look": ({"value": {"theme": "a"}}, {"value": {"theme": "b"}}),
}
"""By entitlement: the grant of the first version and of the second."""


def grant(license_: str, slug: str, value: Any) -> tuple[str, dict[str, Any]]:
    fields = value if isinstance(value, dict) else {"value": value}
    return f"license/{license_}/grant/{slug}", fields


def entitlements() -> list[tuple[str, dict[str, Any]]]:
    types = {"look": "CONFIG"}
    return [
        (f"entitlement/{slug}", {"name": slug, "type": types.get(slug, "NUMBER")})
        for slug in GRANTS
    ]


def version(slug: str, number: int, **fields: Any) -> LiveResource:
    given = {"name": "G", "type": "PAID", "version": str(number), "familySlug": "growth"}
    return live(f"license/{slug}", **{**given, "lifecycleState": "PUBLISHED", **fields})


FOUND = [
    *(live(name, **fields) for name, fields in entitlements()),
    version("growth", 1),
    *(
        live(name, **fields)
        for slug, (before, _) in GRANTS.items()
        if before is not None
        for name, fields in [grant("growth", slug, before)]
    ),
]
OLD = [
    declared("license/growth", name="G", type="PAID"),
    *(
        declared(name, **fields)
        for slug, (before, _) in GRANTS.items()
        if before is not None
        for name, fields in [grant("growth", slug, before)]
    ),
]
NEW = [
    declared("license/growth-v2", name="G", type="PAID", familySlug="growth"),
    *(
        declared(name, **fields)
        for slug, (_, after) in GRANTS.items()
        if after is not None
        for name, fields in [grant("growth-v2", slug, after)]
    ),
]


def made(*found: LiveResource, wanted: list[Resource] | None = None) -> Plan:
    all_declared = [declared(name, **fields) for name, fields in entitlements()]
    all_declared += [*OLD, *NEW] if wanted is None else wanted
    return proposal(desired(*all_declared), live_state(*(found or FOUND))).plan


def test_grants_differ_from_those_of_the_version_that_is_replaced() -> None:
    (found,) = made().new_versions
    assert str(found.replaces) == "license/growth"
    assert found.unchanged == 1
    assert {each.address.slug: each.effect for each in found.changes} == {
        "soft": Effect.TIGHTENS,
        "calls": Effect.TIGHTENS,
        "seats": Effect.LOOSENS,
        "gone": Effect.TIGHTENS,
        "new": Effect.LOOSENS,
        "look": Effect.NEUTRAL,
    }
    soft = next(each for each in found.changes if each.address.slug == "soft")
    assert [(f.name, f.before, f.after) for f in soft.fields] == [("overagePercent", 50, 0)]


def test_creating_a_version_takes_nothing_from_anybody() -> None:
    plan = made()
    assert {each.effect for each in plan.changes if each.address.parent} == {Effect.LOOSENS}
    assert "tightens" not in plan.summary.effects


def test_every_format_shows_before_and_after() -> None:
    plan = made()
    view = PlanView(plan=plan, write=write_plan)
    text = PLAN["text"](view, Look())
    assert "replaces license/growth: 2 tighten, 1 loosens, 1 changes, 1 new, 1 left out" in text
    assert "license/growth-v2/grant/calls  tightens" in text
    assert "value: 15 → 10\n" in text
    assert "left out  license/growth-v2/grant/gone   tightens" in text
    assert "license/growth-v2/grant/alike" not in text
    for name in ("markdown", "html"):
        shown = PLAN[name](view, Look())
        assert "left out" in shown, name
        assert "license/growth-v2/grant/calls" in shown, name
        assert "license/growth-v2/grant/alike" not in shown, name
    (document,) = json.loads(PLAN["json"](view, Look()))["newVersions"]
    assert document["replaces"] == "license/growth"
    table = TABLE["text"](table_of_plan(plan), Look())
    assert "growth → growth-v2" in table
    assert "15 → 10 ▼" in table
    assert "4 (gone) ▼" in table
    assert "alike" not in table


@pytest.mark.parametrize(
    ("more", "replaced"),
    [
        ([], "growth"),
        ([version("growth-b", 2)], "growth-b"),
        ([version("growth-b", 2, lifecycleState="DRAFT")], "growth"),
        ([version("growth-b", 2, lifecycleState="ARCHIVED")], "growth"),
    ],
    ids=["one", "published", "draft", "archived"],
)
def test_the_newest_published_version_is_replaced(more: list[LiveResource], replaced: str) -> None:
    (found,) = made(*FOUND, *more).new_versions
    assert found.replaces.slug == replaced


def test_what_opens_a_family_replaces_nothing() -> None:
    other = declared("license/other", name="O", type="PAID")
    assert made(wanted=[*OLD, other]).new_versions == ()
    assert "newVersions" not in json.loads(write_plan(made(wanted=[*OLD, other])))


def _unsee(document: dict[str, Any], name: str) -> None:
    document["observed"] = [e for e in document["observed"] if e["address"] != name]


def _change(document: dict[str, Any], slug: str) -> Any:
    (version_,) = document["newVersions"]
    return next(e for e in version_["changes"] if e["address"].endswith(f"/{slug}"))


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a tightening that is called loosening": lambda d: _change(d, "calls").update(effect="loosens"),
    "another value before": lambda d: _change(d, "calls")["fields"][0].update(before=5),
    "a difference that is left out": lambda d: d["newVersions"][0]["changes"].pop(),
    "differences that are called none": lambda d: d["newVersions"][0].update(changes=[]),
    "another count": lambda d: d["newVersions"][0].update(unchanged=9),
    "a version that is not created": lambda d: d["newVersions"][0].update(address="license/growth"),
    "a version that was not looked at": lambda d: d["newVersions"][0].update(replaces="license/x"),
    "a version twice": lambda d: d["newVersions"].append(d["newVersions"][0]),
    "an entitlement": lambda d: d["newVersions"][0].update(replaces="entitlement/calls"),
    "a version of another family": lambda d: see(
        d, "license/growth", observed(d, "license/growth")["id"], {"familySlug": "other"}
    ),
    "a grant that was half looked at": lambda d: see(d, "license/growth/grant/calls", None, {}),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_plan_that_compares_otherwise_is_refused(forge: Callable[[Any], object]) -> None:
    document = json.loads(write_plan(made()))
    read_plan(sealed(copy.deepcopy(document)))
    forge(document)
    with pytest.raises(PlanFileError):
        read_plan(sealed(document))


@pytest.mark.parametrize(
    "now",
    [
        [live("license/growth/grant/calls", value=5)],
        [
            live("entitlement/late", name="l", type="NUMBER"),
            live("license/growth/grant/late", value=1),
        ],
    ],
    ids=["changed", "added"],
)
def test_a_plan_is_stale_once_the_version_replaced_is_another(now: list[LiveResource]) -> None:
    catalog = FakeCatalog(*{each.address: each for each in (*FOUND, *now)}.values())
    with pytest.raises(StalePlanError) as stale:
        apply_plan(made(), catalog, progress=NoProgress(), is_stopped=lambda: False)
    assert f"{now[-1].address}: " in sentences(stale.value.diagnostics)[0]
    assert catalog.writes == []


def test_a_plan_that_compares_nothing_is_read_as_before() -> None:
    document = json.loads(write_plan(made()))
    del document["newVersions"]
    plan = read_plan(sealed(document))
    text = PLAN["text"](PlanView(plan=plan, write=write_plan), Look())
    assert "create   license/growth-v2/grant/alike" in text
    assert address("license/growth-v2/grant/alike") in {each.address for each in plan.changes}
