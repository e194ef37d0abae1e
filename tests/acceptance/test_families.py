"""What a family sells: every row of the table, against a server with holders."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.selling import CATALOG, LOWERED, MIXED, PLAN, RAISED, Seller


@pytest.fixture
def shop(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Seller]:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("KAITEN_BASE_URL", place.url)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", place.token)
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as client:
        yield Seller(place, client, capsys)


@pytest.fixture
def sold(shop: Seller) -> Seller:
    """The family is sold as `CATALOG` declares it, and nobody has bought it yet."""
    shop.sell(CATALOG)
    return shop


def test_a_family_that_is_not_there_is_created_and_made_the_default(shop: Seller) -> None:
    shop.plan(CATALOG)
    assert shop.choice["way"] == "create"
    assert shop.choice["version"] == "growth"
    assert "serves" not in shop.choice
    shop.apply()
    assert shop.versions() == {"growth": "PUBLISHED*"}
    assert shop.grants("growth") == {"seats": 10, "calls": 1000, "sso": True}
    assert shop.is_settled()


def test_an_equal_family_needs_nothing(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(CATALOG)
    assert (sold.choice["way"], sold.planned["changes"]) == ("nothing", [])


@pytest.mark.parametrize("held", [False, True])
def test_what_only_loosens_is_changed_in_place(sold: Seller, held: bool) -> None:
    sold.hold("growth", *(["one"] if held else []))
    sold.plan(RAISED)
    assert sold.choice["way"] == "in-place"
    assert "takes nothing from holders" in sold.choice["reason"]
    assert sold.changed == {"update:license/growth/grant/seats"}
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED*"}
    assert sold.is_settled()


def test_an_unheld_version_is_tightened_in_place(sold: Seller) -> None:
    sold.plan(LOWERED)
    assert sold.choice["way"] == "in-place"
    assert sold.choice["reason"] == "nobody holds growth"
    sold.apply()
    assert sold.grants("growth")["seats"] == 5
    assert sold.is_settled()


@pytest.mark.parametrize("catalog", [LOWERED, MIXED, CATALOG.replace(", sso: true", "")])
def test_a_held_version_is_left_alone_and_the_next_one_has_everything(
    sold: Seller, catalog: str
) -> None:
    sold.hold("growth", "one", "two")
    before = sold.grants("growth")
    done = sold.plan(catalog)
    assert sold.choice["way"] == "new-version"
    assert (sold.choice["serves"], sold.choice["version"]) == ("growth", "growth-v2")
    assert sold.choice["holders"] == 2
    assert "new version growth-v2: it tightens what 2 holders of growth have" in done.stdout
    assert "they keep that version" in done.stdout
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    assert sold.grants("growth") == before
    assert sold.is_settled()
    assert sold.grants("growth-v2")["seats"] == (10 if "seats: 10" in catalog else 5)


def test_a_plan_for_an_unheld_version_is_stale_once_somebody_holds_it(sold: Seller) -> None:
    sold.plan(LOWERED)
    sold.hold("growth", "one")
    done = sold.apply(code=4)
    assert "instance/one" in done.stderr
    assert sold.grants("growth")["seats"] == 10


def test_a_plan_for_a_held_version_stays_right_when_it_is_let_go(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    sold.release("one")
    sold.plan(LOWERED, "--check")
    sold.run("apply", PLAN, "--catalog", "catalog.yaml")
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}


def test_more_holders_change_no_check_of_the_plan(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    sold.hold("growth", "two")
    sold.plan(LOWERED, "--check")


def test_in_place_with_a_reason_is_done_to_holders(sold: Seller) -> None:
    sold.hold("growth", "one")
    catalog = LOWERED.replace(
        "type: PAID\n    ent", "type: PAID\n    onTighten: in-place\n    reason: the law\n    ent"
    )
    done = sold.plan(catalog)
    assert "the law" in sold.choice["reason"]
    assert "1 holder" in done.stdout
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED*"}
    assert sold.grants("growth")["seats"] == 5


def test_in_place_without_a_reason_is_an_error(shop: Seller) -> None:
    done = shop.plan(CATALOG.replace("PAID\n", "PAID\n    onTighten: in-place\n"), code=3)
    assert "catalog.yaml:10" in done.stderr
    assert "missing-reason" in done.stderr


def test_a_refused_change_names_who_holds_the_version(sold: Seller) -> None:
    sold.hold("growth", "one", "two")
    refusing = LOWERED.replace("PAID\n", "PAID\n    onTighten: refuse\n")
    done = sold.plan(refusing, code=4)
    assert "instance/one, instance/two" in done.stderr
    sold.release("one", "two")
    sold.plan(refusing)


def test_a_family_with_drafts_only_gets_a_version_beside_them(shop: Seller) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "growth", "lifecycleState": "DRAFT", "name": "Not ours"}
    assert shop.api.post("/licenses", json=draft).status_code == 201
    shop.plan(CATALOG)
    assert (shop.choice["way"], shop.choice["version"]) == ("new-version", "growth-v2")
    assert "left as drafts: growth" in shop.choice["reason"]
    shop.apply()
    assert shop.versions() == {"growth": "DRAFT", "growth-v2": "PUBLISHED*"}
    assert shop.is_settled()


def test_what_is_not_sold_is_archived_and_can_be_sold_again(sold: Seller) -> None:
    sold.hold("growth", "one")
    unsold = CATALOG.replace("PAID\n", "PAID\n    sold: false\n")
    sold.plan(unsold)
    assert sold.choice["way"] == "withdraw"
    sold.apply()
    assert sold.versions() == {"growth": "ARCHIVED"}
    assert sold.grants("growth")["seats"] == 10
    assert sold.is_settled()
    sold.plan(CATALOG)
    assert (sold.choice["way"], sold.choice["version"]) == ("new-version", "growth-v2")
    sold.apply()
    assert sold.versions() == {"growth": "ARCHIVED", "growth-v2": "PUBLISHED*"}
    assert sold.is_settled()


def without_families(catalog: str) -> str:
    return catalog.split("families:")[0]


def test_a_family_that_left_git_is_deleted_with_all_versions(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    sold.release("one")
    sold.plan(without_families(LOWERED))
    sold.apply()
    assert sold.versions() == {}


def test_a_held_family_that_left_git_stays_and_the_way_out_is_named(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    done = sold.plan(without_families(LOWERED), code=4)
    assert "instance/one" in done.stderr
    assert "sold: false" in done.stderr


def test_replaced_versions_are_archived_once_nobody_holds_them(sold: Seller) -> None:
    archiving = LOWERED.replace("PAID\n", "PAID\n    archiveReplaced: true\n")
    sold.hold("growth", "one")
    sold.sell(archiving)
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    sold.release("one")
    sold.plan(archiving)
    assert sold.changed == {"archive:license/growth"}
    sold.hold("growth", "two")
    assert "instance/two" in sold.apply(code=4).stderr
    sold.release("two")
    sold.sell(archiving)
    assert sold.versions() == {"growth": "ARCHIVED", "growth-v2": "PUBLISHED*"}


def test_older_versions_are_never_pruned(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    sold.plan(LOWERED, "--prune", "all")
    assert sold.planned["changes"] == []


def test_a_half_made_draft_is_finished_by_a_new_plan(sold: Seller) -> None:
    sold.hold("growth", "one")
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "growth-v2", "familySlug": "growth", "lifecycleState": "DRAFT"}
    assert sold.api.post("/licenses", json=draft).status_code == 201
    grant = {"entitlementSlug": "seats", "value": {"type": "number", "value": 5}}
    assert sold.api.post("/licenses/growth-v2/entitlements", json=grant).status_code == 204
    sold.plan(LOWERED)
    assert sold.choice["version"] == "growth-v2"
    assert "create:license/growth-v2" not in sold.changed
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    assert sold.is_settled()


def test_a_draft_with_other_content_is_left_alone(sold: Seller) -> None:
    sold.hold("growth", "one")
    body = {"name": "Other", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "growth-v2", "familySlug": "growth", "lifecycleState": "DRAFT"}
    assert sold.api.post("/licenses", json=draft).status_code == 201
    sold.plan(LOWERED)
    assert sold.choice["version"] == "growth-v3"
    sold.apply()
    assert sold.versions()["growth-v2"] == "DRAFT"
    assert sold.is_settled()


def test_another_version_published_since_makes_the_plan_stale(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": True}
    other = {**body, "slug": "by-hand", "familySlug": "growth"}
    assert sold.api.post("/licenses", json=other).status_code == 201
    sold.apply(code=4)
    assert "growth-v2" not in sold.versions()


def test_a_getting_started_server_has_no_families_and_the_way_out_is_named(shop: Seller) -> None:
    shop.place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n  old:\n"
        f"    url: {shop.place.url}\n    token: {{env: KAITEN_AUTH_TOKEN}}\n"
        "    generation: getting-started\n",
    )
    shop.place.write("catalog.yaml", CATALOG)
    done = shop.run("plan", "-t", "old", code=3)
    assert "catalog.yaml:7" in done.stderr
    assert "below `licenses`" in done.stderr


def test_the_same_family_below_licenses_is_an_error_at_both_places(shop: Seller) -> None:
    twice = CATALOG + "licenses:\n  growth-v2: {name: G, type: PAID, familySlug: growth}\n"
    shop.place.write("catalog.yaml", twice)
    done = shop.run("validate", "catalog.yaml", code=3)
    assert "catalog.yaml:7" in done.stderr + done.stdout
    assert "catalog.yaml:12" in done.stderr + done.stdout


@pytest.mark.parametrize("extended", ["basics", "free"])
def test_a_family_extends_and_overlays_go_over_it(shop: Seller, extended: str) -> None:
    shop.place.write(
        "catalog.yaml",
        CATALOG.replace("{seats: 10, calls: 1000, sso: true}", "{calls: 50k}").replace(
            "PAID\n", f"PAID\n    extends: {extended}\n"
        )
        + "bundles:\n  basics: {entitlements: {seats: 3, sso: false}}\n"
        + "licenses:\n  free: {name: Free, type: COMMUNITY, extends: basics}\n",
    )
    shop.place.write(
        "over.yaml", "version: 1\nfamilies: {growth: {entitlements: {seats: 4, sso: null}}}\n"
    )
    shop.place.write(
        "kaiten-sync.yaml",
        f"version: 1\ncatalog: [catalog.yaml]\ntargets:\n  here:\n    url: {shop.place.url}\n"
        "    token: {env: KAITEN_AUTH_TOKEN}\n    overlays: [over.yaml]\n",
    )
    shop.run("plan", "-t", "here", "-o", PLAN)
    shop.apply()
    assert shop.grants("growth") == {"seats": 4, "calls": 50000}


def drift(shop: Seller, *options: str) -> list[dict[str, object]]:
    ended = shop.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--format", "json", *options)
    found: list[dict[str, object]] = ended.json["differences"]
    return [each for each in found if each["isDrift"]]


def test_an_edit_of_the_served_version_is_drift_of_the_family(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    assert drift(sold) == []
    sold.edit_grant("growth", "seats", 99)
    assert drift(sold) == []
    sold.edit_grant("growth-v2", "seats", 99)
    (found,) = drift(sold)
    assert (found["address"], found["version"]) == ("family/growth/grant/seats", "growth-v2")
    assert found["class"] == "server-edited"
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    sold.apply()
    assert sold.grants("growth-v2")["seats"] == 5
    assert drift(sold) == []


def test_a_plan_that_is_not_applied_is_git_ahead(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    assert {each["class"] for each in drift(sold)} == {"git-ahead"}


def publish_by_hand(shop: Seller, seats: int) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "by-hand", "familySlug": "growth", "lifecycleState": "DRAFT"}
    assert shop.api.post("/licenses", json=draft).status_code == 201
    for slug, value in (("seats", seats), ("calls", 1000), ("sso", True)):
        tag = "boolean" if value is True else "number"
        grant = {"entitlementSlug": slug, "value": {"type": tag, "value": value}}
        assert shop.api.post("/licenses/by-hand/entitlements", json=grant).status_code == 204
    shop.move("by-hand", "publish")
    license_ = {**body, "isDefault": True}
    assert shop.api.put("/licenses/by-hand", json=license_).status_code == 204


@pytest.mark.parametrize("seats", [10, 7])
def test_another_default_by_hand_is_drift_and_is_reverted(sold: Seller, seats: int) -> None:
    publish_by_hand(sold, seats)
    found = {str(each["address"]): each for each in drift(sold)}
    (serves,) = (f for f in found["family/growth"]["fields"] if f["name"] == "serves")  # type: ignore[attr-defined]
    assert (serves["live"], serves["git"]) == ("by-hand", "growth")
    assert found["family/growth"]["class"] == "server-edited"
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED*", "by-hand": "PUBLISHED"}
    assert drift(sold) == []
    assert sold.is_settled()


@pytest.mark.parametrize("seats", [10, 7])
def test_another_default_by_hand_is_adopted_with_what_it_has(sold: Seller, seats: int) -> None:
    publish_by_hand(sold, seats)
    sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN)
    declared = (sold.place.folder / "catalog.yaml").read_text()
    assert f"seats: {seats}" in declared
    sold.plan(declared)
    assert (sold.choice["way"], sold.choice["version"]) == ("nothing", "by-hand")
    assert drift(sold) == []


def test_an_edit_of_the_served_version_is_adopted(sold: Seller) -> None:
    sold.edit_grant("growth", "seats", 99)
    sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN)
    assert "seats: 99" in (sold.place.folder / "catalog.yaml").read_text()
    assert sold.is_settled()


def test_an_export_writes_families_that_plan_to_nothing(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    body = {"name": "Other", "type": "PAID", "description": "", "isDefault": False}
    named = {**body, "slug": "other", "versionName": "Spring"}
    assert sold.api.post("/licenses", json=named).status_code == 201
    for options in ((), ("--extends",), ("--split", "none")):
        sold.run("export", "-o", "out", "--families", "--force", *options)
        text = "".join(p.read_text() for p in sorted((sold.place.folder / "out").rglob("*.yaml")))
        assert "families:" in text
        assert "growth-v2" not in text
        assert "Spring" in text
        done = sold.run("plan", "-f", "out", "--prune", "all", "-o", "out.plan.json")
        assert "No changes" in done.stdout


def test_a_protected_family_is_not_tightened_in_place_and_its_next_version_is_free(
    sold: Seller,
) -> None:
    protected = LOWERED.replace("PAID\n", "PAID\n    protect: true\n")
    done = sold.plan(protected, code=4)
    assert "protected" in done.stderr
    sold.plan(protected, "--allow", "family/growth")
    sold.hold("growth", "one")
    sold.plan(protected)
    assert sold.choice["way"] == "new-version"


def test_a_family_out_of_scope_is_an_error_and_licenses_do_not_matter_to_it(shop: Seller) -> None:
    project = (
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n  here:\n"
        f"    url: {shop.place.url}\n    token: {{env: KAITEN_AUTH_TOKEN}}\nscope:\n"
    )
    shop.place.write("catalog.yaml", CATALOG)
    shop.place.write("kaiten-sync.yaml", project + "  families: ['!gr*']\n")
    assert "family/growth" in shop.run("plan", "-t", "here", code=3).stderr
    shop.place.write("kaiten-sync.yaml", project + "  licenses: ['!gr*']\n")
    shop.run("plan", "-t", "here", "-o", PLAN)
    shop.apply()
    shop.hold("growth", "one")
    shop.place.write("catalog.yaml", LOWERED)
    shop.run("plan", "-t", "here", "-o", PLAN)
    assert shop.choice["way"] == "new-version"
    shop.apply()
    assert "No changes" in shop.run("plan", "-t", "here").stdout
    ended = shop.run("drift", "-t", "here", "--plan", PLAN, "--detailed-exitcode")
    assert ended.code == 0


def test_an_entitlement_goes_with_its_grants_of_a_family(sold: Seller) -> None:
    line = "  sso: {name: SSO, type: BOOLEAN}\n"
    without = CATALOG.replace(line, "").replace(", sso: true", "")
    sold.sell(without)
    assert sold.api.get("/entitlements/sso").status_code == 404
