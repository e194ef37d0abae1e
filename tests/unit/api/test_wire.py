"""The client's codec: what a PUT must repeat, and what it must not."""

from __future__ import annotations

import pytest
from tests.support.values import address

from kaiten_sync.api.wire import create_body, decode_grant, decode_object, merge_body
from kaiten_sync.errors import ServerError
from kaiten_sync.model.address import Kind

PCT = "limitCapExceededOveragePercent"


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ({"type": "number", "value": 1000.0}, 1000),
        ({"type": "number", "value": 0.5}, 0.5),
        ({"type": "number", "value": -1}, "unlimited"),
        ({"type": "boolean", "value": False}, False),
        ({"type": "object", "value": {"a": [1.0]}}, {"a": [1]}),
    ],
)
def test_grant_values_lose_their_tag(value: object, decoded: object) -> None:
    grant = decode_grant("l1", {"entitlementSlug": "e1", "value": value})
    assert grant.fields["value"] == decoded


@pytest.mark.parametrize(
    "value",
    [None, 3, {"type": "number"}, {"type": "number", "value": True}, {"type": "x", "value": 1}],
)
def test_a_grant_value_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ServerError):
        decode_grant("l1", {"entitlementSlug": "e1", "value": value})


def test_what_the_server_leaves_out_is_its_default() -> None:
    found = decode_object(Kind.ENTITLEMENT, {"slug": "e1", "name": "E", "type": "NUMBER"})
    assert found.fields["aggregationMethod"] == "SUM"
    assert found.fields["warningThresholdPercent"] == 0
    assert found.fields["userFacing"] is False
    assert found.fields["groups"] == []


def test_what_is_not_metered_has_no_warning_whatever_the_server_says() -> None:
    item = {"slug": "e1", "name": "E", "type": "BOOLEAN", "warningThresholdPercent": 0}
    assert "warningThresholdPercent" not in decode_object(Kind.ENTITLEMENT, item).fields


NUMBER = {
    "id": "1",
    "slug": "e1",
    "name": "E",
    "description": None,
    "type": "NUMBER",
    "aggregationMethod": "SUM",
    "resetPeriod": "MONTH",
    "resetAnchor": "CALENDAR",
    "warningThresholdPercent": 80,
    "userFacing": False,
    "displayOrder": 0,
    "entitlementGroups": [{"id": "g", "name": "G", "slug": "g1"}],
    "createdAt": "x",
    "updatedAt": "y",
}


def test_a_put_repeats_what_would_be_lost_and_drops_what_is_read_only() -> None:
    body = merge_body(Kind.ENTITLEMENT, NUMBER, {"name": "F"})
    assert body == {
        "slug": "e1",
        "name": "F",
        "description": None,
        "type": "NUMBER",
        "aggregationMethod": "SUM",
        "resetPeriod": "MONTH",
        "resetAnchor": "CALENDAR",
        "warningThresholdPercent": 80,
        "userFacing": False,
        "displayOrder": 0,
    }


def test_a_put_of_a_boolean_entitlement_drops_the_warning_that_reads_return() -> None:
    current = {**NUMBER, "type": "BOOLEAN", "warningThresholdPercent": 0}
    assert "warningThresholdPercent" not in merge_body(Kind.ENTITLEMENT, current, {"name": "F"})


def test_a_put_names_groups_only_when_they_change() -> None:
    assert "groupSlugs" not in merge_body(Kind.ENTITLEMENT, NUMBER, {"name": "F"})
    assert merge_body(Kind.ENTITLEMENT, NUMBER, {"groups": []})["groupSlugs"] == []


def test_a_cleared_field_is_left_out() -> None:
    current = {**NUMBER, "icon": "lucide:x"}
    assert "icon" not in merge_body(Kind.ENTITLEMENT, current, {"icon": None})


LICENSE = {
    "id": "1",
    "slug": "l1",
    "name": "L",
    "description": "d",
    "type": "PAID",
    "version": "2",
    "versionName": "Second",
    "familyId": "f",
    "isDefault": True,
    "lifecycleState": "PUBLISHED",
    "createdAt": "x",
    "updatedAt": "y",
}


def test_a_license_put_keeps_the_version_name_and_the_default() -> None:
    body = merge_body(Kind.LICENSE, LICENSE, {"description": None})
    assert body["versionName"] == "Second"
    assert body["isDefault"] is True
    assert body["description"] == ""
    assert "familyId" not in body


@pytest.mark.parametrize(
    ("current", "fields", "value", "overage"),
    [
        ((1000, 20), {"value": 500}, 500, 20),
        ((1000, 20), {"value": "unlimited"}, -1, None),
        ((-1, -1), {"value": 10}, 10, None),
        ((-1, -1), {"value": 10, "overagePercent": 5}, 10, 5),
        ((1000, 20), {"overagePercent": 0}, 1000, 0),
    ],
)
def test_a_grant_put_keeps_the_overage_where_it_fits(
    current: tuple[int, int], fields: dict[str, object], value: int, overage: int | None
) -> None:
    before = {
        "entitlementSlug": "e1",
        "value": {"type": "number", "value": current[0]},
        PCT: current[1],
    }
    body = merge_body(Kind.GRANT, before, fields)  # type: ignore[arg-type]
    assert body["value"]["value"] == value
    assert body.get(PCT) == overage


def test_creating_sends_what_the_api_insists_on() -> None:
    assert create_body(address("license/l1"), {"name": "L"}) == {
        "description": "",
        "isDefault": False,
        "slug": "l1",
        "name": "L",
    }
    assert create_body(address("license/l1/grant/e1"), {"value": "unlimited"}) == {
        "entitlementSlug": "e1",
        "value": {"type": "number", "value": -1},
    }


def test_a_server_with_drafts_numbers_versions_itself() -> None:
    fields = {"name": "L", "version": "1", "lifecycleState": "DRAFT"}
    assert "version" not in create_body(address("license/l1"), fields)
    assert create_body(address("license/l1"), {"version": "1"})["version"] == "1"
