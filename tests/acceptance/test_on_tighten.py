"""`policy.onTighten: refuse`: no license grants less while somebody holds it."""

from __future__ import annotations

import pytest
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
    assert "nobody held it when the plan was made, now held by instance/one" in ended.stderr
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
