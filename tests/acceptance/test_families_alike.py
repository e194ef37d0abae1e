"""What a plan would change of a family is drift, and nothing else is; and each can be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.acceptance.test_families_around import drift, publish_by_hand
from tests.support.selling import CATALOG, LOWERED, PLAN, RAISED, Seller

ARCHIVING = LOWERED.replace("PAID\n", "PAID\n    archiveReplaced: true\n")
UNSOLD = LOWERED.replace("PAID\n", "PAID\n    sold: false\n")


def set_default(shop: Seller, version: str, value: bool) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": value}
    assert shop.api.put(f"/licenses/{version}", json=body).status_code == 204


def clear(shop: Seller) -> None:
    set_default(shop, "growth-v2", value=False)


def archive_and_clear(shop: Seller) -> None:
    shop.move("growth", "archive")
    clear(shop)


def delete(shop: Seller, version: str) -> None:
    for slug in shop.grants(version):
        assert shop.api.delete(f"/licenses/{version}/entitlements/{slug}").status_code == 204
    assert shop.api.delete(f"/licenses/{version}").status_code == 204


def clear_and_publish(shop: Seller) -> None:
    publish_by_hand(shop, 5)
    set_default(shop, "by-hand", value=False)


def delete_all(shop: Seller) -> None:
    shop.release("one")
    delete(shop, "growth-v2")
    delete(shop, "growth")


@dataclass(frozen=True)
class Case:
    """What somebody does on a server that sells `LOWERED`, and whether that is a difference.

    `differs_alone` says whether it is one without the plan that was agreed, if that is otherwise.
    """

    edit: Callable[[Seller], object]
    differs: bool
    catalog: str = LOWERED
    differs_alone: bool | None = None


CASES = {
    "nothing": Case(lambda shop: None, differs=False),
    "a grant of the served version": Case(
        lambda shop: shop.edit_grant("growth-v2", "seats", 99), differs=True
    ),
    "a grant of an older version": Case(
        lambda shop: shop.edit_grant("growth", "seats", 99), differs=False
    ),
    "no default": Case(clear, differs=True),
    # The plan made it the default. Of a family that no plan knows, no other version takes over.
    "no default, and one version on sale": Case(
        archive_and_clear, differs=True, differs_alone=False
    ),
    "another default": Case(lambda shop: set_default(shop, "growth", value=True), differs=True),
    "a newer version, by chance": Case(clear_and_publish, differs=True),
    "the served version deleted": Case(lambda shop: delete(shop, "growth-v2"), differs=True),
    "all versions deleted": Case(delete_all, differs=True),
    "replaced, and held": Case(lambda shop: None, differs=False, catalog=ARCHIVING),
    "replaced, and nobody holds it": Case(
        lambda shop: shop.release("one"), differs=True, catalog=ARCHIVING
    ),
    "not sold": Case(lambda shop: None, differs=False, catalog=UNSOLD),
    "not sold, and on sale": Case(
        lambda shop: shop.move("growth-v2", "unarchive"), differs=True, catalog=UNSOLD
    ),
    "not sold, and deleted": Case(delete_all, differs=False, catalog=UNSOLD),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_drift_and_plan_exit_alike(sold: Seller, case: Case) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    if case.catalog != LOWERED:
        sold.sell(case.catalog)
    case.edit(sold)
    alone = case.differs if case.differs_alone is None else case.differs_alone
    for agreed, differs in ((PLAN, case.differs), ("none", alone)):
        code = 2 if differs else 0
        exits = ("-f", "catalog.yaml", "--detailed-exitcode")
        sold.run("plan", *exits, "--previous", agreed, code=code)
        shown = sold.run("drift", *exits, "--plan", agreed, code=code).stdout
        assert ("No drift" not in shown) == differs
    sold.plan(case.catalog)
    sold.apply()
    assert sold.is_settled()
    assert drift(sold) == []


def test_a_family_that_serves_by_chance_has_its_default_again_after_a_revert(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    clear(sold)
    (found,) = drift(sold)
    assert (found["address"], found["class"]) == ("family/growth", "server-edited")
    (serves,) = (f for f in found["fields"])  # type: ignore[attr-defined]
    assert (serves["name"], serves["live"], serves["git"]) == ("serves", None, "growth-v2")
    before = (sold.place.folder / "catalog.yaml").read_text()
    for named in ((), ("family/growth",)):
        done = sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN, *named)
        assert "family/growth has no default, which no file declares" in done.stderr
    assert (sold.place.folder / "catalog.yaml").read_text() == before
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    assert sold.changed == {"make-default:license/growth-v2"}
    sold.apply()
    assert drift(sold) == []


def test_a_default_that_a_plan_has_still_to_make_is_git_ahead(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    clear(sold)
    sold.plan(LOWERED)
    assert [each["class"] for each in drift(sold)] == ["git-ahead"]


def test_another_default_with_the_same_grants_is_adopted_by_its_name(sold: Seller) -> None:
    publish_by_hand(sold, 10)
    done = sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN, "family/growth")
    assert "family/growth serves by-hand; plan again" in done.stderr
    assert "nothing to adopt" in done.stdout


@pytest.mark.parametrize("is_named", [False, True])
def test_a_family_that_somebody_took_off_sale_is_adopted_whatever_it_grants(
    sold: Seller, is_named: bool
) -> None:
    sold.edit_grant("growth", "seats", 7)
    assert sold.api.delete("/licenses/growth/entitlements/calls").status_code == 204
    set_default(sold, "growth", value=False)
    sold.move("growth", "archive")
    names = [str(each["address"]) for each in drift(sold)] if is_named else []
    done = sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN, *names)
    assert done.stdout.count("adopted") == 1
    assert "left alone" not in done.stderr
    declared = (sold.place.folder / "catalog.yaml").read_text()
    assert declared.replace("    sold: false\n", "") == CATALOG
    assert sold.is_settled()


def test_a_family_that_git_does_not_sell_is_adopted_beside_others(sold: Seller) -> None:
    other = "  other: {name: Other, type: PAID, entitlements: {seats: 1}}\n"
    sold.sell(CATALOG + other)
    sold.place.write("catalog.yaml", RAISED.replace("PAID\n", "PAID\n    sold: false\n") + other)
    body = {"entitlementSlug": "calls", "value": {"type": "number", "value": 7}}
    assert sold.api.post("/licenses/other/entitlements", json=body).status_code == 204
    adopt = ("adopt", "-f", "catalog.yaml", "--plan", PLAN, "family/growth")
    done = sold.run(*adopt, "family/other")
    assert "not adopted" not in done.stderr
    assert "family/growth still differs: only `sold` was compared before" in done.stderr
    assert "adopted family/growth/grant/seats: value 20 → 10" in sold.run(*adopt).stdout
    assert sold.is_settled()


def test_a_family_that_is_adopted_as_sold_and_is_as_declared_needs_no_more(sold: Seller) -> None:
    sold.place.write("catalog.yaml", CATALOG.replace("PAID\n", "PAID\n    sold: false\n"))
    done = sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN, "family/growth")
    assert "still differs" not in done.stderr
    assert sold.is_settled()


def with_overlay(sold: Seller) -> None:
    project = (
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n  here:\n    overlays: [here.yaml]\n"
        f"    url: {sold.place.url}\n    token: {{env: KAITEN_AUTH_TOKEN}}\n"
    )
    sold.place.write("kaiten-sync.yaml", project)


def test_an_overlay_leaves_out_a_family_that_was_never_sold(sold: Seller) -> None:
    sold.place.write("catalog.yaml", CATALOG + "  old: {name: Old, type: PAID, sold: false}\n")
    sold.edit_grant("growth", "seats", 60)
    with_overlay(sold)
    sold.run("export", "--overlay-of", "here")
    written = (sold.place.folder / "here.yaml").read_text()
    assert "    entitlements: {seats: 60}\n" in written
    assert "old" not in written


def test_an_overlay_says_nothing_of_a_default(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    clear(sold)
    sold.edit_grant("growth-v2", "seats", 6)
    with_overlay(sold)
    done = sold.run("export", "--overlay-of", "here")
    assert "family/growth has no default, which no file declares" in done.stderr
    assert "1 object that differs." in done.stdout
    written = sold.place.folder / "here.yaml"
    assert "    entitlements: {seats: 6}\n" in written.read_text()
    assert "serves" not in written.read_text()
    sold.edit_grant("growth-v2", "seats", 8)
    sold.run("adopt", "-t", "here", "--into-overlay")
    assert "seats: 8" in written.read_text()
