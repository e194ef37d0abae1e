"""The client's codec: what a PUT must repeat, and what it must not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from tests.support.values import address

from kaiten_sync.api.wire import create_body, decode_object, merge_body
from kaiten_sync.errors import ServerError
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import live_kinds
from kaiten_sync.kinds.spec import FieldSpec, FieldType, KindSpec
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import is_same

GROWTH = address("license/l1")
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
    grant = decode_object(
        GRANT.kind, {"licenseId": "1", "entitlementSlug": "e1", "value": value}, GROWTH
    )
    assert grant.fields["value"] == decoded


@pytest.mark.parametrize(
    "value",
    [None, 3, {"type": "number"}, {"type": "number", "value": True}, {"type": "x", "value": 1}],
)
def test_a_grant_value_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ServerError):
        decode_object(
            GRANT.kind, {"licenseId": "1", "entitlementSlug": "e1", "value": value}, GROWTH
        )


def test_what_the_server_leaves_out_is_its_default() -> None:
    found = decode_object(
        ENTITLEMENT.kind, {"id": "1", "slug": "e1", "name": "E", "type": "NUMBER"}
    )
    assert found.fields["aggregationMethod"] == "SUM"
    assert found.fields["warningThresholdPercent"] == 0
    assert found.fields["userFacing"] is False
    assert found.fields["groups"] == []


def test_what_is_not_metered_has_no_warning_whatever_the_server_says() -> None:
    item = {**COMPLETE["entitlement"], "type": "BOOLEAN", "warningThresholdPercent": 0}
    assert "warningThresholdPercent" not in decode_object(ENTITLEMENT.kind, item).fields


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
    body = merge_body(ENTITLEMENT.kind, NUMBER, {"name": "F"})
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
    assert "warningThresholdPercent" not in merge_body(ENTITLEMENT.kind, current, {"name": "F"})


def test_a_put_names_groups_only_when_they_change() -> None:
    assert "groupSlugs" not in merge_body(ENTITLEMENT.kind, NUMBER, {"name": "F"})
    assert merge_body(ENTITLEMENT.kind, NUMBER, {"groups": []})["groupSlugs"] == []


def test_a_cleared_field_is_left_out() -> None:
    current = {**NUMBER, "icon": "lucide:x"}
    assert "icon" not in merge_body(ENTITLEMENT.kind, current, {"icon": None})


STORED = {
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
    body = merge_body(LICENSE.kind, STORED, {"description": None})
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
    body = merge_body(GRANT.kind, before, fields)  # type: ignore[arg-type]
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


WELL_TYPED: Mapping[FieldType, Sequence[object]] = {
    FieldType.TEXT: ("a", ""),
    FieldType.SLUG: ("a-b",),
    FieldType.INTEGER: (0, 7, -1, 3.0),
    FieldType.NUMBER: (0, 7, 0.5),
    FieldType.BOOLEAN: (True, False),
    FieldType.ENUM: ("A_CHOICE_OF_A_NEWER_SERVER",),
    FieldType.SLUGS: ([], [{"slug": "a"}], [{"slug": "b"}, {"slug": "a"}]),
    FieldType.GRANT_VALUE: (
        {"type": "number", "value": 3},
        {"type": "boolean", "value": False},
        {"type": "object", "value": {}},
    ),
}
ODD: tuple[object, ...] = (
    7,
    2.5,
    "x",
    "not a slug",
    True,
    {"a": 1},
    ["a"],
    [{"slug": 7}],
    [{}],
    {"type": "number", "value": "3"},
    {"type": "boolean", "value": 0},
    {"type": "object", "value": []},
    {"type": "x", "value": 1},
)
FITTING: Mapping[FieldType, Sequence[object]] = {
    FieldType.TEXT: ("x", "not a slug"),
    FieldType.SLUG: ("x",),
    FieldType.INTEGER: (7,),
    FieldType.NUMBER: (7, 2.5),
    FieldType.BOOLEAN: (True,),
    FieldType.ENUM: ("x", "not a slug"),
    FieldType.SLUGS: (),
    FieldType.GRANT_VALUE: (),
}
"""What of the odd values is not odd for a type."""

COMPLETE: Mapping[str, Mapping[str, object]] = {
    "group": {"id": "1", "slug": "x1", "name": "N"},
    "entitlement": {"id": "1", "slug": "x1", "name": "N", "type": "NUMBER"},
    "license": {"id": "1", "slug": "x1", "name": "N", "type": "PAID"},
    "grant": {
        "licenseId": "1",
        "entitlementSlug": "x1",
        "value": {"type": "number", "value": 1},
    },
}
FIELDS = [(spec.kind, field) for spec in live_kinds() for field in spec.fields.values()]


def decoded(kind: str, field: FieldSpec, value: object) -> LiveResource:
    parent = GROWTH if kind == GRANT.kind else None
    return decode_object(kind, {**COMPLETE[kind], field.read_name: value}, parent)


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=lambda each: getattr(each, "name", each))
def test_a_field_of_its_type_is_read(kind: str, field: FieldSpec) -> None:
    for value in WELL_TYPED[field.type]:
        assert field.name in decoded(kind, field, value).fields, value


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=lambda each: getattr(each, "name", each))
def test_a_field_of_another_type_is_refused_by_name(kind: str, field: FieldSpec) -> None:
    odd = [v for v in ODD if not any(is_same(v, fits) for fits in FITTING[field.type])]  # type: ignore[arg-type]
    for value in odd:
        with pytest.raises(ServerError) as refused:
            decoded(kind, field, value)
        assert f"{kind}/x1 whose {field.read_name} is not " in refused.value.message, value


@pytest.mark.parametrize("spec", live_kinds(), ids=lambda spec: spec.kind)
def test_an_object_without_a_required_field_is_refused_by_name(spec: KindSpec) -> None:
    for name in spec.required:
        body = {k: v for k, v in COMPLETE[spec.kind].items() if k != name}
        with pytest.raises(ServerError, match=f"x1 without its {name}"):
            decode_object(spec.kind, body, GROWTH if spec.parents else None)


@pytest.mark.parametrize("spec", live_kinds(), ids=lambda spec: spec.kind)
@pytest.mark.parametrize("value", [None, "", 7, True, ["1"], {"a": "1"}], ids=repr)
def test_an_object_without_a_usable_id_is_refused_by_name(spec: KindSpec, value: object) -> None:
    body = {**COMPLETE[spec.kind], spec.id_wire: value}
    with pytest.raises(ServerError, match=f"x1 without a usable {spec.id_wire}"):
        decode_object(spec.kind, body, GROWTH if spec.parents else None)
