"""Without `--catalog`, a forged plan calls another family's license a version of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.forgeries import sealed, see
from tests.support.selling import PLAN, Seller

BOTH = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
families:
  ours: {name: Ours, type: PAID, onTighten: in-place, reason: Agreed, entitlements: {seats: 10}}
  theirs: {name: Theirs, type: PAID, entitlements: {seats: 10}}
"""
PROJECT = "version: 1\ncatalog: [catalog.yaml]\n"
OURS = "scope: {families: [ours], licenses: [ours]}\n"
AGREED = "Agreed, entitlements: {seats: 10"
EDITS = {
    "lowered": (AGREED, "Agreed, entitlements: {seats: 5"),
    "raised": (AGREED, "Agreed, entitlements: {seats: 50"),
    "not sold": ("Ours, type: PAID", "Ours, type: PAID, sold: false"),
}


def theirs_as_ours(shop: Seller) -> None:
    """The plan for ours, made to change theirs and to say that it is a version of ours."""
    ids = [shop.api.get(f"/licenses/{each}").json()["id"] for each in ("ours", "theirs")]
    text = json.dumps(shop.planned).replace("license/ours", "license/theirs")
    document: dict[str, Any] = json.loads(text.replace(*ids))
    document["managed"] = shop.planned["managed"]
    document["families"] = [e for e in document["families"] if e["address"] == "family/ours"]
    for choice in document["families"]:
        choice |= {name: "theirs" for name in ("serves", "version") if name in choice}
    for seen in list(document["observed"]):
        see(document, seen["address"], seen["id"], seen["fields"])
    document["observed"].sort(key=lambda each: (each["address"].count("/"), each["address"]))
    (shop.place.folder / PLAN).write_bytes(sealed(document))


@pytest.fixture
def both(shop: Seller) -> Seller:
    shop.place.write("kaiten-sync.yaml", PROJECT)
    shop.sell(BOTH)
    shop.hold("theirs", "one")
    return shop


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("scope", ["", OURS], ids=["all", "ours"])
def test_a_license_of_another_family_is_not_taken_for_a_version_of_ours(
    both: Seller, edit: str, scope: str
) -> None:
    both.plan(BOTH.replace(*EDITS[edit]))
    theirs_as_ours(both)
    both.place.write("kaiten-sync.yaml", PROJECT + scope)
    before = (both.versions(), both.grants("theirs"))
    refused = both.apply(code=4)
    assert "license/theirs is a version of family/theirs" in refused.stderr
    assert (both.versions(), both.grants("theirs")) == before


@pytest.mark.parametrize("edit", EDITS)
def test_a_plan_of_our_own_family_is_applied(both: Seller, edit: str) -> None:
    both.plan(BOTH.replace(*EDITS[edit]))
    both.place.write("kaiten-sync.yaml", PROJECT + OURS)
    done = both.apply()
    assert f"{both.planned['requests']} requests" in done.stdout


def test_a_version_of_our_family_is_not_made_in_another_one(both: Seller) -> None:
    both.plan(BOTH + "  more: {name: More, type: PAID, entitlements: {seats: 10}}\n")
    document = json.loads(json.dumps(both.planned).replace("/more", "/ours-v2"))
    link = {"name": "familySlug", "effect": "neutral", "after": "theirs"}
    for change in document["changes"]:
        if change["action"] == "create" and change["address"] == "license/ours-v2":
            change["fields"].append(link)
    document["managed"]["family/ours"] = document["managed"].pop("family/ours-v2")
    text = json.dumps(document).replace("family/ours-v2", "family/ours")
    document = json.loads(text.replace('"more"', '"ours-v2"'))
    document["families"] = [
        {"address": "family/ours", "way": "create", "version": "ours-v2", "reason": "none there"}
    ]
    (both.place.folder / PLAN).write_bytes(sealed(document))
    refused = both.apply(code=4)
    assert "is not a version of family/ours" in refused.stderr
    assert "ours-v2" not in both.versions()
