"""Licenses that the dashboard shows together are declared as differences where that is shorter."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kaiten_sync.server.dashboard.declaration import declare_licenses
from kaiten_sync.server.db.grants import NamedGrant


def grant(slug: str, value: Any, unit: str | None = None) -> NamedGrant:
    return NamedGrant(
        id=slug,
        license_id="l",
        entitlement_id=slug,
        value={"type": "number", "value": value},
        overage_percent=0,
        created_by="a",
        created_at=0,
        updated_by="a",
        updated_at=0,
        entitlement_slug=slug,
        entitlement_name=slug,
        entitlement_type="NUMBER",
        unit_singular=unit,
        unit_plural=unit and f"{unit}s",
    )


def declared(*licenses: tuple[str, str, str, dict[str, int]]) -> dict[str, Any]:
    """The declaration of licenses: slug, family, version and grants of each."""
    text = declare_licenses(
        ({"slug": slug, "name": slug, "type": "PAID", "version": version}, family, found)
        for slug, family, version, grants in licenses
        for found in [[grant(each, value) for each, value in grants.items()]]
    )
    loaded: dict[str, Any] = yaml.safe_load(text or "")["licenses"]
    return loaded


FREE = {"calls": 10, "seats": 1, "space": 5, "logs": 7}


def test_a_second_license_is_the_difference_from_the_first() -> None:
    pro = {"calls": 50, "seats": 1, "space": 5}
    found = declared(("free", "free", "1", FREE), ("pro", "pro", "1", {**pro, "a1": 1, "a2": 2}))
    assert found["free"]["entitlements"] == FREE
    assert "extends" not in found["pro"]  # three lines change, one goes: not shorter
    found = declared(("free", "free", "1", FREE), ("pro", "pro", "1", pro | {"more": 1}))
    assert found["pro"]["entitlements"] == pro | {"more": 1}
    found = declared(("free", "free", "1", {**FREE, "x1": 1}), ("pro", "pro", "1", {**FREE}))
    assert found["pro"]["extends"] == "free"
    assert found["pro"]["entitlements"] == {"x1": None}
    alike = declared(("free", "free", "1", FREE), ("copy", "copy", "1", FREE))
    assert alike["copy"]["extends"] == "free"
    assert "entitlements" not in alike["copy"]


@pytest.mark.parametrize(
    ("versions", "extends"),
    [(("1", "2"), "a"), (("2", "1"), None), (("", ""), "a"), (("1.0", "x"), "a")],
)
def test_an_older_version_extends_nothing(versions: tuple[str, str], extends: str | None) -> None:
    found = declared(("a", "f", versions[0], FREE), ("b", "f", versions[1], FREE))
    assert found["b"].get("extends") == extends


def test_an_older_version_extends_no_license_of_another_family() -> None:
    found = declared(("a", "a", "1", FREE), ("b", "f", "1", FREE), ("c", "f", "2", FREE))
    assert "extends" not in found["b"]
    assert found["c"]["extends"] == "b"


def test_a_family_that_git_declares_is_declared_as_one() -> None:
    versions = [
        ("pro", "pro", "1", {"calls": 5}),
        ("pro-v2", "pro", "2", {"calls": 4}),
        ("old", "old", "1", {"calls": 1}),
    ]
    text = declare_licenses(
        (
            (
                {"slug": slug, "name": slug, "type": "PAID", "version": version, "isDefault": True},
                family,
                [grant(each, value) for each, value in grants.items()],
            )
            for slug, family, version, grants in versions
        ),
        {"pro": "pro-v2"},
    )
    found = yaml.safe_load(text or "")
    assert found["families"] == {
        "pro": {"name": "pro-v2", "type": "PAID", "entitlements": {"calls": 4}}
    }
    assert list(found["licenses"]) == ["old"]


def test_bytes_are_declared_as_people_write_them() -> None:
    space = grant("space", 10**10, "byte")
    text = declare_licenses(
        [({"slug": "pro", "name": "Pro", "type": "PAID", "version": "1"}, "pro", [space])]
    )
    assert yaml.safe_load(text or "")["licenses"]["pro"]["entitlements"] == {"space": "10GB"}
