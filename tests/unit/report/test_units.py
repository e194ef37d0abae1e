"""Numbers are shown with their units and with separators, and raw in JSON."""

from __future__ import annotations

import json

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.values import TARGET, declared, desired, live_state, proposal

from kaiten_sync.drift import DriftCase, check_drift
from kaiten_sync.errors import StalePlanError
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.pricing import table_of_plan
from kaiten_sync.report.formats import DRIFT, PLAN, TABLE
from kaiten_sync.report.views import DriftView, Look, PlanView

GB = {"unitSingular": "GB", "unitPlural": "GB"}
CALL = {"unitSingular": "call", "unitPlural": "calls"}
FOUND = [
    live("entitlement/storage", name="S", type="NUMBER", **GB),
    live("entitlement/calls", name="C", type="NUMBER", **CALL),
    live("entitlement/files", name="F", type="NUMBER", unitSingular="B", unitPlural="B"),
    live("entitlement/plain", name="P", type="NUMBER"),
    live("license/pro", name="Pro", type="PAID"),
    live("license/pro/grant/storage", value=10),
    live("license/pro/grant/calls", value=50_000),
    live("license/pro/grant/files", value=10**10),
    live("license/pro/grant/plain", value=1000),
]
WANTED = desired(
    declared("entitlement/storage", name="S", type="NUMBER"),
    declared("entitlement/calls", name="C", type="NUMBER"),
    declared("entitlement/files", name="F", type="NUMBER"),
    declared("entitlement/plain", name="P", type="NUMBER"),
    declared("entitlement/new", name="N", type="NUMBER", unitSingular="seat", unitPlural="seats"),
    declared("license/pro", name="Pro", type="PAID"),
    declared("license/pro/grant/storage", value=8),
    declared("license/pro/grant/files", value=3 * 2**30),
    declared("license/pro/grant/plain", value=500),
    declared("license/pro/grant/new", value=1),
)
SHOWN = ("10 GB → 8 GB", "10 GB → 3 GiB", "1,000 → 500", "50,000 calls", "1 seat")


def plan() -> Plan:
    return proposal(WANTED, live_state(*FOUND), Policy(prune=Prune.ALL)).plan


@pytest.mark.parametrize("name", ["text", "html", "markdown"])
def test_a_plan_shows_units(name: str) -> None:
    shown = PLAN[name](PlanView(plan=plan(), write=write_plan), Look())
    for tag in ("</span>", '<span class="value after">', "<code>", "</code>"):
        shown = shown.replace(tag, "")
    for text in SHOWN:
        assert text in shown, (name, text)


def test_a_table_of_a_plan_shows_units() -> None:
    table = TABLE["text"](table_of_plan(plan()), Look())
    for text in ("10 GB → 8 GB ▼", "10 GB → 3 GiB ▼", "1,000 → 500 ▼", "50,000 calls (gone)"):
        assert text in table
    assert "1 seat (new)" in table


def test_drift_shows_units_of_both_sides() -> None:
    case = DriftCase(target=TARGET, scope=Scope())
    report = check_drift(WANTED, FakeCatalog(*FOUND), case, progress=NoProgress())
    for name in ("text", "html", "markdown", "junit", "sarif"):
        shown = DRIFT[name](DriftView(reports=[report]), Look())
        assert "10 GB" in shown, name
        assert "8 GB" in shown, name
        assert "1,000" in shown, name
    raw = DRIFT["json"](DriftView(reports=[report]), Look())
    assert "1000" in raw
    assert " GB" not in raw


def test_json_is_raw() -> None:
    document = json.loads(write_plan(plan()))
    fields = {each["id"]: each["fields"] for each in document["changes"]}
    assert fields["update:license/pro/grant/storage"][0]["before"] == 10


@pytest.mark.parametrize(
    ("before", "after"),
    [("GB", "MB"), (None, "GB"), ("GB", None)],
    ids=["renamed", "added", "taken away"],
)
def test_each_side_has_its_own_unit(before: str | None, after: str | None) -> None:
    storage = declared("entitlement/storage", name="S", type="NUMBER", unitSingular=after)
    storage.fields["unitPlural"] = after  # type: ignore[index]
    pro = declared("license/pro", name="Pro", type="PAID")
    found = [
        live(
            "entitlement/storage", name="S", type="NUMBER", unitSingular=before, unitPlural=before
        ),
        live("license/pro", name="Pro", type="PAID"),
        live("license/pro/grant/storage", value=10),
    ]
    wanted = desired(storage, pro, declared("license/pro/grant/storage", value=8))
    made = proposal(wanted, live_state(*found)).plan
    text = PLAN["text"](PlanView(plan=made, write=write_plan), Look())
    sides = [" ".join(filter(None, each)) for each in (("10", before), ("8", after))]
    assert f"value: {' → '.join(sides)}\n" in text


def _renamed(unit: str) -> list[LiveResource]:
    other = live("entitlement/storage", name="S", type="NUMBER", unitSingular=unit, unitPlural=unit)
    return [other if each.address == other.address else each for each in FOUND]


def test_a_plan_is_stale_once_the_unit_is_another() -> None:
    catalog = FakeCatalog(*_renamed("TB"))
    with pytest.raises(StalePlanError, match="stale"):
        apply_plan(plan(), catalog, progress=NoProgress(), is_stopped=lambda: False)
    assert catalog.writes == []


def test_a_plan_without_units_looks_at_none() -> None:
    observed = {str(each.address): each.fields for each in plan().observed}
    assert observed["entitlement/plain"] == {"type": "NUMBER"}
    assert observed["entitlement/storage"] == {"type": "NUMBER", **GB}
    assert observed["entitlement/calls"] == CALL  # of a grant that is deleted
    assert read_plan(write_plan(plan())) == plan()


OTHER_UNITS = {
    "another scale": (GB, {"unitSingular": "MB", "unitPlural": "MB"}, 10_000, "10 GB → 10,000 MB"),
    "another unit": (CALL, GB, 8, "10 calls → 8 GB"),
    "another scale, and the number is left": (
        GB,
        {"unitSingular": "MB", "unitPlural": "MB"},
        10,
        "",
    ),
    "another word": (CALL, {"unitSingular": "request", "unitPlural": "requests"}, 10, None),
    "a first unit": ({}, GB, 8, None),
    "the same unit": (GB, GB, 8, None),
}


@pytest.mark.parametrize("case", OTHER_UNITS.values(), ids=OTHER_UNITS)
def test_a_unit_that_changes_converts_nothing(
    case: tuple[dict[str, str], dict[str, str], int, str | None],
) -> None:
    before, after, value, shown = case
    found = [
        live("entitlement/disk", name="D", type="NUMBER", **before),
        live("license/pro", name="Pro", type="PAID"),
        live("license/pro/grant/disk", value=10),
    ]
    wanted = desired(
        declared("entitlement/disk", name="D", type="NUMBER", **after),
        declared("license/pro", name="Pro", type="PAID"),
        declared("license/pro/grant/disk", value=value),
    )
    made = proposal(wanted, live_state(*found)).plan
    text = PLAN["text"](PlanView(plan=made, write=write_plan), Look())
    assert ("recorded usage stays the number that it is" in text) is (shown is not None)
    assert (shown or "") in text
    assert (shown or "") in TABLE["text"](table_of_plan(made), Look())


@pytest.mark.parametrize(("value", "warns"), [(3, True), (90, False)])
def test_a_unit_that_changes_with_a_new_version_is_warned_of(value: int, *, warns: bool) -> None:
    days, months = ({"unitSingular": u, "unitPlural": f"{u}s"} for u in ("day", "month"))
    first = {"name": "Pro", "type": "PAID", "familySlug": "pro"}
    found = [
        live("entitlement/log", name="L", type="NUMBER", **days),
        live("license/pro", **first, lifecycleState="PUBLISHED", version="1"),
        live("license/pro/grant/log", value=90),
    ]
    wanted = desired(
        declared("entitlement/log", name="L", type="NUMBER", **months),
        declared("license/pro", **first),
        declared("license/pro/grant/log", value=90),
        declared("license/pro-v2", **first),
        declared("license/pro-v2/grant/log", value=value),
    )
    made = proposal(wanted, live_state(*found)).plan
    text = PLAN["text"](PlanView(plan=made, write=write_plan), Look())
    assert (
        "grants that this plan leaves as they are, those of older versions too" in text
    ) is warns


@pytest.mark.parametrize("name", ["text", "html", "markdown"])
def test_what_is_left_on_the_server_has_its_unit(name: str) -> None:
    wanted = desired(
        declared("license/pro", name="Pro", type="PAID"),
        declared("license/pro/grant/plain", value=1000),
    )
    made = proposal(wanted, live_state(*FOUND), Policy(prune=Prune.OWNED)).plan
    left = {str(each.address): each.unit for each in made.left}
    assert left["license/pro/grant/storage"] == ("GB", "GB")
    read = read_plan(write_plan(made))
    assert read == made
    shown = PLAN[name](PlanView(plan=read, write=write_plan), Look())
    for text in ("value 10 GB", "value 50,000 calls"):
        assert text in shown, text
