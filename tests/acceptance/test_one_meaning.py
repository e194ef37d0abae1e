"""What differs is the same for plan, drift, adopt and revert, on a repository and a server."""

from __future__ import annotations

import json
import shlex
from typing import Any

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.tenants import make

CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  calls: {name: Calls, type: NUMBER, groups: [quotas]}
  sso: {name: Single sign-on, type: BOOLEAN}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements:
      calls: 100
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: URL}
policy: {prune: PRUNE, maxDeletes: 100%, maxUpdates: 100%}
"""
PLAN = "plans/prod.plan.json"
CALLS = "/licenses/growth/entitlements/calls"
GRANT = "license/growth/grant/calls"


@pytest.fixture
def team(place: Workplace) -> Workplace:
    """A project whose plan is committed and applied."""
    place.write("catalog.yaml", CATALOG)
    project(place, "owned")
    agree(place)
    return place


def project(place: Workplace, prune: str) -> None:
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url).replace("PRUNE", prune))


def agree(place: Workplace) -> None:
    assert place.run("plan", "-t", "prod", "-o", PLAN).code == 0
    done = place.run("apply", PLAN)
    assert done.code == 0, done.stderr


def limit(api: httpx.Client, value: int, overage: int = 0) -> None:
    body = {"value": {"type": "number", "value": value}, "limitCapExceededOveragePercent": overage}
    assert api.put(CALLS, json=body).status_code == 204


def drift(place: Workplace, *options: str, code: int = 2) -> dict[str, Any]:
    """Each difference by its address."""
    done = place.run("drift", "-t", "prod", "--format", "json", "--detailed-exitcode", *options)
    assert done.code == code, done.stderr
    return {each["address"]: each for each in done.json["differences"]}


def plan_code(place: Workplace) -> int:
    return place.run("plan", "-t", "prod", "--detailed-exitcode").code


# -- a grant is declared whole ----------------------------------------------------------------


def test_an_overage_that_is_not_declared_is_a_difference(
    team: Workplace, api: httpx.Client
) -> None:
    limit(api, 100, 20)
    (field,) = drift(team)[GRANT]["fields"]
    assert (field["name"], field["live"], field["git"]) == ("overagePercent", 20, 0)
    agree(team)
    assert api.get(CALLS).json()["limitCapExceededOveragePercent"] == 0
    assert drift(team, code=0) == {}


def test_a_soft_limit_that_becomes_a_bare_number_becomes_hard(
    team: Workplace, api: httpx.Client
) -> None:
    team.write(
        "catalog.yaml", CATALOG.replace("calls: 100", "calls: {value: 50, overagePercent: 20}")
    )
    agree(team)
    team.write("catalog.yaml", CATALOG.replace("calls: 100", "calls: 10"))
    assert drift(team)[GRANT]["class"] == "git-ahead"
    agree(team)
    assert drift(team, code=0) == {}
    assert api.get(CALLS).json()["limitCapExceededOveragePercent"] == 0


@pytest.mark.parametrize("overage", [0, 20])
def test_an_overage_from_the_server_is_adopted_and_exported(
    team: Workplace, api: httpx.Client, overage: int
) -> None:
    limit(api, 70, overage)
    done = team.run("adopt", "-t", "prod")
    assert done.code == 0, done.stderr
    written = "{value: 70, overagePercent: 20}" if overage else "70"
    assert f"calls: {written}" in (team.folder / "catalog.yaml").read_text()
    assert plan_code(team) == 0
    assert team.run("export", "-o", "copy").code == 0
    assert team.run("plan", "-f", "copy", "--detailed-exitcode").code == 0


# -- what plan would change is drift ----------------------------------------------------------


@pytest.mark.parametrize("prune", ["never", "owned", "all"])
def test_plan_and_drift_agree_on_a_grant_that_was_added_by_hand(
    team: Workplace, api: httpx.Client, prune: str
) -> None:
    project(team, prune)
    body = {"entitlementSlug": "sso", "value": {"type": "boolean", "value": True}}
    assert api.post("/licenses/growth/entitlements", json=body).status_code == 204
    found = drift(team)
    assert found["license/growth/grant/sso"]["isDrift"] is True
    assert plan_code(team) == 2
    assert "1 unmanaged" in team.run("drift", "-t", "prod").stdout


@pytest.mark.parametrize(("prune", "code"), [("never", 0), ("owned", 0), ("all", 2)])
def test_plan_and_drift_agree_on_objects_that_nobody_declared(
    team: Workplace, api: httpx.Client, prune: str, code: int
) -> None:
    project(team, prune)
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    found = drift(team, code=code)
    assert found["group/theirs"]["isDrift"] is (code == 2)
    assert plan_code(team) == code
    assert drift(team, "--unmanaged")["group/theirs"]["isDrift"] is True


@pytest.mark.parametrize(("prune", "code"), [("never", 0), ("owned", 2), ("all", 2)])
def test_plan_and_drift_agree_on_what_is_no_longer_declared(
    team: Workplace, prune: str, code: int
) -> None:
    team.write(
        "catalog.yaml", CATALOG.replace("  sso: {name: Single sign-on, type: BOOLEAN}\n", "")
    )
    project(team, prune)
    assert set(drift(team, code=code)) == {"entitlement/sso"}
    assert plan_code(team) == code


# -- an address includes what it contains -----------------------------------------------------


def test_an_address_includes_what_it_contains(team: Workplace, api: httpx.Client) -> None:
    limit(api, 7777)
    assert set(drift(team, "license/growth")) == {GRANT}
    made = team.run("drift", "-t", "prod", "license/growth", "--revert", "-o", "undo.json")
    assert made.code == 0, made.stderr
    assert [
        c["address"] for c in json.loads((team.folder / "undo.json").read_text())["changes"]
    ] == [GRANT]
    assert team.run("adopt", "-t", "prod", "license/growth").code == 0
    assert "calls: 7777" in (team.folder / "catalog.yaml").read_text()
    assert team.run("drift", "-t", "prod", "license/growht", "--revert").code == 3


def test_the_three_sides_are_shown_in_every_format(team: Workplace, api: httpx.Client) -> None:
    limit(api, 7777)
    edited = team.run("drift", "-t", "prod").stdout
    assert "server edited" in edited
    assert "value: live 7,777, git 100, agreed 100" in edited
    team.write("catalog.yaml", CATALOG.replace("calls: 100", "calls: 110"))
    conflict = drift(team)[GRANT]
    assert conflict["class"] == "conflict"
    (field,) = conflict["fields"]
    assert (field["live"], field["git"], field["agreed"]) == (7777, 110, 100)
    assert "value: live 7,777, git 110, agreed 100" in team.run("drift", "-t", "prod").stdout
    shown = team.run("drift", "-t", "prod", "--format", "markdown").stdout
    assert "- live value: 7,777\n+ git value: 110\n  agreed value: 100\n" in shown
    page = team.run("drift", "-t", "prod", "--format", "html").stdout
    assert 'agreed <span class="value">100</span>' in page


def test_a_conflict_has_two_ways_out(team: Workplace, api: httpx.Client) -> None:
    limit(api, 7777)
    team.write("catalog.yaml", CATALOG.replace("calls: 100", "calls: 110"))
    nameless = team.run("adopt", "-t", "prod")
    assert nameless.code == 4
    assert "git and the server both changed" in nameless.stderr
    commands = drift(team)[GRANT]["commands"]
    assert set(commands) == {"adopt", "revert"}
    assert all(command in nameless.stderr for command in commands.values())
    catalog = (team.folder / "catalog.yaml").read_text()
    assert team.run(*shlex.split(commands["adopt"])[1:]).code == 0
    assert drift(team, code=0) == {}
    team.write("catalog.yaml", catalog)
    assert team.run(*shlex.split(commands["revert"])[1:]).code == 0
    assert team.run("apply", "prod.revert.plan.json").code == 0
    assert drift(team, code=0) == {}


# -- a revert takes along what it rests on ----------------------------------------------------


def gone(api: httpx.Client) -> None:
    """Somebody deletes the license, its grant, the entitlement and its group."""
    for path in (CALLS, "/licenses/growth", "/entitlements/calls", "/entitlement-groups/quotas"):
        assert api.delete(path).status_code == 204


@pytest.mark.parametrize("address", [GRANT, "license/growth"])
def test_a_revert_takes_along_what_it_rests_on(
    team: Workplace, api: httpx.Client, address: str
) -> None:
    gone(api)
    made = team.run("drift", "-t", "prod", address, "--revert", "-o", "undo.json")
    assert made.code == 0, made.stderr
    assert "entitlement/calls is taken along" in made.stderr
    done = team.run("apply", "undo.json")
    assert done.code == 0, done.stderr
    assert drift(team, code=0) == {}


def test_a_revert_of_an_entitlement_takes_its_group_along_and_no_more(
    team: Workplace, api: httpx.Client
) -> None:
    gone(api)
    made = team.run("drift", "-t", "prod", "entitlement/calls", "--revert", "-o", "undo.json")
    assert made.code == 0, made.stderr
    assert team.run("apply", "undo.json").code == 0
    assert set(drift(team)) == {"license/growth", GRANT}


# -- what leaves management -------------------------------------------------------------------

FULL = CATALOG.replace("type: PAID", "type: PAID\n    description: For teams")


@pytest.mark.parametrize(
    ("prune", "before", "after", "address", "stays", "says"),
    [
        ("owned", FULL, CATALOG, "license/growth", "For teams", "no longer declared"),
        (
            "owned",
            CATALOG,
            CATALOG.replace("    entitlements:\n      calls: 100\n", ""),
            GRANT,
            "value 100",
            "license/growth no longer declares what it contains",
        ),
        (
            "never",
            CATALOG,
            CATALOG.replace("  sso: {name: Single sign-on, type: BOOLEAN}\n", ""),
            "entitlement/sso",
            "Single sign-on",
            "prune is never",
        ),
        (
            "never",
            CATALOG,
            CATALOG.replace("      calls: 100\n", "      {}\n"),
            GRANT,
            "value 100",
            "prune is never",
        ),
    ],
)
def test_what_leaves_management_is_said_in_every_format(
    place: Workplace, prune: str, before: str, after: str, address: str, stays: str, says: str
) -> None:
    place.write("catalog.yaml", before)
    project(place, prune)
    agree(place)
    place.write("catalog.yaml", after)
    for output_format in ("text", "markdown", "html", "json"):
        said = place.run("plan", "-t", "prod", "--format", output_format).stdout
        assert address in said
        assert stays in said.replace('"value": ', "value ")
        assert says in said
    assert "nothing manages it now" in place.run("plan", "-t", "prod").stdout
    assert place.run("plan", "-t", "prod", "-o", PLAN).code == 0
    assert json.loads((place.folder / PLAN).read_text())["changes"] == []
    assert place.run("plan", "-t", "prod", "-o", PLAN, "--check").code == 0
    assert says in place.run("show", PLAN).stdout
    assert drift(place, code=plan_code(place)).keys() <= {address}


TWO_VERSIONS = """\
version: 1
licenses:
  growth: {name: Growth, type: PAID, lifecycleState: PUBLISHED, isDefault: true}
  growth-v2:
    {name: Growth, type: PAID, familySlug: growth, lifecycleState: PUBLISHED, isDefault: false}
"""


def test_a_default_that_is_reverted_goes_back_to_the_version_that_had_it(place: Workplace) -> None:
    place.write("catalog.yaml", TWO_VERSIONS)
    assert place.run("plan", "-f", "catalog.yaml", "-o", "the.plan.json").code == 0
    assert place.run("apply", "the.plan.json").code == 0
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        body = {"name": "Growth", "description": "", "type": "PAID", "isDefault": True}
        assert api.put("/licenses/growth-v2", json=body).status_code == 204
        done = place.run(
            *("drift", "-f", "catalog.yaml", "--plan", "the.plan.json"),
            *("license/growth-v2", "--revert", "-o", "undo.plan.json"),
        )
        assert done.code == 0, done.stderr
        assert "license/growth is taken along" in done.stderr
        assert place.run("apply", "undo.plan.json").code == 0
        assert api.get("/licenses/growth").json()["isDefault"] is True
