"""What a family sells: every row of the table, against a server with holders."""

from __future__ import annotations

import json

import pytest
from tests.support.forgeries import sealed
from tests.support.selling import CATALOG, LOWERED, MIXED, PLAN, RAISED, Seller

from kaiten_sync.errors import PlanFileError
from kaiten_sync.plan import read_plan


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


def test_what_a_family_does_not_declare_goes_and_says_why(shop: Seller) -> None:
    shop.sell(CATALOG)
    without = CATALOG.replace(", sso: true", "")
    for previous in ("none", PLAN, PLAN):
        done = shop.plan(without, "--previous", previous)
        (change,) = shop.planned["changes"]
        assert change["id"] == "delete:license/growth/grant/sso"
        assert change["reason"] == "not declared in family/growth"
        assert ("only grants that families do not declare will" in done.stderr) == (
            previous == "none"
        )
        assert "nothing will be deleted" not in done.stderr
    shop.apply()
    assert shop.is_settled()


def test_an_unheld_version_is_tightened_in_place(sold: Seller) -> None:
    sold.plan(LOWERED)
    assert sold.choice["way"] == "in-place"
    assert sold.choice["reason"] == "growth has no holders"
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
    assert "new version growth-v2: the change tightens growth for 2 holders" in done.stdout
    assert "they keep that version" in done.stdout
    assert "growth (growth → growth-v2)" in sold.run("table", PLAN).stdout
    assert "create         family/growth (growth-v2)\n" in sold.apply().stdout
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    assert sold.grants("growth") == before
    assert sold.is_settled()
    assert sold.grants("growth-v2")["seats"] == (10 if "seats: 10" in catalog else 5)


@pytest.mark.parametrize(
    ("grant", "says"),
    [
        ("{value: 8, overagePercent: 25}", "seats 10 → 8 and overagePercent 20 → 25"),
        ("{value: 10, overagePercent: 10}", "seats overagePercent 20 → 10"),
        ("10", "seats overagePercent 20 → 0"),
        ("{value: 8, overagePercent: 20}", "seats 10 → 8"),
    ],
)
def test_what_holders_would_lose_of_a_soft_limit_is_said(
    shop: Seller, grant: str, says: str
) -> None:
    catalog = CATALOG.replace("seats: 10", "seats: {value: 10, overagePercent: 20}")
    shop.sell(catalog)
    shop.hold("growth", "one")
    shop.plan(CATALOG.replace("seats: 10", f"seats: {grant}"))
    assert f"tightens growth for 1 holder ({says})" in shop.choice["reason"]


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


def test_what_a_plan_says_of_a_family_fits_its_changes(sold: Seller) -> None:
    sold.plan(LOWERED)
    document = json.loads(json.dumps(sold.planned))
    assert read_plan(sealed(document)).changes
    (choice,) = document["families"]
    for changed, says in (
        ([{**choice, "way": "nothing"}], "its way is nothing, and the plan changes growth"),
        ([{**choice, "way": "withdraw"}], "its way is withdraw, and the plan changes growth"),
        ([{**choice, "way": "new-version"}], "growth is no new version"),
        ([{**choice, "way": "create"}], "it is created, and serves growth already"),
        ([{**choice, "effect": "loosens"}], "to holders of growth is tightens, not loosens"),
        ([{**choice, "way": "nothing"}, choice], "it appears 2 times"),
    ):
        with pytest.raises(PlanFileError) as refused:
            read_plan(sealed({**document, "families": changed}))
        assert says in str([each.message for each in refused.value.diagnostics])


def test_a_new_version_is_compared_with_the_one_that_it_replaces(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    document = json.loads(json.dumps(sold.planned))
    assert read_plan(sealed(document)).new_versions
    (choice,) = document["families"]
    for changed, says in (
        ({"newVersions": []}, "is not compared with"),
        (
            {"families": [{**choice, "effect": "loosens"}]},
            "what it does to holders of growth is tightens, not loosens",
        ),
    ):
        with pytest.raises(PlanFileError) as refused:
            read_plan(sealed({**document, **changed}))
        assert says in refused.value.diagnostics[0].message


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
    assert "; refused, as `onTighten` says" in done.stdout
    sold.release("one", "two")
    sold.plan(refusing)


@pytest.mark.parametrize(
    ("catalog", "rule"),
    [
        (
            CATALOG.replace("1000", "500").replace("PAID", "PAID\n    onTighten: refuse"),
            "(calls 1,000 → 500): 1 instance, and `onTighten` is refuse",
        ),
        (CATALOG.split("families:")[0], "still-held"),
        (CATALOG.replace("  growth:", "  grown:"), "still-held"),
        (CATALOG.replace("Seats, type: NUMBER", "Seats, type: NUMBER, resetPeriod: DAY"), "usage-"),
    ],
)
def test_a_refusal_without_names_names_nobody(sold: Seller, catalog: str, rule: str) -> None:
    sold.hold("growth", "acme-prod")
    sold.place.write("catalog.yaml", catalog)
    options = ("-f", "catalog.yaml", "--previous", PLAN, "--format", "json")
    assert "instance/acme-prod" in sold.run("plan", *options, code=4).stdout
    done = sold.run("plan", *options, "--no-names", code=4)
    assert rule in done.stdout
    shown = sold.run("plan", *options[:-1], "text", "--no-names", code=4)
    assert "acme-prod" not in done.stdout + done.stderr + shown.stdout + shown.stderr


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
    for form in ("text", "json", "markdown", "html"):
        shown = sold.run("show", PLAN, "--format", form).stdout
        assert "family/growth sells growth-v2, and nobody holds this version" in shown, form
    sold.hold("growth", "two")
    assert "instance/two" in sold.apply(code=4).stderr
    sold.release("two")
    sold.sell(archiving)
    assert sold.versions() == {"growth": "ARCHIVED", "growth-v2": "PUBLISHED*"}


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (CATALOG, LOWERED),
        (LOWERED, LOWERED.replace("    type: PAID", "    type: PAID\n    archiveReplaced: true")),
        (LOWERED, LOWERED.replace("    type: PAID", "    type: PAID\n    sold: false")),
    ],
    ids=["new version", "archived", "not sold"],
)
def test_an_applied_plan_was_made_from_its_catalog_whatever_becomes_of_older_versions(
    sold: Seller, then: str, now: str
) -> None:
    sold.hold("growth", "one")
    sold.sell(then)
    sold.release("one")
    if then == CATALOG:
        sold.hold("growth", "two")
    sold.sell(now)
    assert sold.changed & {"archive:license/growth", "clear-default:license/growth"}
    checked = sold.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--check", code=2)
    assert "its changes are on the server already: it was applied" in checked.stderr
    for change in sold.changed:
        assert f"{change}: in the file, and no longer to be done" in checked.stderr
    assert "it was not made from this catalog" not in checked.stderr


def test_a_plan_that_was_made_with_other_terms_of_a_family_says_what_may_differ(
    sold: Seller,
) -> None:
    sold.hold("growth", "acme-prod")
    sold.plan(LOWERED)
    sold.place.write("catalog.yaml", LOWERED.replace("PAID\n", "PAID\n    onTighten: refuse\n"))
    done = sold.run("apply", PLAN, "--catalog", "catalog.yaml", code=4)
    assert "the plan was not made from this catalog" in done.stderr
    assert "`onTighten`, `reason` or `archiveReplaced` of a family" in done.stderr


def test_a_newer_version_that_somebody_prepares_is_not_archived(sold: Seller) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    newer = {**body, "slug": "growth-next", "familySlug": "growth", "lifecycleState": "PUBLISHED"}
    assert sold.api.post("/licenses", json=newer).status_code == 201
    sold.plan(CATALOG.replace("PAID\n", "PAID\n    archiveReplaced: true\n"))
    assert sold.changed == set()


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


def test_a_new_plan_makes_the_version_the_default_that_the_one_before_was_to(sold: Seller) -> None:
    # As an apply leaves it that ends right before its last change.
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    assert sold.api.put("/licenses/growth", json=body).status_code == 204
    differing = ("drift", "-f", "catalog.yaml", "--plan", PLAN, "--detailed-exitcode")
    assert "git ahead" in sold.run(*differing, code=2).stdout
    sold.plan(CATALOG)
    assert sold.changed == {"make-default:license/growth"}
    assert "the previous plan was to make it the default" in sold.choice["reason"]
    sold.plan(CATALOG)  # over a plan that was not applied
    assert sold.changed == {"make-default:license/growth"}
    sold.run("apply", PLAN, "--catalog", "catalog.yaml", "--previous", PLAN)
    assert sold.versions() == {"growth": "PUBLISHED*"}
    assert sold.is_settled()
    sold.run(*differing)


def test_a_family_that_no_plan_made_needs_no_default(sold: Seller) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    assert sold.api.put("/licenses/growth", json=body).status_code == 204
    sold.plan(CATALOG, "--previous", "none")
    assert sold.changed == set()


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


def test_a_new_version_is_compared_with_the_one_that_is_sold(sold: Seller) -> None:
    sold.hold("growth", "one")
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    beside = {**body, "slug": "growth-next", "familySlug": "growth"}
    assert sold.api.post("/licenses", json=beside).status_code == 201
    sold.plan(LOWERED)
    (version,) = sold.planned["newVersions"]
    assert version["replaces"] == "license/growth"
    assert [each["effect"] for each in version["changes"]] == ["tightens"]
    sold.apply()
    assert sold.is_settled()


@pytest.mark.parametrize("length", [97, 98, 100])
def test_the_next_version_of_a_family_with_a_long_slug_fits(shop: Seller, length: int) -> None:
    slug = "growth".ljust(length - 2, "x") + "-y"
    shop.sell(CATALOG.replace("  growth:", f"  {slug}:"))
    shop.hold(slug, "one")
    shop.sell(LOWERED.replace("  growth:", f"  {slug}:"))
    shop.hold(shop.choice["version"], "two")
    shop.sell(LOWERED.replace("  growth:", f"  {slug}:").replace("seats: 5", "seats: 4"))
    made = shop.versions().keys() - {"growth"}  # which `hold` makes
    assert len(made) == 3
    assert all(len(each) <= 100 for each in made)


def test_another_version_published_since_makes_the_plan_stale(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": True}
    other = {**body, "slug": "by-hand", "familySlug": "growth"}
    assert sold.api.post("/licenses", json=other).status_code == 201
    sold.apply(code=4)
    assert "growth-v2" not in sold.versions()


@pytest.mark.parametrize("catalog", [LOWERED, RAISED])
def test_a_version_that_takes_over_from_one_without_default_makes_the_plan_stale(
    sold: Seller, catalog: str
) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    assert sold.api.put("/licenses/growth", json=body).status_code == 204
    sold.hold("growth", "one")
    sold.plan(catalog)
    other = {**body, "slug": "by-hand", "familySlug": "growth"}
    assert sold.api.post("/licenses", json=other).status_code == 201
    done = sold.apply(code=4)
    assert "family/growth: it served growth when the plan was made, now it serves" in done.stderr
    assert "growth-v2" not in sold.versions()
    sold.move("by-hand", "archive")
    done = sold.apply()
    assert f"{sold.planned['requests']} requests" in done.stdout
    assert sold.is_settled()


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


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_version_that_only_the_server_knows_as_one_is_an_error_at_both_places(
    sold: Seller, command: str
) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    both = LOWERED + "licenses:\n  growth-v2: {name: Another name, type: PAID}\n"
    sold.place.write("catalog.yaml", both)
    done = sold.run(command, "-f", "catalog.yaml", code=3)
    assert "family/growth: license/growth-v2 at catalog.yaml:" in done.stderr
    assert "license/growth-v2: it is a version of family/growth at catalog.yaml:7" in done.stderr


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
