"""Forged migrations, holders and versions that changed, and servers that bill, lie or fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import DATES_LATER, PLAN, Shop, opened
from tests.support.forgeries import observed, sealed

from kaiten_sync.model.canonical import fingerprint


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        yield made


Document = dict[str, Any]


def mark(document: Document, address: str) -> None:
    """The fingerprint that fits what was observed."""
    seen = observed(document, address)
    seen["fingerprint"] = fingerprint({"id": seen["id"], "fields": seen["fields"]})


def move_elsewhere(document: Document, other: str) -> None:
    """To the license of another family, and the plan says that it is of this one."""
    document["to"] = "other"
    for each in document["changes"]:
        each["fields"][0]["after"] = "other"
    for each in document["observed"]:
        each["address"] = each["address"].replace("license/growth-v2", "license/other")
    observed(document, "license/other")["id"] = other
    mark(document, "license/other")


def move_also_a_stranger(document: Document, other: str) -> None:
    document["changes"].append(
        json.loads(json.dumps(document["changes"][0]).replace("instance/one", "instance/stranger"))
    )
    document["summary"]["moves"] += 1
    seen = json.loads(json.dumps(observed(document, "instance/one")).replace("one", "stranger"))
    document["observed"].append(seen)
    document["holders"] += 1
    document["requests"] += 9
    document["summary"]["effects"] = {"tightens": 2}


def change_metadata(document: Document, other: str) -> None:
    document["changes"][0]["fields"].append(
        {"name": "metadata", "before": {}, "after": {}, "effect": "neutral"}
    )


def rename(document: Document, other: str) -> None:
    document["changes"][0]["fields"][0]["name"] = "name"


def delete(document: Document, other: str) -> None:
    document["changes"][0]["action"] = "delete"


def hide_the_harm(document: Document, other: str) -> None:
    document["changes"][0]["effect"] = "loosens"
    document["changes"][0]["fields"][0]["effect"] = "loosens"
    document["summary"]["effects"] = {"loosens": 1}


def forget_a_grant(document: Document, other: str) -> None:
    """Without the grant that tightens, nobody would be over."""
    document["observed"] = [
        each for each in document["observed"] if not each["address"].endswith("growth/grant/seats")
    ]
    hide_the_harm(document, other)


def give_more(document: Document, other: str) -> None:
    """A version that grants more than it does, so that nobody would be over."""
    observed(document, "license/growth-v2/grant/seats")["fields"]["value"] = 99
    mark(document, "license/growth-v2/grant/seats")
    hide_the_harm(document, other)


def forget_the_instance(document: Document, other: str) -> None:
    document["observed"] = [e for e in document["observed"] if e["address"] != "instance/one"]


def forget_the_dates(document: Document, other: str) -> None:
    del observed(document, "instance/one")["fields"]["startLicenseDate"]
    mark(document, "instance/one")


def exceed_the_wave(document: Document, other: str) -> None:
    document |= {"wave": 1}
    move_also_a_stranger(document, other)


def see_less_of_a_grant(document: Document, other: str) -> None:
    """Without the share above the number, both versions may look alike."""
    for version in ("growth", "growth-v2"):
        address = f"license/{version}/grant/seats"
        del observed(document, address)["fields"]["overagePercent"]
        mark(document, address)


def name_another_customer(document: Document, other: str) -> None:
    document["changes"][0]["reason"] = "of a-test"


def reassure(document: Document, other: str) -> None:
    document["warnings"] = ["nobody loses anything"]


def miscount(document: Document, other: str) -> None:
    document["holders"] = 1000


def save_requests(document: Document, other: str) -> None:
    document["requests"] = 1


def allow_a_stranger(document: Document, other: str) -> None:
    document["guards"]["allowed"] = ["instance/stranger"]


FORGERIES = [
    move_elsewhere,
    move_also_a_stranger,
    change_metadata,
    rename,
    delete,
    hide_the_harm,
    forget_a_grant,
    give_more,
    forget_the_instance,
    forget_the_dates,
    exceed_the_wave,
    see_less_of_a_grant,
    name_another_customer,
    reassure,
    miscount,
    save_requests,
    allow_a_stranger,
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda each: each.__name__)
def test_a_forged_migration_moves_nobody_whom_it_must_not(shop: Shop, forge: Any) -> None:
    shop.sell("one", 2)
    shop.sell("stranger", version="other")
    shop.migrate()
    before = {slug: shop.instance(slug) for slug in shop.held()}
    document = shop.plan()
    forge(document, shop.license_id("other"))
    (shop.place.folder / PLAN).write_bytes(sealed(document))
    done = shop.apply()
    assert shop.instance("stranger") == before["stranger"]
    if forge is move_also_a_stranger:  # the one is moved, the other is left
        assert done.code == 5
        return
    if forge is name_another_customer:
        assert "of a-test, but it is not" in done.stdout
    assert done.code == 4, done.stdout
    assert {slug: shop.instance(slug) for slug in before} == before


@pytest.mark.parametrize("wave", ["1%", "10%", "50%"])
def test_a_wave_is_a_share_of_holders_who_are_there(shop: Shop, wave: str) -> None:
    """A share of many, most of whom never were, takes all."""
    for slug in ("one", "two"):
        shop.sell(slug)
    shop.migrate()
    document = shop.plan() | {"wave": wave, "holders": 200}
    nobody = {"version": "growth", "why": "later"}
    document["stays"] = [{"address": f"instance/no-{n}", **nobody} for n in range(198)]
    document["summary"]["stays"] = {"later": 198}
    (shop.place.folder / PLAN).write_bytes(sealed(document))
    done = shop.apply()
    assert (done.code, f"and its wave takes {wave}" in done.stderr) == (4, True)
    assert set(shop.held().values()) == {"growth"}


def test_an_edited_migration_is_refused(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    document = shop.plan() | {"to": "other"}
    (shop.place.folder / PLAN).write_text(json.dumps(document))
    done = shop.apply()
    assert (done.code, "changed after it was made" in done.stderr) == (4, True)


def put(shop: Shop, slug: str, **fields: Any) -> None:
    found = shop.instance(slug)
    names = ("name", "description", "customerId", "licenseId", "metadata")
    dates = ("startLicenseDate", "endLicenseDate")
    body = {name: found[name] for name in (*names, *dates)} | fields
    assert shop.api.put(f"/instances/{slug}", json=body).status_code == 204


def end_later(shop: Shop) -> None:
    put(shop, "one", **DATES_LATER)


def tag(shop: Shop) -> None:
    put(shop, "one", metadata={"region": "us"})


def take_another(shop: Shop) -> None:
    put(shop, "one", licenseId=shop.license_id("other"))


def remove(shop: Shop) -> None:
    assert shop.api.delete("/instances/one").status_code == 204


def replace(shop: Shop) -> None:
    remove(shop)
    body = {k: v for k, v in shop.instance("two").items() if k.endswith(("Id", "Date"))}
    body |= {
        "name": "Another",
        "slug": "one",
        "description": "",
        "licenseId": shop.license_id("growth"),
    }
    assert shop.api.post("/instances", json=body).status_code == 201


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (end_later, "endLicenseDate was"),
        (tag, "metadata was"),
        (take_another, "license was growth"),
        (remove, "it is gone"),
        (replace, "another object has this name now"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_holder_who_changed_is_left_and_the_others_move(shop: Shop, edit: Any, said: str) -> None:
    for slug in ("one", "two"):
        shop.sell(slug)
    shop.migrate()
    edit(shop)
    seen = shop.held().get("one")
    done = shop.apply("--format", "json")
    assert done.code == 5
    outcomes = {each["address"]: each for each in done.json["outcomes"]}
    assert outcomes["instance/one"]["status"] == "left"
    assert said in outcomes["instance/one"]["message"]
    assert (shop.held().get("one"), shop.held()["two"]) == (seen, "growth-v2")


def test_a_holder_who_is_renamed_moves_with_the_new_name(shop: Shop) -> None:
    shop.sell("one")
    shop.migrate()
    put(shop, "one", name="Renamed", description="again")
    assert shop.apply().code == 0
    found = shop.instance("one")
    assert (found["name"], found["description"], found["licenseSlug"]) == (
        "Renamed",
        "again",
        "growth-v2",
    )


def lower_the_target(shop: Shop) -> None:
    shop.api.put(
        "/licenses/growth-v2/entitlements/seats",
        json={"entitlementSlug": "seats", "value": {"type": "number", "value": 1}},
    ).raise_for_status()


def add_to_the_source(shop: Shop) -> None:
    shop.api.delete("/licenses/growth-v2/entitlements/sso").raise_for_status()


def archive_the_source(shop: Shop) -> None:
    shop.api.post("/licenses/growth/archive").raise_for_status()


@pytest.mark.parametrize(
    "edit", [lower_the_target, add_to_the_source, archive_the_source], ids=lambda e: e.__name__
)
def test_a_version_that_changed_refuses_the_plan(shop: Shop, edit: Any) -> None:
    shop.sell("one")
    shop.migrate()
    edit(shop)
    done = shop.apply()
    assert done.code == 4
    assert "the versions are not as the plan saw them" in done.stderr
    assert shop.held()["one"] == "growth"


def test_a_grant_that_is_new_refuses_the_plan(shop: Shop) -> None:
    shop.api.delete("/licenses/growth-v2/entitlements/sso").raise_for_status()
    shop.sell("one")
    shop.migrate("--allow", "instance/one")
    body = {"entitlementSlug": "sso", "value": {"type": "boolean", "value": False}}
    shop.api.post("/licenses/growth-v2/entitlements", json=body).raise_for_status()
    done = shop.apply()
    assert (done.code, "no such object, now there is one" in done.stderr) == (4, True)
