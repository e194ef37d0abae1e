"""Drift with three sides, on a repository and a server: who moved, and how to answer."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from typing import Any
from xml.etree import ElementTree as Xml

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.embedded import EmbeddedServer
from tests.support.published import read_junit
from tests.support.tenants import PLAN as SOLD_BY_HAND
from tests.support.tenants import instance_body, make

CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    description: For teams
    entitlements: {calls: 1000}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: URL}
"""
PLAN = "plans/prod.plan.json"
GRANT = "license/growth/grant/calls"


def git(place: Workplace, *args: str, who: str = "Ada") -> None:
    said = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_NAME": who for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "x@example.com" for role in ("AUTHOR", "COMMITTER")},
    }
    subprocess.run(["git", *args], cwd=place.folder, env=said, check=True, capture_output=True)


def commit(place: Workplace, who: str = "Ada") -> None:
    git(place, "add", "--all", who=who)
    git(place, "commit", "--message", f"By {who}", who=who)


@pytest.fixture
def team(place: Workplace) -> Workplace:
    """A project in git whose plan is committed and applied."""
    place.write("catalog.yaml", CATALOG)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    git(place, "init", "--initial-branch", "main")
    assert place.run("plan", "-t", "prod", "-o", PLAN).code == 0
    commit(place)
    assert place.run("apply", PLAN).code == 0
    return place


def grant(api: httpx.Client, value: int) -> None:
    body = {"value": {"type": "number", "value": value}}
    assert api.put("/licenses/growth/entitlements/calls", json=body).status_code == 204


def drift(place: Workplace, *options: str) -> dict[str, Any]:
    """Each difference by its address."""
    done = place.run("drift", "-t", "prod", "--format", "json", *options)
    assert done.code == 0, done.stderr
    return {each["address"]: each for each in done.json["differences"]}


def test_each_side_is_told_apart_with_names(team: Workplace, api: httpx.Client) -> None:
    grant(api, 5000)
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    assert api.delete("/entitlement-groups/quotas").status_code == 204
    team.write("catalog.yaml", CATALOG.replace("name: Calls", "name: API Calls"))
    commit(team, who="Ben")
    found = drift(team)
    assert {address: each["class"] for address, each in found.items()} == {
        "group/quotas": "missing",
        "group/theirs": "unmanaged",
        "entitlement/calls": "git-ahead",
        GRANT: "server-edited",
    }
    assert found[GRANT]["updatedBy"] == "bootstrap"
    assert found[GRANT]["declaredBy"]["author"] == "Ada"
    assert found["entitlement/calls"]["declaredBy"]["author"] == "Ben"
    text = team.run("drift", "-t", "prod").stdout
    assert "1 missing, 1 server edited, 1 git ahead. 1 not managed." in text
    assert f"adopt:  kaiten-sync adopt -t prod {GRANT}" in text


def test_both_sides_moved_is_a_conflict(team: Workplace, api: httpx.Client) -> None:
    grant(api, 5000)
    team.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    assert drift(team)[GRANT]["class"] == "conflict"
    assert drift(team)[GRANT]["declaredBy"] == {"commit": None, "author": None, "date": None}


def test_who_declared_it_is_right_in_overlays_and_moved_files(
    team: Workplace, api: httpx.Client
) -> None:
    overlay = "version: 1\nlicenses:\n  growth:\n    description: For prod\n"
    team.write("overlays/prod.yaml", overlay)
    project = (team.folder / "kaiten-sync.yaml").read_text()
    team.write("kaiten-sync.yaml", project.replace("}", ", overlays: [overlays/]}"))
    commit(team, who="Ben")
    assert team.run("plan", "-t", "prod", "-o", PLAN).code == 0
    assert team.run("apply", PLAN).code == 0
    git(team, "mv", "catalog.yaml", "plans.yaml", who="Cem")
    text = (team.folder / "kaiten-sync.yaml").read_text()
    team.write("kaiten-sync.yaml", text.replace("catalog.yaml", "plans.yaml"))
    commit(team, who="Cem")
    grant(api, 5000)
    found = api.get("/licenses/growth").json()
    body = {key: found[key] for key in ("name", "type", "isDefault")}
    assert api.put("/licenses/growth", json={**body, "description": "Theirs"}).status_code == 204
    told = drift(team)
    assert told["license/growth"]["class"] == "server-edited"
    assert told["license/growth"]["fields"][0]["source"]["file"] == "overlays/prod.yaml"
    assert told["license/growth"]["declaredBy"]["author"] == "Ben"
    assert told[GRANT]["fields"][0]["source"]["file"] == "plans.yaml"
    assert told[GRANT]["declaredBy"]["author"] == "Ada"


def test_a_plan_that_is_not_applied_yet_is_git_ahead(team: Workplace) -> None:
    team.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    assert team.run("plan", "-t", "prod", "-o", PLAN).code == 0
    commit(team)
    assert drift(team)[GRANT]["class"] == "git-ahead"
    assert drift(team, "--plan", "HEAD~1:plans/prod.plan.json")[GRANT]["class"] == "git-ahead"


def test_a_plan_that_was_undone_looks_like_one_that_was_not_applied_and_that_is_said(
    team: Workplace, api: httpx.Client
) -> None:
    """The plan is the only record: whether it was ever applied, only that run knew."""

    def notes() -> list[str]:
        ended = team.run("drift", "-t", "prod", "--format", "json")
        assert {each["class"] for each in ended.json["differences"]} <= {"git-ahead"}
        return [note for note in ended.json["unknown"] if "was not applied yet" in note]

    more = CATALOG.replace("groups:", "groups:\n  more: {name: More}")
    for catalog, undo in (
        (more, lambda: api.delete("/entitlement-groups/more")),
        (more.replace("1000", "2000"), lambda: grant(api, 1000)),
    ):
        team.write("catalog.yaml", catalog)
        assert notes() == []  # only git has changed
        assert team.run("plan", "-t", "prod", "-o", PLAN).code == 0
        commit(team)
        (said,) = notes()
        assert said.startswith(f"No change of {PLAN} is on the server.")
        assert team.run("apply", PLAN).code == 0
        assert notes() == []
        undo()
        assert notes() == [said]
        assert team.run("apply", PLAN).code == 0
    # A plan of which something is done was applied, at least in part.
    team.write("catalog.yaml", CATALOG.replace("groups:", "groups:\n  other: {name: Other}"))
    assert team.run("plan", "-t", "prod", "-o", PLAN).code == 0
    commit(team)
    assert notes() == [said]
    make(api, "/entitlement-groups", name="Other", slug="other")
    grant(api, 1000)
    assert drift(team)["group/more"]["class"] == "git-ahead"
    assert notes() == []


def test_without_git_and_plan_it_says_what_it_cannot_know(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    place.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    done = place.run("drift", "-f", "catalog.yaml", GIT_CEILING_DIRECTORIES="/")
    assert "~ changed" in done.stdout
    assert "No committed plan for default: cannot tell" in done.stdout
    assert "No git history here" in done.stdout


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")


@needs_root
def test_it_says_why_git_does_not_read_the_history(team: Workplace, api: httpx.Client) -> None:
    without = "version: 1\nentitlements:\n  calls: {name: Calls, type: NUMBER}\n"
    team.write("catalog.yaml", without)
    assert team.run("plan", "-t", "prod", "-o", PLAN, "--max-deletes", "9").code == 0
    commit(team)
    grant(api, 5000)
    assert api.post("/entitlement-groups", json={"name": "x", "description": None}).is_success
    for path in (team.folder, *team.folder.rglob("*")):
        os.chown(path, 54_321, 54_321)
    project = ("--project", "kaiten-sync.yaml", "-t", "prod")
    why = "git reads no history here"
    team.write("catalog.yaml", CATALOG.replace("Calls", "API calls"))
    assert f"{why}, so authors are not shown: " in team.run("drift", *project).stdout
    team.write("catalog.yaml", without)
    checked = team.run("plan", *project, "-o", PLAN, "--check")
    applied = team.run("apply", *project, PLAN, "--catalog", "catalog.yaml")
    for said in (checked.stderr, applied.stderr):
        assert why in said
        assert "--add safe.directory" in said
        assert "unshallow" not in said


def test_edits_on_the_server_are_undone_and_nothing_else(
    team: Workplace, api: httpx.Client
) -> None:
    grant(api, 5000)
    assert api.delete("/entitlement-groups/quotas").status_code == 204
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    team.write("catalog.yaml", CATALOG.replace("name: Calls", "name: API Calls"))
    before = json.loads((team.folder / PLAN).read_text())
    made = team.run("drift", "-t", "prod", "--revert", "-o", "undo.json")
    assert made.code == 0, made.stderr
    plan = json.loads((team.folder / "undo.json").read_text())
    assert [c["id"] for c in plan["changes"]] == ["create:group/quotas", f"update:{GRANT}"]
    assert plan["managed"] == before["managed"]
    assert team.run("apply", "undo.json").code == 0
    assert {a: each["class"] for a, each in drift(team).items()} == {
        "group/theirs": "unmanaged",
        "entitlement/calls": "git-ahead",
    }


def test_a_revert_says_whom_it_affects_as_a_plan_does(team: Workplace, api: httpx.Client) -> None:
    grant(api, 5000)
    body = instance_body(api, slug="acme-prod")
    make(api, "/instances", **body)
    used = {"value": {"type": "number", "value": 3000}, "behavior": "set"}
    assert api.post("/instances/acme-prod/entitlements/calls/usage", json=used).status_code == 200
    planned = team.run("plan", "-t", "prod").stdout
    for output_format, sentence in (
        ("text", "1 holder: 1 over"),
        ("markdown", "1 over"),
        ("html", "1 over"),
    ):
        made = team.run("drift", "-t", "prod", "--revert", "--format", output_format)
        assert sentence in made.stdout
    reverted = team.run("drift", "-t", "prod", "--revert").stdout
    assert reverted.partition("license/growth/grant/calls: 5,000")[2] in planned
    nameless = team.run("drift", "-t", "prod", "--revert", "--no-names").stdout
    assert "1 over" in nameless
    assert "acme" not in nameless


def test_a_revert_counts_what_nobody_manages(team: Workplace, api: httpx.Client) -> None:
    grant(api, 5000)
    make(api, "/entitlement-groups", name="Theirs", slug="theirs")
    for arguments in (("plan", "-t", "prod"), ("drift", "-t", "prod", "--revert")):
        assert "3 unchanged, 1 not managed" in team.run(*arguments).stdout


@pytest.mark.parametrize("entitlements", ["", "entitlements: {calls: 1000}"])
def test_what_is_named_inside_what_nobody_declares_is_found(
    team: Workplace, api: httpx.Client, entitlements: str
) -> None:
    named = "license/partner/grant/calls"
    if not entitlements:  # the license is declared, and its grants are left alone
        more = CATALOG + "  partner: {name: Partner, type: PAID}\n"
        team.write("catalog.yaml", more)
    make(api, "/licenses", **{**SOLD_BY_HAND, "slug": "partner"})
    value = {"type": "number", "value": 7}
    body = {"entitlementSlug": "calls", "value": value}
    assert api.post("/licenses/partner/entitlements", json=body).status_code == 204
    found = drift(team, named)
    assert {a: each["class"] for a, each in found.items()} == {named: "unmanaged"}
    assert found[named]["isDrift"] is False
    # It is adopted with its license; what is declared without grants leaves them alone.
    whole = {"adopt": "kaiten-sync adopt -t prod license/partner"} if entitlements else {}
    assert found[named]["commands"] == whole
    refused = team.run("adopt", "-t", "prod", named)
    assert refused.code == 3
    left = "license/partner declares no grants, so all that it has are left alone"
    said = "license/partner is not declared" if entitlements else left
    assert said in refused.stderr
    done = team.run("drift", "-t", "prod", f"{named}x")
    assert done.code == 3
    assert "neither declared nor on the server" in done.stderr


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("license/growht", "growth"),
        ("license/growht/grant/calls", "growth"),
        ("license/growth/grant/cals", "calls"),
        ("licenses/growth/grants/calls", "license/growth/grant/calls"),
        ("Group/quotas", "group/quotas"),
    ],
)
@pytest.mark.parametrize("command", ["drift -t prod", "drift --all", "drift -t prod --revert"])
def test_a_mistyped_address_is_answered_with_the_one_that_was_meant(
    team: Workplace, address: str, meant: str, command: str
) -> None:
    done = team.run(*command.split(), address)
    assert (done.code, f"help: did you mean '{meant}'?" in done.stderr) == (3, True), done.stderr


@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
@pytest.mark.parametrize("addresses", [(), (GRANT,)], ids=["all", "one"])
def test_a_revert_with_nothing_to_undo_does_not_say_that_nothing_differs(
    team: Workplace, output_format: str, addresses: tuple[str, ...]
) -> None:
    team.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    done = team.run("drift", "-t", "prod", "--revert", *addresses, "--format", output_format)
    assert done.code == 0, done.stderr
    assert "matches" not in done.stdout
    name = "the target" if output_format == "markdown" else "prod"
    assert f"No changes. A revert has nothing to undo on {name}." in done.stdout
    assert ("git is ahead: a revert leaves it alone" in done.stderr) is bool(addresses)


def test_one_object_can_be_looked_at_and_undone(team: Workplace, api: httpx.Client) -> None:
    grant(api, 5000)
    assert api.delete("/entitlement-groups/quotas").status_code == 204
    assert set(drift(team, GRANT)) == {GRANT}
    command = drift(team, GRANT)[GRANT]["commands"]["revert"]
    assert team.run(*command.split()[1:]).code == 0
    assert team.run("apply", "prod.revert.plan.json").code == 0
    assert set(drift(team)) == {"group/quotas"}


def test_all_targets_side_by_side(team: Workplace, server: EmbeddedServer) -> None:
    other = server.new_organization()
    lines = [
        "version: 1",
        "catalog: [catalog.yaml]",
        "targets:",
        f"  prod: {{url: {team.url}, token: {{env: PROD_TOKEN}}}}",
        f"  staging: {{url: {team.url}, token: {{env: STAGING_TOKEN}}}}",
        "  gone: {url: http://127.0.0.1:9, token: {env: PROD_TOKEN}}",
    ]
    tokens = {"PROD_TOKEN": team.token, "STAGING_TOKEN": other, "KAITEN_BASE_URL": ""}
    team.write("kaiten-sync.yaml", "\n".join(lines[:5]))
    done = team.run("drift", "--all", "--detailed-exitcode", **tokens)
    assert done.code == 2, done.stderr
    assert "No drift. prod matches" in done.stdout
    assert "Side by side" in done.stdout
    together = team.run("drift", "--all", "--format", "json", **tokens).json
    assert [r["target"]["name"] for r in together["reports"]] == ["prod", "staging"]
    assert [r["hasDrift"] for r in together["reports"]] == [False, True]
    team.write("kaiten-sync.yaml", "\n".join(lines))
    partly = team.run("drift", "--all", **tokens)
    assert partly.code == 6
    assert "Side by side" in partly.stdout
    assert "gone: " in partly.stderr
    together = team.run("drift", "--all", "--format", "json", **tokens)
    assert (together.code, len(together.json["reports"])) == (6, 2)
    (failed,) = together.json["failed"]
    assert (failed["target"], failed["error"]["kind"]) == ("gone", "UnreachableError")
    for written in ("markdown", "html", "junit", "sarif"):
        partly = team.run("drift", "--all", "--format", written, **tokens)
        assert partly.code == 6
        assert "gone" in partly.stdout, written


@pytest.mark.parametrize("written", ["text", "json", "markdown", "html", "junit", "sarif"])
def test_a_wrong_declaration_of_one_target_is_in_the_one_report_of_all(
    team: Workplace, written: str
) -> None:
    tokens = {"PROD_TOKEN": team.token, "KAITEN_BASE_URL": ""}
    team.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n"
        f"  prod: {{url: {team.url}, token: {{env: PROD_TOKEN}}}}\n"
        f"  first: {{url: {team.url}, token: {{env: PROD_TOKEN}}, overlays: [first.yaml]}}\n"
        f"  second: {{url: {team.url}, token: {{env: PROD_TOKEN}}, overlays: [second.yaml]}}\n",
    )
    for name in ("first", "second"):
        team.write(f"{name}.yaml", "version: 1\nlicenses:\n  growth: {nam: Growth}\n")
    done = team.run("drift", "--all", "--format", written, **tokens)
    assert done.code == 3
    said = html.unescape(done.stderr if written == "text" else done.stdout)
    for name in ("first", "second"):
        assert re.search(rf"{name}.yaml\W+(line\W+)?3\b", said), said
        assert name in said
    assert "unknown field 'nam'" in said
    assert "did you mean 'name'?" in said
    if written in ("json", "sarif"):
        json.loads(done.stdout)
    if written == "junit":
        assert [suite.name for suite in read_junit(done.stdout)] == ["prod", "first", "second"]


def test_a_target_without_its_token_holds_up_no_other(team: Workplace) -> None:
    team.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\ntargets:\n"
        f"  locked: {{url: {team.url}, token: {{env: LOCKED_TOKEN}}}}\n"
        f"  prod: {{url: {team.url}, token: {{env: PROD_TOKEN}}}}\n",
    )
    done = team.run("drift", "--all", PROD_TOKEN=team.token, KAITEN_BASE_URL="")
    assert done.code == 6
    assert "No drift. prod matches" in done.stdout
    assert "locked: target locked takes its token from LOCKED_TOKEN" in done.stderr


def test_an_object_that_is_nowhere_has_no_lack_of_drift(team: Workplace) -> None:
    done = team.run("drift", "-t", "prod", "license/grwoth", "--detailed-exitcode")
    assert (done.code, done.stdout) == (3, "")
    assert "neither declared nor on the server" in done.stderr
    assert "license/grwoth" in done.stderr
    one = team.run("drift", "-t", "prod", "license/growth", "--format", "json").json
    assert one["compared"] == 2  # with its grant


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--all", "-t", "prod"), "--all takes every target"),
        (("--all", "--revert"), "--revert is for one target"),
        (("-t", "prod", "-o", "x.json"), "--out does nothing here"),
        (("-t", "prod", "--revert", "--format", "junit"), "there is no junit of a plan"),
        (("-t", "prod", "growth"), "not an address"),
        (("-t", "prod", "--plan", "nothing.json"), "the file does not exist"),
    ],
)
def test_what_does_not_go_together(team: Workplace, options: tuple[str, ...], says: str) -> None:
    done = team.run("drift", *options)
    assert done.code == 3
    assert says in done.stderr


def test_an_edited_plan_says_nothing_about_drift(team: Workplace) -> None:
    text = (team.folder / PLAN).read_text()
    team.write(PLAN, text.replace("1000", "1001"))
    done = team.run("drift", "-t", "prod")
    assert done.code == 4
    assert "changed after it was made" in done.stderr


@pytest.mark.parametrize("output_format", ["junit", "sarif", "html", "markdown"])
def test_every_format_is_one_document(
    team: Workplace, api: httpx.Client, output_format: str
) -> None:
    grant(api, 5000)
    done = team.run("drift", "-t", "prod", "--format", output_format, "--detailed-exitcode")
    assert done.code == 2
    match output_format:
        case "junit":
            assert Xml.fromstring(done.stdout).attrib["failures"] == "1"
        case "sarif":
            (result,) = json.loads(done.stdout)["runs"][0]["results"]
            place = result["locations"][0]["physicalLocation"]
            assert place["artifactLocation"]["uri"] == "catalog.yaml"
            assert place["region"]["startLine"] == 11
        case "html":
            assert done.stdout.rstrip().endswith("</html>")
        case "markdown":
            assert done.stdout.startswith("<h3>Drift of")
