"""`policy.onTighten: refuse`: no license grants less while somebody holds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.forgeries import sealed
from tests.support.selling import CATALOG as FAMILIES
from tests.support.selling import PLAN, Seller

LICENSES = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
  sso: {name: SSO, type: BOOLEAN}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {seats: 10, calls: {value: 100, overagePercent: 20}, sso: true}
"""
LESS = {
    "a number": ("seats: 10", "seats: 9"),
    "a flag": ("sso: true", "sso: false"),
    "its overage": ("overagePercent: 20", "overagePercent: 10"),
    "a grant that goes": (", sso: true", ""),
}
LOWERED = LICENSES.replace("seats: 10", "seats: 9")
GRANT = "license/growth/grant/seats"


@pytest.fixture
def careful(shop: Seller) -> Seller:
    shop.place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\npolicy: {onTighten: refuse}\n",
    )
    shop.sell(LICENSES)
    return shop


@pytest.mark.parametrize("less", LESS.values(), ids=LESS)
def test_less_for_a_holder_is_refused_and_says_who(careful: Seller, less: tuple[str, str]) -> None:
    careful.hold("growth", "one")
    ended = careful.plan(LICENSES.replace(*less), code=4)
    assert "license/growth would grant less" in ended.stderr
    assert "held by instance/one" in ended.stderr


def test_more_and_the_same_for_holders_are_planned(careful: Seller) -> None:
    careful.hold("growth", "one")
    careful.sell(LICENSES.replace("seats: 10", "seats: 11").replace("name: Growth", "name: Grown"))


def test_a_grant_that_is_allowed_by_name_is_lowered(careful: Seller) -> None:
    careful.hold("growth", "one")
    careful.sell(LOWERED, "--allow", GRANT)
    assert careful.grants("growth")["seats"] == 9


def test_what_nobody_holds_is_lowered_unless_somebody_takes_it_before(careful: Seller) -> None:
    careful.plan(LOWERED)
    careful.hold("growth", "one")
    ended = careful.run("apply", PLAN, code=4)
    assert "it had no holders when the plan was made, now held by instance/one" in ended.stderr
    assert careful.grants("growth")["seats"] == 10
    careful.release("one")
    careful.apply()
    assert careful.grants("growth")["seats"] == 9


def test_a_revert_is_held_to_it_too(careful: Seller) -> None:
    careful.hold("growth", "one")
    careful.edit_grant("growth", "seats", 50)
    revert = ("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", "revert.plan.json")
    assert "held by instance/one" in careful.run(*revert, code=4).stderr
    careful.release("one")
    careful.run(*revert)
    careful.run("apply", "revert.plan.json")
    assert careful.grants("growth")["seats"] == 10


def test_a_family_says_itself_what_becomes_of_it(careful: Seller) -> None:
    careful.hold("growth", "one")
    careful.sell(LOWERED.replace("licenses:", "families:"))
    assert careful.grants("growth")["seats"] == 10
    assert careful.grants("growth-v2")["seats"] == 9


# A plan file is held to the project at hand, also without --catalog


def forge(seller: Seller, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(json.dumps(seller.planned))
    change(document)
    (seller.place.folder / PLAN).write_bytes(sealed(document))


def rest_on_nothing(document: dict[str, Any]) -> None:
    for each in document["observed"]:
        each.pop("unheld", None)


def claim_a_family(document: dict[str, Any]) -> None:
    rest_on_nothing(document)
    (change,) = document["changes"]
    change["declaredAs"] = change["address"].replace("license/", "family/")
    way = {"way": "in-place", "serves": "growth", "version": "growth", "effect": "tightens"}
    document["families"] = [
        {"address": "family/growth", **way, "reason": "`onTighten` is in-place"}
    ]


@pytest.mark.parametrize("change", [rest_on_nothing, claim_a_family])
@pytest.mark.parametrize("less", [("seats: 10", "seats: 9"), ("seats: 10, ", "")])
def test_a_forged_plan_takes_nothing_from_a_holder(
    careful: Seller, change: Callable[[dict[str, Any]], object], less: tuple[str, str]
) -> None:
    careful.plan(LICENSES.replace(*less))
    careful.hold("growth", "one")
    forge(careful, change)
    ended = careful.apply(code=4)
    assert "the plan does not require that it has no holders" in ended.stderr
    assert careful.grants("growth")["seats"] == 10


def test_a_plan_from_before_the_policy_is_held_to_it(shop: Seller) -> None:
    shop.sell(LICENSES)
    shop.hold("growth", "one")
    shop.plan(LOWERED)
    project = "version: 1\ncatalog: [catalog.yaml]\npolicy: {onTighten: refuse}\n"
    shop.place.write("kaiten-sync.yaml", project)
    shop.apply(code=4)
    shop.place.write("kaiten-sync.yaml", project.replace("refuse", "in-place"))
    shop.apply()
    assert shop.grants("growth")["seats"] == 9


def test_a_revert_that_gives_a_default_back_takes_nothing_from_its_holders(shop: Seller) -> None:
    shop.place.write("kaiten-sync.yaml", "version: 1\ncatalog: [catalog.yaml]\n")
    shop.sell(FAMILIES)
    shop.hold("growth", "one")
    shop.sell(FAMILIES.replace("seats: 10", "seats: 5"))
    shop.hold("growth-v2", "two")
    shop.plan(FAMILIES.replace("seats: 10", "seats: 5"))
    shop.edit_grant("growth-v2", "seats", 8)
    body = {"name": "Growth", "description": "", "type": "PAID", "isDefault": True}
    assert shop.api.put("/licenses/growth", json=body).status_code == 204
    ended = shop.run(
        "drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", "undo.plan.json"
    )
    assert "takes something from holders of license/growth-v2" in ended.stderr
    shop.run("apply", "undo.plan.json")
    assert shop.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    assert (shop.grants("growth")["seats"], shop.grants("growth-v2")["seats"]) == (10, 8)
    shop.plan(FAMILIES.replace("seats: 10", "seats: 5"))
    assert (shop.choice["way"], shop.choice["version"]) == ("new-version", "growth-v3")


def rest_on_less(document: dict[str, Any]) -> None:
    del document["families"][0]["holders"]


def go_back(document: dict[str, Any]) -> None:
    """As if the family served another version."""
    rest_on_less(document)
    document["families"][0]["serves"] = "growth-v2"


def deny_the_family(document: dict[str, Any]) -> None:
    """As a license that is declared by itself: then the policy decides, which allows it."""
    del document["families"]
    for each in document["changes"]:
        del each["declaredAs"]


def allow(document: dict[str, Any]) -> None:
    """What `--allow` does for licenses, and not for families."""
    rest_on_less(document)
    document["guards"]["allowed"] = [GRANT]


@pytest.mark.parametrize("change", [rest_on_less, go_back, deny_the_family, allow])
@pytest.mark.parametrize("less", ["seats: 5", None], ids=["a number", "a grant that goes"])
def test_a_forged_plan_of_a_family_takes_nothing_from_a_holder(
    shop: Seller, change: Callable[[dict[str, Any]], object], less: str | None
) -> None:
    shop.place.write("kaiten-sync.yaml", "version: 1\ncatalog: [catalog.yaml]\n")
    shop.sell(FAMILIES)
    shop.plan(FAMILIES.replace("seats: 10", less) if less else FAMILIES.replace("seats: 10, ", ""))
    shop.hold("growth", "one")

    def both(document: dict[str, Any]) -> None:
        rest_on_nothing(document)
        change(document)

    forge(shop, both)
    assert "does not require that it has no holders" in shop.apply(code=4).stderr
    assert shop.grants("growth")["seats"] == 10
