"""Deleting safely: the plan before this one owns, people protect, holders hold."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.tenants import instance_body, make

FULL = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {calls: 1000, seats: 5}
  starter:
    name: Starter
    type: TRIAL
    entitlements: {calls: 10}
"""
LESS = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {calls: 1000}
"""
PLAN = "the.plan.json"
GOING = [
    "delete:license/growth/grant/seats",
    "delete:license/starter/grant/calls",
    "delete:license/starter",
    "delete:entitlement/seats",
]


@pytest.fixture
def agreed(place: Workplace) -> Workplace:
    """A catalog that was planned and applied."""
    place.write("catalog.yaml", FULL)
    assert plan(place) == []
    assert place.run("apply", PLAN).code == 0
    return place


def plan(place: Workplace, *options: str, code: int = 0) -> list[str]:
    """What the plan in the plan file deletes, after planning."""
    done = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, *options)
    assert done.code == code, done.stderr
    return [c["id"] for c in document(place)["changes"] if c["action"] == "delete"]


def document(place: Workplace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place.folder / PLAN).read_text())
    return found


def slugs(api: httpx.Client, path: str) -> set[str]:
    return {item["slug"] for item in api.get(path).json()["items"]}


def test_what_the_plan_before_managed_is_deleted_and_nothing_else(
    agreed: Workplace, api: httpx.Client
) -> None:
    make(api, "/entitlements", name="Theirs", slug="theirs", type="NUMBER")
    make(api, "/licenses", name="Theirs", slug="theirs", type="PAID")
    agreed.write("catalog.yaml", LESS)
    assert sorted(plan(agreed)) == sorted(GOING)
    assert (
        document(agreed)["requests"]
        == agreed.run("apply", PLAN, "--format", "json").json["requests"]
    )
    assert slugs(api, "/entitlements") == {"calls", "theirs"}
    assert slugs(api, "/licenses") == {"growth", "theirs"}
    assert plan(agreed) == []


@pytest.mark.parametrize("prune", ["owned", "never"])
@pytest.mark.parametrize("is_applied", [True, False])
def test_what_was_deleted_and_made_again_by_hand_is_theirs(
    agreed: Workplace, api: httpx.Client, prune: str, *, is_applied: bool
) -> None:
    agreed.write("catalog.yaml", LESS)
    assert sorted(plan(agreed)) == sorted(GOING)
    if is_applied:
        assert agreed.run("apply", PLAN).code == 0
    else:  # somebody was faster
        for path in ("growth/entitlements/seats", "starter/entitlements/calls", "starter"):
            assert api.delete(f"/licenses/{path}").status_code == 204
        assert api.delete("/entitlements/seats").status_code == 204
    make(api, "/entitlements", name="Seats", slug="seats", type="NUMBER")
    make(api, "/licenses", name="Starter", slug="starter", type="TRIAL")
    body = {"entitlementSlug": "calls", "value": {"type": "number", "value": 10}}
    assert api.post("/licenses/starter/entitlements", json=body).status_code == 204
    for _ in "planning", "planning again":
        assert plan(agreed, "--prune", prune) == []
        assert document(agreed).get("left", []) == []
        found = agreed.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--format", "json").json
        assert found["hasDrift"] is False


def test_planning_twice_before_applying_loses_no_ownership(agreed: Workplace) -> None:
    agreed.write("catalog.yaml", LESS)
    first = plan(agreed), document(agreed)
    assert (plan(agreed), document(agreed)) == first
    agreed.write("catalog.yaml", LESS.replace("1000", "2000"))
    assert sorted(plan(agreed)) == sorted(GOING)


def test_without_a_plan_before_nothing_is_deleted_and_it_says_so(agreed: Workplace) -> None:
    agreed.write("catalog.yaml", LESS)
    for options in (
        ("-o", "other.json"),
        ("--previous", "none"),
        ("-o", PLAN, "--previous", "none"),
    ):
        done = agreed.run("plan", "-f", "catalog.yaml", "--format", "json", *options)
        assert done.code == 0
        assert not [c for c in done.json["changes"] if c["action"] == "delete"]
        assert "No earlier plan for default" in done.stderr
    applied = agreed.run("apply", "-f", "catalog.yaml", "--yes")
    assert "No earlier plan" in applied.stderr


def test_the_committed_plan_of_a_project_is_the_plan_before(agreed: Workplace) -> None:
    agreed.write("catalog.yaml", LESS)
    target = {"url": agreed.url, "token": {"env": "KAITEN_AUTH_TOKEN"}}
    project = {"version": 1, "catalog": ["catalog.yaml"], "targets": {"local": target}}
    agreed.write("kaiten-sync.yaml", json.dumps(project))
    assert "No earlier plan for local" in agreed.run("plan", "-t", "local").stderr
    agreed.write("catalog.yaml", FULL)
    assert agreed.run("plan", "-t", "local", "-o", "plans/local.plan.json").code == 0
    agreed.write("catalog.yaml", LESS)
    for options in ((), ("-o", "elsewhere.json")):
        done = agreed.run("plan", "-t", "local", "--format", "json", *options)
        assert [change["id"] for change in done.json["changes"]] == GOING
    applied = agreed.run("apply", "-t", "local", "--yes")
    assert applied.code == 0
    assert agreed.run("plan", "-t", "local", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("prune", "deletes"), [("never", []), ("owned", sorted(GOING)), ("all", sorted(GOING))]
)
def test_pruning_is_a_choice(agreed: Workplace, prune: str, deletes: list[str]) -> None:
    agreed.write("catalog.yaml", LESS)
    assert sorted(plan(agreed, "--prune", prune)) == deletes


def git(folder: Path, *args: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)


def test_the_plan_before_can_come_from_git(agreed: Workplace) -> None:
    git(agreed.folder, "init", "--initial-branch", "main")
    git(agreed.folder, "add", PLAN)
    git(agreed.folder, "commit", "--message", "Agreed")
    agreed.write("catalog.yaml", LESS)
    (agreed.folder / PLAN).unlink()
    assert sorted(plan(agreed, "--previous", f"main:{PLAN}")) == sorted(GOING)
    assert sorted(plan(agreed, "--previous", f"HEAD:./{PLAN}")) == sorted(GOING)
    applied = agreed.run(
        "apply", "-f", "catalog.yaml", "--yes", "--previous", f"main:{PLAN}", "--format", "json"
    )
    assert applied.code == 0, applied.stderr
    assert {o["id"] for o in applied.json["outcomes"]} == set(GOING)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nothing.json", "the file does not exist"),
        ("main:nothing.json", "cannot read main:nothing.json"),
        ("no-such-revision:the.plan.json", "cannot read no-such-revision"),
        ("--output=/tmp/x:y", "does not begin with a hyphen"),
        ("catalog.yaml", "not a plan file"),
    ],
)
def test_a_plan_before_that_cannot_be_read_is_an_error(
    agreed: Workplace, spec: str, says: str
) -> None:
    git(agreed.folder, "init", "--initial-branch", "main")
    git(agreed.folder, "add", PLAN)
    git(agreed.folder, "commit", "--message", "Agreed")
    before = (agreed.folder / PLAN).read_bytes()
    done = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN, f"--previous={spec}")
    assert done.code in (3, 4)
    assert says in done.stderr
    assert (agreed.folder / PLAN).read_bytes() == before


def test_another_targets_plan_is_not_replaced(agreed: Workplace) -> None:
    other = json.dumps({"targets": {"prod": {"url": agreed.url}}, "version": 1, "catalog": ["."]})
    agreed.write("kaiten-sync.yaml", other)
    before = (agreed.folder / PLAN).read_bytes()
    done = agreed.run("plan", "-t", "prod", "-f", "catalog.yaml", "-o", PLAN)
    assert done.code == 4
    assert "this plan is for default" in done.stderr
    assert "--previous none" in done.stderr
    assert (agreed.folder / PLAN).read_bytes() == before


def test_an_edited_plan_is_no_plan_before(agreed: Workplace) -> None:
    text = (agreed.folder / PLAN).read_text().replace("license/starter", "license/stolen")
    agreed.write(PLAN, text)
    done = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert done.code == 4
    assert "changed after it was made" in done.stderr


def test_what_is_protected_takes_a_person_who_names_it(
    agreed: Workplace, api: httpx.Client
) -> None:
    agreed.write("catalog.yaml", FULL.replace("name: Starter", "name: Starter\n    protect: true"))
    assert plan(agreed) == []
    agreed.write("catalog.yaml", LESS)
    refused = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert refused.code == 4
    assert "license/starter is protected and would be deleted" in refused.stderr
    assert "--allow license/starter" in refused.stderr
    wrong = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--allow", "license/growth")
    assert wrong.code == 4
    assert "--allow license/growth has no effect on this plan\n" in wrong.stderr
    slip = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--allow", "license/stater")
    assert "no effect on this plan; did you mean 'license/starter'?" in slip.stderr
    assert sorted(plan(agreed, "--allow", "license/starter")) == sorted(GOING)
    assert document(agreed)["guards"]["allowed"] == ["license/starter"]
    for shown in ("text", "markdown", "html"):
        text = html.unescape(agreed.run("show", PLAN, "--format", shown).stdout)
        assert "allowed by name (--allow): license/starter" in text
    assert agreed.run("apply", PLAN).code == 0
    assert slugs(api, "/licenses") == {"growth"}


def test_tightening_what_is_protected_is_refused(agreed: Workplace) -> None:
    protected = FULL.replace("name: Growth", "name: Growth\n    protect: true")
    agreed.write("catalog.yaml", protected)
    assert plan(agreed) == []
    agreed.write("catalog.yaml", protected.replace("1000", "5000"))
    assert plan(agreed) == []
    agreed.write("catalog.yaml", protected.replace("1000", "500"))
    refused = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert refused.code == 4
    assert "license/growth/grant/calls is protected and would be tightened" in refused.stderr
    for name in ("license/growth", "license/growth/grant/calls"):
        assert plan(agreed, "--allow", name) == []


@pytest.mark.parametrize("text", ["growth", "license/../x", "customer/acme", "license/*"])
def test_allow_takes_one_address(agreed: Workplace, text: str) -> None:
    done = agreed.run("plan", "-f", "catalog.yaml", "--allow", text)
    assert done.code == 3
    assert "--allow: not an address" in done.stderr


@pytest.mark.parametrize("options", [("--allow", "license/growth"), ("--previous", "none")])
def test_a_plan_file_says_itself_what_it_may_do(agreed: Workplace, options: list[str]) -> None:
    done = agreed.run("apply", PLAN, *options)
    assert done.code == 3
    assert "the plan file contains its own limits" in done.stderr


def test_a_license_with_holders_is_refused_by_name(agreed: Workplace, api: httpx.Client) -> None:
    license_id = api.get("/licenses/starter").json()["id"]
    body = instance_body(api, slug="acme-prod")
    make(api, "/instances", **{**body, "licenseId": license_id})
    agreed.write("catalog.yaml", LESS)
    refused = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert refused.code == 4
    assert "license/starter: cannot be deleted while held by instance/acme-prod" in refused.stderr


def test_an_entitlement_that_was_used_is_refused_by_name(
    agreed: Workplace, api: httpx.Client
) -> None:
    make(api, "/instances", **instance_body(api, slug="acme-prod"))
    usage = "/instances/acme-prod/entitlements/seats/usage"
    assert api.post(usage, json={"value": 3}).status_code == 200
    agreed.write("catalog.yaml", LESS)
    refused = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert refused.code == 4
    assert "entitlement/seats: cannot be deleted while usage of it is recorded" in refused.stderr
    assert "instance/acme-prod" in refused.stderr


def test_an_entitlement_with_usage_that_nobody_grants_is_found_before_anything_is_written(
    agreed: Workplace, api: httpx.Client
) -> None:
    """No list shows such usage, so the delete itself is tried first, and alone."""
    make(api, "/instances", **instance_body(api, slug="acme-prod"))
    usage = "/instances/acme-prod/entitlements/seats/usage"
    assert api.post(usage, json={"value": 3}).status_code == 200
    ungranted = FULL.replace(", seats: 5", "")
    agreed.write("catalog.yaml", ungranted)
    assert plan(agreed) == ["delete:license/growth/grant/seats"]
    assert agreed.run("apply", PLAN).code == 0
    more = "  boards: {name: Boards, type: BOOLEAN}\n"
    less = ungranted.replace("  seats: {name: Seats, type: NUMBER}\n", more)
    agreed.write("catalog.yaml", less.replace("calls: 1000", "calls: 2000"))
    assert "delete:entitlement/seats" in plan(agreed)
    refused = agreed.run("apply", PLAN)
    assert refused.code == 4
    assert "instances that used it: 1" in refused.stdout
    assert "keep it declared until nothing uses it any more" in refused.stdout
    assert slugs(api, "/entitlements") == {"calls", "seats"}
    assert agreed.run("apply", PLAN).code == 4
    agreed.write("catalog.yaml", ungranted)
    assert plan(agreed) == []


def test_usage_of_a_former_holder_is_found_before_the_last_grants_go(
    agreed: Workplace, api: httpx.Client
) -> None:
    """No list shows such usage: the delete is tried before the grants that it waits for."""
    make(api, "/instances", **instance_body(api, slug="acme-prod"))
    usage = "/instances/acme-prod/entitlements/seats/usage"
    assert api.post(usage, json={"value": 3}).status_code == 200
    # Its new license does not grant what it has used.
    moved = {**instance_body(api), "licenseId": api.get("/licenses/starter").json()["id"]}
    assert api.put("/instances/acme-prod", json=moved).status_code == 204
    less = FULL.replace(", seats: 5", "").replace("  seats: {name: Seats, type: NUMBER}\n", "")
    agreed.write("catalog.yaml", less.replace("calls: 1000", "calls: 2000"))
    assert "delete:entitlement/seats" in plan(agreed)
    refused = agreed.run("apply", PLAN)
    assert refused.code == 4
    assert "instances that used it: 1" in refused.stdout
    assert "keep it declared until nothing uses it any more" in refused.stdout
    granted = api.get("/licenses/growth/entitlements").json()["items"]
    assert sorted(each["value"]["value"] for each in granted) == [5, 1000]
    # Once that instance is gone, so is its usage, and the same plan applies.
    assert api.delete("/instances/acme-prod").status_code == 204
    assert agreed.run("apply", PLAN).code == 0
    assert slugs(api, "/entitlements") == {"calls"}


def test_a_holder_who_came_after_the_plan_makes_it_stale(
    agreed: Workplace, api: httpx.Client
) -> None:
    agreed.write("catalog.yaml", LESS)
    assert sorted(plan(agreed)) == sorted(GOING)
    license_id = api.get("/licenses/starter").json()["id"]
    body = instance_body(api, slug="late")
    make(api, "/instances", **{**body, "licenseId": license_id})
    refused = agreed.run("apply", PLAN)
    assert refused.code == 4
    assert "it had no holders when the plan was made, now held by instance/late" in refused.stderr
    assert slugs(api, "/licenses") == {"growth", "starter"}
    assert api.delete("/instances/late").status_code == 204
    assert agreed.run("apply", PLAN).code == 0


def grant_late(api: httpx.Client, license_: str, entitlement: str) -> None:
    body = {"entitlementSlug": entitlement, "value": {"type": "number", "value": 1}}
    assert api.post(f"/licenses/{license_}/entitlements", json=body).status_code == 204


def grant_in_a_new_license(api: httpx.Client) -> None:
    make(api, "/licenses", name="Theirs", slug="theirs", type="PAID")
    grant_late(api, "theirs", "seats")


LATE: dict[str, tuple[Callable[[httpx.Client], None], str]] = {
    "a grant of a license that goes": (
        lambda api: grant_late(api, "starter", "api"),
        "license/starter/grant/api: the plan saw no such object, now there is one",
    ),
    "a grant of a license that goes and had none": (
        lambda api: grant_late(api, "bare", "api"),
        "license/bare/grant/api: the plan saw no such object, now there is one",
    ),
    "a grant of an entitlement that goes": (
        lambda api: grant_late(api, "other", "seats"),
        "entitlement/seats: it had no holders when the plan was made, now granted by license/other",
    ),
    "a new license with a grant of an entitlement that goes": (
        grant_in_a_new_license,
        (
            "entitlement/seats: it had no holders when the plan was made, now granted by"
            " license/theirs"
        ),
    ),
}


@pytest.mark.parametrize("late", LATE)
def test_what_a_deleted_object_got_after_the_plan_makes_it_stale(
    place: Workplace, api: httpx.Client, late: str
) -> None:
    bare = "  bare: {name: Bare, type: PAID}\n  other: {name: Other, type: PAID}\n"
    place.write("catalog.yaml", FULL + bare)
    plan(place)
    assert place.run("apply", PLAN).code == 0
    make(api, "/entitlements", name="API", slug="api", type="NUMBER")
    place.write("catalog.yaml", LESS + "  other: {name: Other, type: PAID}\n")
    assert {"delete:license/starter", "delete:license/bare"} <= {*plan(place)}
    add, said = LATE[late]
    add(api)
    refused = place.run("apply", PLAN)
    assert refused.code == 4, refused.stderr
    assert said in refused.stderr
    assert slugs(api, "/entitlements") == {"api", "calls", "seats"}
    assert {item["entitlementSlug"] for item in granted(api, "growth")} == {"calls", "seats"}


def granted(api: httpx.Client, license_: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/licenses/{license_}/entitlements").json()["items"]
    return found


@pytest.mark.parametrize("is_held", [True, False])
def test_a_token_that_cannot_see_holders_takes_no_grants_from_them_unasked(
    agreed: Workplace, api: httpx.Client, is_held: bool
) -> None:
    """The grants of a license are deleted before it, so the server's refusal comes too late."""
    scopes = ["write:entitlements", "write:licenses"]
    made = make(api, "/service-accounts/bootstrap/tokens", name="ci", scopes=scopes)
    if is_held:
        license_id = api.get("/licenses/starter").json()["id"]
        body = instance_body(api, slug="acme-prod")
        make(api, "/instances", **{**body, "licenseId": license_id})
    agreed.write("catalog.yaml", LESS)
    planning = ("plan", "-f", "catalog.yaml", "-o", PLAN)
    refused = agreed.run(*planning, KAITEN_AUTH_TOKEN=made["token"])
    assert refused.code == 4
    assert "license/starter: its holders could not be listed" in refused.stderr
    assert "read:instances" in refused.stderr
    assert "--allow license/starter" in refused.stderr
    done = agreed.run(*planning, "--allow", "license/starter", KAITEN_AUTH_TOKEN=made["token"])
    assert done.code == 0, done.stderr
    assert "deletes their grants before the server can refuse" in done.stdout
    applied = agreed.run("apply", PLAN, KAITEN_AUTH_TOKEN=made["token"])
    assert applied.code == (5 if is_held else 0), applied.stdout


def test_a_token_that_cannot_see_holders_deletes_a_license_without_grants(
    place: Workplace, api: httpx.Client
) -> None:
    """The server refuses if somebody holds it, and nothing is taken from them before."""
    scopes = ["write:entitlements", "write:licenses"]
    made = make(api, "/service-accounts/bootstrap/tokens", name="ci", scopes=scopes)
    place.write("catalog.yaml", LESS + "  bare: {name: Bare, type: PAID, entitlements: {}}\n")
    assert plan(place) == []
    assert place.run("apply", PLAN).code == 0
    license_id = api.get("/licenses/bare").json()["id"]
    make(api, "/instances", **{**instance_body(api, slug="acme"), "licenseId": license_id})
    place.write("catalog.yaml", LESS)
    done = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, KAITEN_AUTH_TOKEN=made["token"])
    assert done.code == 0, done.stderr
    assert "the holders of license/bare could not be listed" in done.stdout
    assert "the server will refuse to delete an object that has any" in done.stdout
    assert place.run("apply", PLAN, KAITEN_AUTH_TOKEN=made["token"]).code == 4


def test_grants_that_nobody_managed_are_not_taken_along_unasked(
    agreed: Workplace, api: httpx.Client
) -> None:
    grant = {"entitlementSlug": "seats", "value": {"type": "number", "value": 1}}
    assert api.post("/licenses/starter/entitlements", json=grant).status_code == 204
    agreed.write("catalog.yaml", LESS)
    refused = agreed.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert refused.code == 4
    assert "license/starter has grants that no plan managed: seats" in refused.stderr
    found = plan(agreed, "--allow", "license/starter")
    assert sorted(found) == sorted([*GOING, "delete:license/starter/grant/seats"])
    assert agreed.run("apply", PLAN).code == 0
