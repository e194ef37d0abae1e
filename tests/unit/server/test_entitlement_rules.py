"""Rules of entitlements, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from kaiten_sync.server.domain.entitlements import (
    EntitlementFields,
    settle_change,
    settle_new,
)
from kaiten_sync.server.domain.refusals import RefusalError

UNITS: dict[str, Any] = {"unit_singular": "seat", "unit_plural": "seats"}
SALE: dict[str, Any] = {
    "sale_unit_singular": "pack",
    "sale_unit_plural": "packs",
    "sale_unit_factor": 2.0,
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    slug: str = "seats"
    type: str = "NUMBER"
    meter_type: str | None = None
    aggregation_method: str | None = "SUM"
    reset_period: str | None = None
    reset_anchor: str | None = None


def refused(fields: dict[str, Any], stored: Stored | None = None) -> str:
    wanted = EntitlementFields(name="Seats", **fields)
    with pytest.raises(RefusalError) as error:
        _ = settle_change(stored, wanted) if stored else settle_new(wanted)
    return error.value.code


REFUSED_NEW: list[tuple[dict[str, Any], str]] = [
    ({}, "TypeRequired"),
    ({"type": "BOOLEAN", "warning_threshold_percent": 0}, "InvalidEnforcementPolicyConfiguration"),
    ({"type": "CONFIG", "reset_period": "DAY"}, "InvalidResetConfiguration"),
    ({"type": "NUMBER", "reset_anchor": "CALENDAR"}, "InvalidResetConfiguration"),
    (
        {"type": "NUMBER", "aggregation_method": "LATEST", "reset_period": "DAY"},
        "InvalidResetConfiguration",
    ),
    ({"type": "BOOLEAN", **UNITS}, "InvalidUnitsConfiguration"),
    ({"type": "NUMBER", "unit_singular": "seat"}, "InvalidUnitsConfiguration"),
    ({"type": "NUMBER", "unit_plural": "seats"}, "InvalidUnitsConfiguration"),
    ({"type": "NUMBER", **SALE}, "InvalidUnitsConfiguration"),
    ({"type": "NUMBER", **UNITS, "sale_unit_factor": 2.0}, "InvalidUnitsConfiguration"),
    (
        {"type": "NUMBER", "unit_singular": " ", "unit_plural": "seats"},
        "InvalidUnitsConfiguration",
    ),
    ({"type": "NUMBER", "icon": "heroicons:x"}, "InvalidIcon"),
    ({"type": "NUMBER", "icon": "lucide"}, "InvalidIcon"),
    ({"type": "BOOLEAN", "meter_type": "RAW_EVENT"}, "InvalidTypeConfiguration"),
]


@pytest.mark.parametrize(("fields", "code"), REFUSED_NEW)
def test_refused_new(fields: dict[str, Any], code: str) -> None:
    assert refused(fields) == f"CreateEntitlement.{code}"


REFUSED_CHANGE: list[tuple[Stored, dict[str, Any], str]] = [
    (Stored(), {"slug": "other"}, "SlugNotRenameable"),
    (Stored(), {"type": "BOOLEAN"}, "ImmutableType"),
    (Stored(), {"aggregation_method": "MAX"}, "ImmutableAggregationMethod"),
    (
        Stored(type="BOOLEAN", aggregation_method=None),
        {"aggregation_method": "SUM"},
        "ImmutableAggregationMethod",
    ),
    (Stored(reset_period="DAY", reset_anchor="CALENDAR"), {}, "ImmutableResetPeriod"),
    (
        Stored(reset_period="DAY", reset_anchor="CALENDAR"),
        {"reset_period": "DAY"},
        "ImmutableResetAnchor",
    ),
    (
        Stored(reset_period="DAY", reset_anchor="CALENDAR"),
        {"reset_period": "WEEK", "reset_anchor": "CALENDAR"},
        "ImmutableResetPeriod",
    ),
    (
        Stored(type="BOOLEAN", aggregation_method=None),
        {"warning_threshold_percent": 0},
        "InvalidEnforcementPolicyConfiguration",
    ),
    (Stored(aggregation_method="LATEST"), {"reset_period": "DAY"}, "InvalidResetConfiguration"),
]


@pytest.mark.parametrize(("stored", "fields", "code"), REFUSED_CHANGE)
def test_refused_change(stored: Stored, fields: dict[str, Any], code: str) -> None:
    assert refused(fields, stored) == f"UpdateEntitlement.{code}"


def test_defaults_of_a_number() -> None:
    settled = settle_new(EntitlementFields(name="Seats", type="NUMBER", reset_period="MONTH"))
    assert (settled["aggregation_method"], settled["reset_anchor"]) == ("SUM", "CALENDAR")
    assert (settled["user_facing"], settled["display_order"]) == (False, 0)
    assert settled["warning_threshold_percent"] == 0


def test_an_aggregation_of_a_boolean_is_dropped() -> None:
    fields = EntitlementFields(name="SSO", type="BOOLEAN", aggregation_method="SUM")
    assert settle_new(fields)["aggregation_method"] is None


def test_everything_about_units_fits_together() -> None:
    settle_new(EntitlementFields(name="Seats", type="NUMBER_AI_CREDIT", **UNITS, **SALE))


def test_a_reset_can_be_added_once() -> None:
    settled = settle_change(Stored(), EntitlementFields(name="Seats", reset_period="DAY"))
    assert (settled["reset_period"], settled["reset_anchor"]) == ("DAY", "CALENDAR")


def test_a_change_that_does_not_know_the_meter_type_keeps_it() -> None:
    kept = settle_change(Stored(meter_type="RAW_EVENT"), EntitlementFields(name="Seats"))
    assert kept["meter_type"] == "RAW_EVENT"
