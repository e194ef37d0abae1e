"""What is wanted, in the spelling that comparisons use."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.declare.conftest import Write

from kaiten_sync.declare import (
    build_desired,
    count_declared,
    merge_documents,
    read_documents,
)
from kaiten_sync.kinds.addresses import grant_address, license_address, parse_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import Json

GOOD = Path(__file__).parents[2] / "fixtures" / "good"


def desired_at(root: Path, name: str) -> DesiredState:
    documents, findings = read_documents([name], root=root)
    assert findings == ()
    return build_desired(merge_documents(documents, ())[0])


@pytest.fixture
def good() -> DesiredState:
    return desired_at(GOOD, "everything.yaml")


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("license/growth/grant/api-calls", {"value": 1000}),
        ("license/growth/grant/seats", {"value": 25, "overagePercent": 20}),
        ("license/growth/grant/exports", {"value": "unlimited"}),
        ("license/growth/grant/sso", {"value": True}),
        ("license/growth/grant/branding", {"value": {"theme": "custom", "no": "yes"}}),
        ("license/growth-v2/grant/api-calls", {"value": 2000}),
        ("license/growth-v2/grant/exports", {"value": "unlimited"}),
        (
            "license/starter",
            {"name": "Starter", "type": "COMMUNITY", "version": "1", "isActive": True},
        ),
        (
            "entitlement/exports",
            {"name": "Exports", "type": "NUMBER_AI_CREDIT", "description": None},
        ),
        ("group/extras", {"name": "Extras"}),
    ],
)
def test_fields_are_normalized(good: DesiredState, address: str, fields: dict[str, Json]) -> None:
    found = good.resources[parse_address(address)].fields
    assert found == fields
    assert {type(value) for value in found.values()} == {type(value) for value in fields.values()}


def test_a_license_with_its_key_owns_its_grants_even_none(write: Write, tmp_path: Path) -> None:
    write(
        "c.yaml",
        "version: 1\nlicenses:\n  one: {name: A, type: PAID, entitlements: {}}\n"
        "  two: {name: B, type: PAID}\n",
    )
    assert desired_at(tmp_path, "c.yaml").owns == {ChildList(license_address("one"), GRANT.kind)}


def test_every_field_has_its_place(good: DesiredState) -> None:
    growth = good.resources[license_address("growth")]
    assert str(growth.source) == "everything.yaml:35:3"
    assert str(growth.source_of("description")) == "everything.yaml:38:5"
    seats = good.resources[grant_address("growth", "seats")]
    assert str(seats.source) == "everything.yaml:42:7"
    assert str(seats.source_of("overagePercent")) == "everything.yaml:42:26"
    api_calls = good.resources[grant_address("growth", "api-calls")]
    assert api_calls.source_of("value") == api_calls.source
    assert growth.source_of("state") is None


def test_a_value_on_a_line_of_its_own_has_a_place_of_its_own(write: Write, tmp_path: Path) -> None:
    write(
        "c.yaml",
        "version: 1\nentitlements:\n  seats: {name: S, type: NUMBER}\n"
        "licenses:\n  one:\n    {name: A, type: PAID, entitlements: {seats:\n      7}}\n",
    )
    seats = desired_at(tmp_path, "c.yaml").resources[grant_address("one", "seats")]
    assert (str(seats.source), str(seats.source_of("value"))) == ("c.yaml:6:42", "c.yaml:7:7")


def test_resources_come_in_creation_order(good: DesiredState) -> None:
    keys = [address.sort_key for address in good.resources]
    assert keys == sorted(keys)


def test_version_is_text_and_booleans_stay_booleans(write: Write, tmp_path: Path) -> None:
    write(
        "c.yaml",
        "version: 1\nlicenses:\n  one: {name: A, type: PAID, version: 2.0, familySlug: aa}\n"
        "  two: {name: A, type: PAID, version: v3, familySlug: aa, entitlements: {sso: false}}\n",
    )
    resources = desired_at(tmp_path, "c.yaml").resources
    assert resources[license_address("one")].fields["version"] == "2"
    assert resources[license_address("two")].fields["version"] == "v3"
    assert resources[grant_address("two", "sso")].fields["value"] is False


def test_a_malformed_catalog_does_not_raise(write: Write, tmp_path: Path) -> None:
    licenses = "{a: 1, b: {entitlements: [1]}, c: {entitlements: {d: [1]}}, d: }"
    write("c.yaml", f"version: 1\nlicenses: {licenses}\n")
    desired_at(tmp_path, "c.yaml")


def test_protection_is_no_field_and_every_kind_has_it(good: DesiredState) -> None:
    assert {str(address) for address in good.protected} == {
        "entitlement/sso",
        "license/starter",
        "license/growth/grant/seats",
        "license/growth-v2/grant/seats",
    }
    assert not any("protect" in resource.fields for resource in good.resources.values())


def test_an_overlay_protects_and_lifts_protection(write: Write, tmp_path: Path) -> None:
    write(
        "c.yaml",
        "version: 1\ngroups:\n  one: {name: A, protect: true}\n  two: {name: B, protect: true}\n"
        "  three: {name: C}\n",
    )
    write(
        "o.yaml",
        "version: 1\ngroups:\n  one: {protect: false}\n  two: {protect: null}\n"
        "  three: {protect: true}\n",
    )
    base, _ = read_documents(["c.yaml"], root=tmp_path)
    over, _ = read_documents(["o.yaml"], root=tmp_path)
    merged, findings = merge_documents(base, over)
    assert findings == ()
    assert {str(a) for a in build_desired(merged).protected} == {"group/three"}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "licenses: {}",
        "licenses: 5",
        "licenses: {a: {entitlements: {x: 1, y: {value: 2}}}, b: {entitlements: }, c: }",
        "families: {a: {entitlements: {x: 1}}, b: {sold: false, entitlements: {x: 1, y: 2}}}",
        "families: {a: {sold: true, entitlements: {x: 1}}}\nentitlements: {x: {type: NUMBER}}",
    ],
)
def test_objects_are_counted_without_being_made(write: Write, tmp_path: Path, content: str) -> None:
    write("c.yaml", content)
    merged = merge_documents(read_documents(["c.yaml"], root=tmp_path)[0], ())[0]
    assert count_declared(merged) == len(build_desired(merged).resources)
