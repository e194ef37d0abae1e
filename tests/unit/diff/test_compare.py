"""What counts as a difference, and what it does to holders."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.model.change import Effect
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.settings import Scope


def differences(wanted, found, scope=None) -> list[Difference]:  # type: ignore[no-untyped-def]
    return list(diff_catalog(wanted, found, scope or Scope()).differences)


NUMBER = {"name": "API Calls", "type": "NUMBER"}


@pytest.mark.parametrize(
    ("address", "declares", "server"),
    [
        ("entitlement/a", {"name": "A"}, {"name": "A", "type": "NUMBER", "userFacing": True}),
        ("entitlement/a", {"description": None}, {**NUMBER}),
        ("entitlement/a", {"warningThresholdPercent": None}, {**NUMBER}),
        ("entitlement/a", {"aggregationMethod": "SUM"}, {**NUMBER}),
        ("entitlement/a", {"resetAnchor": "CALENDAR"}, {**NUMBER, "resetPeriod": "MONTH"}),
        ("entitlement/a", {"groups": ["b", "a"]}, {**NUMBER, "groups": ["a", "b"]}),
        ("license/l", {"versionName": None}, {"name": "L", "version": "3"}),
        ("license/l", {"versionName": "Version - 3"}, {"name": "L", "version": "3"}),
        ("license/l", {"description": None}, {"name": "L", "description": ""}),
        ("license/l/grant/a", {"value": 1000}, {"value": 1000.0}),
        ("license/l/grant/a", {"value": "unlimited"}, {"value": "unlimited"}),
        ("license/l/grant/a", {"value": {"b": 1, "a": [1]}}, {"value": {"a": [1.0], "b": 1}}),
        ("license/l/grant/a", {"value": 5, "overagePercent": None}, {"value": 5}),
    ],
)
def test_not_a_difference(address: str, declares: dict, server: dict) -> None:  # type: ignore[type-arg]
    wanted = desired(declared(address, **declares))
    assert differences(wanted, live_state(live(address, **server))) == []


@pytest.mark.parametrize(
    ("address", "declares", "server", "effect"),
    [
        ("license/l/grant/a", {"value": 500}, {"value": 1000}, Effect.TIGHTENS),
        ("license/l/grant/a", {"value": 2000}, {"value": 1000}, Effect.LOOSENS),
        ("license/l/grant/a", {"value": "unlimited"}, {"value": 1000}, Effect.LOOSENS),
        ("license/l/grant/a", {"value": 10**9}, {"value": "unlimited"}, Effect.TIGHTENS),
        ("license/l/grant/a", {"value": False}, {"value": True}, Effect.TIGHTENS),
        ("license/l/grant/a", {"value": True}, {"value": False}, Effect.LOOSENS),
        ("license/l/grant/a", {"value": {"a": 1}}, {"value": {"a": True}}, Effect.NEUTRAL),
        (
            "license/l/grant/a",
            {"overagePercent": 10},
            {"value": 9, "overagePercent": 20},
            Effect.TIGHTENS,
        ),
        ("license/l", {"isActive": False}, {"name": "L", "isActive": True}, Effect.TIGHTENS),
        ("license/l", {"name": "M"}, {"name": "L"}, Effect.NEUTRAL),
        ("license/l", {"lifecycleState": "DRAFT"}, {"lifecycleState": "PUBLISHED"}, Effect.BREAKS),
        ("license/l", {"version": "2"}, {"version": "1"}, Effect.BREAKS),
        ("entitlement/a", {"type": "BOOLEAN"}, NUMBER, Effect.BREAKS),
        ("entitlement/a", {"aggregationMethod": "MAX"}, NUMBER, Effect.BREAKS),
        ("entitlement/a", {"resetPeriod": "MONTH"}, NUMBER, Effect.NEUTRAL),
        (
            "entitlement/a",
            {"resetPeriod": "DAY"},
            {**NUMBER, "resetPeriod": "MONTH"},
            Effect.BREAKS,
        ),
        ("entitlement/a", {"resetPeriod": None}, {**NUMBER, "resetPeriod": "DAY"}, Effect.BREAKS),
    ],
)
def test_a_difference_and_its_effect(
    address: str,
    declares: dict,  # type: ignore[type-arg]
    server: dict,  # type: ignore[type-arg]
    effect: Effect,
) -> None:
    wanted = desired(declared(address, **declares))
    (found,) = differences(wanted, live_state(live(address, **server)))
    assert found.drift is DriftClass.CHANGED
    assert found.effect is effect


def test_a_declared_object_that_is_not_live_is_missing() -> None:
    (found,) = differences(desired(declared("group/g", name="G", description=None)), live_state())
    assert found.drift is DriftClass.MISSING
    assert [(f.name, f.after) for f in found.fields] == [("name", "G")]


def test_a_license_without_entitlements_leaves_its_grants_alone() -> None:
    found = live_state(live("license/l", name="L"), live("license/l/grant/a", value=1))
    assert differences(desired(declared("license/l", name="L")), found) == []


def test_a_license_that_declares_grants_shows_a_surplus_one() -> None:
    found = live_state(live("license/l", name="L"), live("license/l/grant/a", value=1))
    (surplus,) = differences(desired(declared("license/l", name="L"), owns=("l",)), found)
    assert (str(surplus.address), surplus.drift, surplus.effect) == (
        "license/l/grant/a",
        DriftClass.UNMANAGED,
        Effect.TIGHTENS,
    )


def test_what_is_out_of_scope_is_not_reported() -> None:
    found = live_state(live("license/legacy-a", name="A"), live("license/new", name="B"))
    reported = differences(desired(), found, Scope({"license": ("*", "!legacy-*")}))
    assert [str(d.address) for d in reported] == ["license/new"]


def test_config_values_say_what_changed_inside() -> None:
    wanted = desired(declared("license/l/grant/a", value={"theme": {"dark": True}, "x": [1, 2]}))
    found = live_state(live("license/l/grant/a", value={"theme": {"dark": False}, "x": [1]}))
    (difference,) = differences(wanted, found)
    (field,) = difference.fields
    assert [(i.path, i.before, i.after) for i in field.inner if i.path == "theme.dark"] == [
        ("theme.dark", False, True)
    ]
    assert [i.path for i in field.inner] == ["theme.dark", "x[1]"]
