"""What is around a family that is sold: drift, adopt, export, scope, prices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.embedded import EmbeddedServer
from tests.support.scripted import Reply, Request, scripted
from tests.support.selling import CATALOG, LOWERED, PLAN, RAISED, Seller


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


WITHOUT = CATALOG.split("families:")[0]
GRANTS = "    entitlements: {seats: 10, calls: 1000, sso: true}\n"
GRANTED = ("calls", "seats", "sso")
FAMILY, LICENSE = CATALOG, CATALOG.replace("families:", "licenses:")
LEFT = {
    "a family": (FAMILY, WITHOUT, "never", {"license/growth": "prune is never"}),
    **{
        f"the grants of {name}": (
            before,
            after.replace(GRANTS, ""),
            prune,
            {
                f"license/growth/grant/{slug}": f"{holder} no longer declares what it contains"
                for slug in GRANTED
            },
        )
        for name, before, after, holder, prune in (
            ("a family", FAMILY, FAMILY, "family/growth", "owned"),
            ("a family that is never pruned", FAMILY, FAMILY, "family/growth", "never"),
            ("a family that becomes a license", FAMILY, LICENSE, "license/growth", "owned"),
            ("a license that becomes a family", LICENSE, FAMILY, "family/growth", "owned"),
        )
    },
    "the grants of a family that is not sold": (
        FAMILY,
        FAMILY.replace(GRANTS, "    sold: false\n" + GRANTS),
        "owned",
        {f"license/growth/grant/{slug}": "family/growth is not sold" for slug in GRANTED},
    ),
    **{
        f"one grant of {name}": (
            FAMILY,
            after.replace(", sso: true}", "}"),
            "never",
            {"license/growth/grant/sso": "prune is never"},
        )
        for name, after in (("a family", FAMILY), ("what becomes a license", LICENSE))
    },
}


@pytest.mark.parametrize("case", LEFT.values(), ids=LEFT)
def test_what_leaves_a_family_is_named_and_is_not_forgotten(
    shop: Seller, case: tuple[str, str, str, dict[str, str]]
) -> None:
    before, after, prune, left = case
    shop.sell(before)
    for _ in "planning", "planning again":
        shop.plan(after, "--prune", prune)
        assert {each["address"]: each["reason"] for each in shop.planned["left"]} == left
        assert not [each for each in shop.planned["changes"] if each["action"] == "delete"]
    shop.plan(before)
    assert shop.planned.get("left", []) == []


@pytest.mark.parametrize(
    ("catalog", "gone"), [(FAMILY, ""), (FAMILY, "    sold: false\n"), (LICENSE, "")]
)
def test_what_was_left_is_not_said_to_be_declared_no_more_once_its_list_is_declared_again(
    shop: Seller, catalog: str, gone: str
) -> None:
    shop.sell(catalog)
    shop.hold("growth", "one")
    shop.sell(catalog.replace(GRANTS, gone))
    for previous in (PLAN, PLAN):
        shop.plan(catalog.replace(", sso: true}", "}"), "--previous", previous)
        left = {each["address"]: each["reason"] for each in shop.planned.get("left", [])}
        assert left == {"license/growth/grant/sso": "an earlier plan left it there"}


def test_the_served_version_is_named_if_only_another_one_is_declared_now(shop: Seller) -> None:
    """The family leaves git, and its version that is on sale stays on the server."""
    shop.sell(FAMILY)
    shop.hold("growth", "one")
    shop.sell(LOWERED)
    left = {f"license/growth-v2{each}" for each in ("", *(f"/grant/{slug}" for slug in GRANTED))}
    for _ in "planning", "planning again":
        shop.plan(LICENSE)
        assert {each["address"]: each["reason"] for each in shop.planned["left"]} == dict.fromkeys(
            left, "no longer declared by family/growth"
        )
        assert shop.planned["changes"] == []
        (warning,) = shop.planned["warnings"]
        assert "family growth serves license/growth-v2, which is no longer declared" in warning
    shop.plan(LICENSE.replace("type: PAID", "type: PAID\n    isDefault: true"))
    assert "takes the default" in " ".join(shop.planned["warnings"])
    assert "serves" not in " ".join(shop.planned["warnings"])
    both = LICENSE + LICENSE.split("licenses:\n")[1].replace("  growth:", "  growth-v2:")
    shop.plan(both)
    assert shop.planned.get("left", []) == []
    assert "serves" not in " ".join(shop.planned.get("warnings", []))
    shop.sell(both)
    shop.plan(LICENSE, "--prune", "never")
    assert "serves license/growth-v2" in " ".join(shop.planned["warnings"])
    shop.plan(both)
    project = {"version": 1, "catalog": ["catalog.yaml"], "scope": {"licenses": ["growth"]}}
    shop.place.write("kaiten-sync.yaml", json.dumps(project))
    shop.plan(LICENSE)
    assert "serves" not in " ".join(
        shop.planned.get("warnings", [])
    )  # what is out of scope is somebody else's to declare


def test_a_family_that_was_deleted_and_made_again_by_hand_is_theirs(shop: Seller) -> None:
    shop.sell(FAMILY)
    shop.plan(WITHOUT)
    assert "delete:license/growth" in shop.changed
    shop.apply()
    body = {"name": "Growth", "slug": "growth", "type": "PAID", "description": ""}
    assert shop.api.post("/licenses", json=body).status_code == 201
    shop.plan(WITHOUT)
    assert shop.planned["changes"] == []
    assert shop.planned.get("left", []) == []


@pytest.mark.parametrize("terms", ["", "    onTighten: in-place\n    reason: decided\n"])
def test_a_family_of_which_all_that_differs_is_left_is_not_changed(
    shop: Seller, terms: str
) -> None:
    shop.sell(FAMILY)
    less = FAMILY.replace(", sso: true}", "}").replace("    entitle", f"{terms}    entitle")
    shop.plan(less, "--prune", "never")
    assert [each["address"] for each in shop.planned["left"]] == ["license/growth/grant/sso"]
    assert shop.planned.get("families", []) == []
    assert "nothing to do. 0 requests" in shop.apply().stdout


def test_a_license_owns_the_grants_that_its_family_did(shop: Seller) -> None:
    shop.sell(FAMILY)
    shop.plan(LICENSE.replace(", sso: true}", "}"))
    assert shop.changed == {"delete:license/growth/grant/sso"}


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


def back_to_the_old_one(shop: Seller) -> None:
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": True}
    assert shop.api.put("/licenses/growth", json=body).status_code == 204


def back_and_archived(shop: Seller) -> None:
    back_to_the_old_one(shop)
    shop.move("growth-v2", "archive")


@pytest.mark.parametrize("edit", [back_to_the_old_one, back_and_archived])
def test_going_back_from_what_the_plan_put_on_sale_is_an_edit(
    sold: Seller, edit: Callable[[Seller], None]
) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)  # and its plan is the last one
    edit(sold)
    found = {str(each["address"]): each for each in drift(sold)}
    assert {each["class"] for each in found.values()} == {"server-edited"}
    (serves,) = (f for f in found["family/growth"]["fields"])  # type: ignore[attr-defined]
    assert (serves["live"], serves["git"]) == ("growth", "growth-v2")
    sold.run("adopt", "-f", "catalog.yaml", "--plan", PLAN)
    assert "seats: 10" in (sold.place.folder / "catalog.yaml").read_text()
    assert sold.is_settled()
    sold.place.write("catalog.yaml", LOWERED)
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED", "growth-v2": "PUBLISHED*"}
    assert drift(sold) == []
    assert sold.is_settled()


@pytest.mark.parametrize("is_drafted_again", [False, True])
@pytest.mark.parametrize("held", [["one"], []])
def test_a_version_that_somebody_deleted_is_made_again_by_a_revert(
    sold: Seller, held: list[str], is_drafted_again: bool
) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    sold.plan(LOWERED)  # agreed: it serves growth-v2
    sold.release(*({"one"} - set(held)))
    for slug in sold.grants("growth-v2"):
        assert sold.api.delete(f"/licenses/growth-v2/entitlements/{slug}").status_code == 204
    assert sold.api.delete("/licenses/growth-v2").status_code == 204
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    if is_drafted_again:
        draft = {**body, "slug": "growth-v2", "familySlug": "growth", "lifecycleState": "DRAFT"}
        assert sold.api.post("/licenses", json=draft).status_code == 201
    before = sold.grants("growth")
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    sold.apply()
    assert sold.is_settled()
    if held:
        assert sold.grants("growth") == before


def test_a_plan_that_stopped_before_anything_was_on_sale_is_git_ahead(sold: Seller) -> None:
    sold.hold("growth", "one")
    sold.plan(LOWERED)
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "growth-v2", "familySlug": "growth", "lifecycleState": "DRAFT"}
    assert sold.api.post("/licenses", json=draft).status_code == 201
    assert {each["class"] for each in drift(sold)} == {"git-ahead"}


def test_a_revert_says_what_it_does_about_families_and_nothing_else(sold: Seller) -> None:
    revert = ("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", "revert.json")
    assert "family/growth" not in sold.run(*revert).stdout  # nothing was edited
    sold.hold("growth", "one")
    sold.edit_grant("growth", "seats", 50)
    done = sold.run(*revert)
    assert "family/growth: new version growth-v2" in done.stdout
    assert "family/growth will serve growth-v2; once that is applied, plan again" in done.stderr


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
        written = sold.run("export", "-o", "out", "--families", "--force", *options).stdout
        count = written.rpartition("\n\n")[2].split()[0]
        assert f"ok: {count} objects declared" in sold.run("validate", "out").stdout
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
    grant = "family/growth/grant/seats"
    assert f"- {grant} is protected and would be tightened; " in done.stderr
    assert f"pass --allow {grant} (" in done.stderr
    assert "license/growth" not in done.stderr
    sold.plan(protected, "--allow", grant)
    sold.plan(protected, "--allow", "family/growth")
    sold.hold("growth", "one")
    sold.plan(protected)
    assert sold.choice["way"] == "new-version"


@pytest.mark.parametrize("holders", [(), ("one",)], ids=["in place", "a new version"])
def test_what_is_wrong_with_a_family_names_it_as_it_is_declared(
    sold: Seller, holders: tuple[str, ...]
) -> None:
    for holder in holders:
        sold.hold("growth", holder)
    sold.place.write(
        "kaiten-sync.yaml",
        f"version: 1\ncatalog: catalog.yaml\ntargets:\n  local: {{url: {sold.place.url}}}\n"
        "scope: {entitlements: [], groups: []}\n",
    )
    wrong = "version: 1\nfamilies:" + LOWERED.split("families:")[1]
    wrong = wrong.replace("sso: true", "sso: 5, nothing: 1")
    done = sold.plan(wrong, "-t", "local", "--previous", "none", code=4)
    found = [line.split(": ")[0] for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert found == ["  - family/growth/grant/nothing", "  - family/growth/grant/sso"]


def test_a_protected_family_that_left_git_is_deleted_once_it_is_allowed(sold: Seller) -> None:
    keeping = CATALOG.replace("PAID\n", "PAID\n    protect: true\n")
    sold.hold("growth", "one")
    sold.sell(keeping.replace("seats: 10", "seats: {value: 5, protect: true}"))
    sold.release("one")
    assert "protected" in sold.plan(WITHOUT, code=4).stderr
    # The refused plan was not written, so the family is still known as managed.
    done = sold.plan(WITHOUT, "--allow", "family/growth", "--allow", "family/growth/grant/sso")
    # A grant goes with its version.
    assert done.stderr.count("has no effect") == 1
    assert "--allow family/growth/grant/sso has no effect on this plan" in done.stderr
    assert sold.planned["guards"]["allowed"] == ["license/growth", "license/growth-v2"]
    sold.apply()
    assert sold.versions() == {}


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


BILLED = {
    "status": 409,
    "code": "UpdateLicenseEntitlement.BillingActive",
    "detail": "it is billed",
}


@contextmanager
def newer_server(
    place: Workplace, billed: str = "growth", free: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """The server with prices in front of it: all versions but one have some, and one has frozen
    grants.

    With its URL comes the list of what was written or was to be.
    """
    writes: list[str] = []

    def answer(request: Request) -> Reply:
        if request.path.split("?")[0].endswith("/prices"):
            items = [] if f"/licenses/{free}/" in request.path else [{"id": "monthly"}]
            return Reply(body={"items": items, "hasMore": False})
        if request.method != "GET":
            writes.append(f"{request.method} {request.path.removeprefix('/api')}")
        if request.method == "PUT" and f"/licenses/{billed}/entitlements/" in request.path:
            return Reply(status=409, body=BILLED)
        headers = {"Authorization": f"Bearer {place.token}"}
        given = httpx.request(
            request.method, f"{place.url}{request.path}", headers=headers, json=request.body
        )
        body: Any = given.json() if given.content else None
        if request.path.endswith("/openapi.json"):
            body["paths"]["/licenses/{licenseSlug}/prices"] = {"get": {}}
        return Reply(status=given.status_code, body=body)

    with scripted(answer) as running:
        yield running.url, writes


def test_a_priced_version_gets_no_successor_without_prices(
    sold: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold.hold("growth", "one")
    with newer_server(sold.place) as (url, _):
        monkeypatch.setenv("KAITEN_BASE_URL", url)
        (sold.place.folder / PLAN).unlink()
        done = sold.plan(LOWERED, code=4)
    assert "has prices" in done.stderr
    assert "kaiten-sync adopt -f catalog.yaml family/growth" in done.stderr


@pytest.mark.parametrize(("free", "code"), [("growth-v2", 4), ("growth", 0), ("", 0)])
def test_a_half_made_version_is_finished_if_it_has_prices_of_its_own(
    sold: Seller, monkeypatch: pytest.MonkeyPatch, free: str, code: int
) -> None:
    sold.hold("growth", "one")
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
    draft = {**body, "slug": "growth-v2", "familySlug": "growth", "lifecycleState": "DRAFT"}
    assert sold.api.post("/licenses", json=draft).status_code == 201
    with newer_server(sold.place, free=free) as (url, _):
        monkeypatch.setenv("KAITEN_BASE_URL", url)
        (sold.place.folder / PLAN).unlink()
        sold.plan(LOWERED, code=code)


def test_what_was_sold_at_a_price_is_not_sold_again_without_one(
    sold: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold.sell(CATALOG.replace("PAID\n", "PAID\n    sold: false\n"))
    with newer_server(sold.place) as (url, _):
        monkeypatch.setenv("KAITEN_BASE_URL", url)
        (sold.place.folder / PLAN).unlink()
        done = sold.plan(CATALOG, code=4)
    assert "growth has prices" in done.stderr


LITE = "  lite: {name: Lite, type: PAID, entitlements: {seats: 1}}\n"


@pytest.mark.parametrize(
    ("billed", "written", "code"),
    [
        ("growth", ["PUT /licenses/growth/entitlements/calls"], 4),
        (
            "lite",
            ["PUT /licenses/growth/entitlements/calls", "PUT /licenses/lite/entitlements/seats"],
            5,
        ),
    ],
)
def test_a_billed_version_is_found_first_and_the_refusal_names_the_way_out(
    sold: Seller, monkeypatch: pytest.MonkeyPatch, billed: str, written: list[str], code: int
) -> None:
    sold.sell(CATALOG + LITE)
    more = RAISED.replace("calls: 1000", "calls: 2000") + LITE.replace("seats: 1", "seats: 2")
    more = more.replace("  sso:", "  boards: {name: Boards, type: BOOLEAN}\n  sso:")
    with newer_server(sold.place, billed) as (url, writes):
        monkeypatch.setenv("KAITEN_BASE_URL", url)
        (sold.place.folder / PLAN).unlink()
        sold.plan(more.replace("sso: true", "sso: true, boards: true"))
        done = sold.apply(code=code)
    assert writes == written
    assert "new version" in done.stdout
    assert "with its prices" in done.stdout
    assert "kaiten-sync adopt" in done.stdout


def test_rules_see_whom_a_family_changed_in_place_affects(sold: Seller) -> None:
    sold.hold("growth", "one")
    body = {"value": {"type": "number", "value": 8}, "behavior": "append"}
    path = "/instances/one/entitlements/seats/usage"
    assert sold.api.post(path, json=body).status_code == 200
    sold.place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n  here:\n"
        f"    url: {sold.place.url}\n    token: {{env: KAITEN_AUTH_TOKEN}}\n"
        "policy:\n  rules:\n    - name: nobody is cut off\n"
        '      deny: change.effect == "tightens" && impact.over > 0\n'
        "      message: raise it\n",
    )
    in_place = "PAID\n    onTighten: in-place\n    reason: the law\n"
    sold.place.write("catalog.yaml", LOWERED.replace("PAID\n", in_place))
    done = sold.run("plan", "-t", "here", code=4)
    assert "nobody is cut off" in done.stderr
    assert "family/growth/grant/seats" in done.stderr
    sold.place.write("catalog.yaml", LOWERED)
    sold.run("plan", "-t", "here")


def test_a_family_that_somebody_deleted_is_missing_and_is_reverted(sold: Seller) -> None:
    for entitlement in ("seats", "calls", "sso"):
        gone = sold.api.delete(f"/licenses/growth/entitlements/{entitlement}")
        assert gone.status_code == 204
    assert sold.api.delete("/licenses/growth").status_code == 204
    found = {str(each["address"]): each["class"] for each in drift(sold)}
    assert found["family/growth"] == "missing"
    sold.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", PLAN)
    sold.apply()
    assert sold.versions() == {"growth": "PUBLISHED*"}
    assert drift(sold) == []


def test_targets_are_compared_by_what_they_sell(sold: Seller, server: EmbeddedServer) -> None:
    other = server.new_organization()
    sold.place.write("other.token", other)
    sold.place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n"
        f"  one: {{url: {server.url}, token: {{env: KAITEN_AUTH_TOKEN}}}}\n"
        f"  two: {{url: {server.url}, token: {{file: other.token}}}}\n",
    )
    sold.hold("growth", "holder")
    sold.sell(LOWERED)
    sold.run("apply", "-t", "two", "--yes")
    assert "growth" not in sold.run("compare", "one", "two").stdout
    sold.edit_grant("growth-v2", "seats", 6)
    assert "family/growth/grant/seats" in sold.run("compare", "one", "two").stdout


def test_what_one_target_does_not_sell_is_a_declared_difference(
    sold: Seller, server: EmbeddedServer
) -> None:
    sold.place.write("other.token", server.new_organization())
    sold.place.write("two.yaml", "version: 1\nfamilies:\n  growth: {sold: false}\n")
    sold.place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n"
        f"  one: {{url: {server.url}, token: {{env: KAITEN_AUTH_TOKEN}}}}\n"
        f"  two: {{url: {server.url}, token: {{file: other.token}}, overlays: [two.yaml]}}\n",
    )
    compare = ("compare", "--detailed-exitcode")
    sold.run("apply", "-t", "two", "--yes")  # it has never sold the family
    sold.run(*compare, "one", "two")
    sold.run(*compare, "two", "one")
    sold.place.write("two.yaml", "version: 1\nfamilies:\n  growth: {entitlements: {seats: 7}}\n")
    sold.run("apply", "-t", "two", "--yes")
    sold.place.write("two.yaml", "version: 1\nfamilies:\n  growth: {sold: false}\n")
    sold.run(*compare, "one", "two", code=2)  # it is still on sale there
    sold.run("apply", "-t", "two", "--yes")
    sold.run(*compare, "one", "two")
    for slug in sold.grants("growth"):
        assert sold.api.delete(f"/licenses/growth/entitlements/{slug}").status_code == 204
    assert sold.api.delete("/licenses/growth").status_code == 204
    sold.run(*compare, "one", "two", code=2)  # the one that should sell it lacks it


@pytest.mark.parametrize("command", ["drift", "adopt"])
@pytest.mark.parametrize(
    ("named", "instead"),
    [
        ("license/growth", "family/growth"),
        ("license/growth/grant/seats", "family/growth/grant/seats"),
        ("license/growth-v2", "family/growth"),
        ("license/growth-v2/grant/seats", "family/growth/grant/seats"),
    ],
)
def test_a_version_that_is_named_leads_to_its_family(
    sold: Seller, command: str, named: str, instead: str
) -> None:
    sold.hold("growth", "acme-prod")
    sold.sell(LOWERED)
    said = sold.run(command, "-f", "catalog.yaml", named, code=3).stderr
    assert f"{named.split('/grant')[0]} is a version of family/growth" in said
    assert f"name {instead}; older versions are left as they are" in said
    unknown = sold.run(command, "-f", "catalog.yaml", "license/growth-v9", code=3).stderr
    assert "neither declared nor on the server" in unknown


def test_a_version_that_is_still_to_archive_can_be_named(sold: Seller) -> None:
    sold.hold("growth", "acme-prod")
    sold.sell(LOWERED)
    sold.release("acme-prod")
    archiving = LOWERED.replace("name: Growth", "name: Growth\n    archiveReplaced: true")
    sold.place.write("catalog.yaml", archiving)
    said = sold.run("drift", "-f", "catalog.yaml", "license/growth").stdout
    assert "lifecycleState" in said


def test_a_family_that_was_allowed_in_vain_is_named_as_it_was_typed(sold: Seller) -> None:
    sold.hold("growth", "acme-prod")
    names = ("family/growth", "family/growth/grant/seats")
    options = [word for name in names for word in ("--allow", name)]
    said = sold.plan(LOWERED, *options).stderr
    assert [line for line in said.splitlines() if "no effect" in line] == [
        f"--allow {name} has no effect on this plan" for name in names
    ]
