"""Before a limit is lowered: whom it stops, by name, beside the plan and never in it."""

from __future__ import annotations

import csv
import json

import httpx
import pytest
from jsonschema import Draft202012Validator
from tests.acceptance.catalogs import SOLD
from tests.acceptance.conftest import Workplace
from tests.support.tenants import holder, make, use

from kaiten_sync.validate import schema_text

SCHEMA = Draft202012Validator(json.loads(schema_text("impact")))
AFTER = SOLD.replace("seats: 10, calls: 1000, sso: true", "seats: 5, calls: 2000, sso: true")
USED = {"one": 3, "two": 6, "three": 9, "four": 5}
"""Seats by instance: of five, two are over, one is at the limit, one is within."""

PLAN = "the.plan.json"


@pytest.fixture
def lowered(place: Workplace, api: httpx.Client) -> Workplace:
    """A license that four instances hold, and a catalog that lowers one of its limits."""
    place.write("catalog.yaml", SOLD)
    assert place.run("plan", "-f", "catalog.yaml", "-o", PLAN).code == 0
    assert place.run("apply", PLAN).code == 0
    for slug, seats in USED.items():
        holder(api, slug, seats)
    place.write("catalog.yaml", AFTER)
    return place


def test_a_plan_says_who_would_be_over(lowered: Workplace) -> None:
    done = lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert done.code == 0
    assert "license/growth/grant/seats: 10 → 5" in done.stdout
    assert "4 holders: 2 over, 1 near, 1 within" in done.stdout
    assert "three (acme)" in done.stdout
    assert "Impact: 4 holders looked at: 2 over, 1 near." in done.stdout
    assert "4 holders: 0 at the old limit, 0 refused" in done.stdout  # calls, which only loosens


def test_it_costs_a_page_of_instances_and_a_request_for_each_holder(lowered: Workplace) -> None:
    only_lowered = AFTER.replace("calls: 2000", "calls: 1000")
    lowered.write("catalog.yaml", only_lowered)
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    found = lowered.run("impact", PLAN, "--format", "json").json
    assert found["requests"] == 1 + len(USED)
    SCHEMA.validate(found)
    (change,) = found["changes"]
    counts = {key: change[key] for key in ("holders", "over", "near", "within", "unknown")}
    assert counts == {"holders": 4, "over": 2, "near": 1, "within": 1, "unknown": 0}
    assert [each["instance"] for each in change["worst"]] == ["three", "two", "four", "one"]


def test_the_table_of_a_plan_says_in_the_cell_how_many_would_be_over(lowered: Workplace) -> None:
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert "over" not in lowered.run("table", PLAN).stdout
    done = lowered.run("table", PLAN, "--impact", "--format", "json")
    over = {row["entitlement"]: row["cells"][0]["over"] for row in done.json["rows"]}
    assert (over["seats"], bool(over["calls"])) == (2, False)
    assert "10 → 5 ▼, 2 over" in lowered.run("table", PLAN, "--impact").stdout
    assert "Impact: 4 holders looked at: 2 over, 1 near." in done.stderr
    sampled = lowered.run("table", PLAN, "--impact", "--impact-budget", "3").stderr
    assert "a sample of 2 of 4 holders" in sampled


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--impact"], "--impact is of a plan"),
        (["--impact", "-t", "local"], "--impact is of a plan"),
        ([PLAN, "--impact", "-f", "catalog.yaml"], "--impact is of a plan"),
        ([PLAN, "-t", "local"], "name one of them"),
    ],
)
def test_a_table_with_impact_is_of_a_plan(place: Workplace, words: list[str], said: str) -> None:
    done = place.run("table", *words)
    assert (done.code, said in done.stderr) == (3, True)


def test_the_plan_file_is_the_same_whatever_is_used(lowered: Workplace, api: httpx.Client) -> None:
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    before = (lowered.folder / PLAN).read_bytes()
    assert use(api, "one", 6) == 200
    done = lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    assert "3 over" in done.stdout
    assert (lowered.folder / PLAN).read_bytes() == before


def test_a_plan_that_changes_nothing_for_holders_asks_nobody(lowered: Workplace) -> None:
    lowered.write("catalog.yaml", SOLD.replace("name: Growth", "name: Grown"))
    done = lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--impact-out", "impact.json")
    assert "Impact" not in done.stdout
    found = json.loads((lowered.folder / "impact.json").read_text())
    assert (found["requests"], found["changes"], found["raised"]) == (0, [], [])


def test_a_raised_limit_says_who_has_met_the_old_one(lowered: Workplace, api: httpx.Client) -> None:
    assert use(api, "three", 1) == 200  # 10 of 10
    for instance, value in (("three", 1), ("three", 5), ("two", 50)):
        assert use(api, instance, value) == 409
    lowered.write("catalog.yaml", SOLD.replace("seats: 10", "seats: 20"))
    options = ("-f", "catalog.yaml", "-o", PLAN, "--impact-out", "impact.json")
    done = lowered.run("plan", *options)
    assert "4 holders: 1 at the old limit, 2 refused in the last 30 days" in done.stdout
    found = json.loads((lowered.folder / "impact.json").read_text())
    SCHEMA.validate(found)
    (raised,) = found["raised"]
    assert [raised[key] for key in ("before", "after", "atLimit", "refused")] == [10, 20, 1, 2]
    assert found["requests"] == 1 + 2 * len(USED)
    lowered.run("plan", *options, "--impact-budget", "6")
    found = json.loads((lowered.folder / "impact.json").read_text())
    assert found["requests"] <= 6
    assert found["raised"][0]["lookedAt"] == 2


def test_csv_names_every_holder(lowered: Workplace) -> None:
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    rows = list(csv.DictReader(lowered.run("impact", PLAN, "--format", "csv").stdout.splitlines()))
    assert {row["instance"]: float(row["used"]) for row in rows} == USED
    assert {row["class"] for row in rows} == {"over", "near", "within"}


@pytest.mark.parametrize("shown", ["text", "json", "markdown", "html", "csv"])
def test_names_can_be_left_out(lowered: Workplace, shown: str) -> None:
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    done = lowered.run("impact", PLAN, "--no-names", "--format", shown)
    assert done.code == 0
    assert "holder 1" in done.stdout
    assert "acme" not in done.stdout
    assert "three" not in done.stdout


@pytest.mark.parametrize(
    ("command", "private", "is_named"),
    [("plan", True, True), ("plan", False, False), ("apply", False, False)],
)
def test_ci_of_a_public_repository_names_nobody(
    lowered: Workplace, command: str, private: bool, is_named: bool
) -> None:
    event = lowered.write("event.json", json.dumps({"repository": {"private": private}}))
    options = ["--yes"] if command == "apply" else []
    done = lowered.run(command, "-f", "catalog.yaml", *options, GITHUB_EVENT_PATH=str(event))
    assert ("three (acme)" in done.stdout) == is_named
    assert "2 over" in done.stdout


def test_a_refused_apply_names_nobody_either(lowered: Workplace, api: httpx.Client) -> None:
    for slug in USED:
        api.delete(f"/instances/{slug}").raise_for_status()
    gone = SOLD.split("licenses:")[0]
    lowered.write("catalog.yaml", gone)
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--prune", "all")
    for number in range(5):
        holder(api, f"acme-{number}", 1)
    named = lowered.run("apply", PLAN, "--receipt", "receipt.json")
    assert "instance/acme-0, instance/acme-1, instance/acme-2 and 2 more" in named.stderr
    done = lowered.run("apply", PLAN, "--receipt", "receipt.json", "--no-names")
    assert done.code == 4
    assert "now held by 5 instances" in done.stderr
    assert "acme" not in done.stderr + (lowered.folder / "receipt.json").read_text()


@pytest.mark.parametrize(
    ("gate", "catalog", "code"),
    [
        ("over", AFTER, 4),
        ("tightens", AFTER, 4),
        ("breaks", AFTER, 0),
        ("over", SOLD.replace("seats: 10", "seats: 9"), 0),
        ("tightens", SOLD.replace("seats: 10", "seats: 20"), 0),
    ],
)
def test_a_plan_can_be_refused_for_whom_it_affects(
    lowered: Workplace, gate: str, catalog: str, code: int
) -> None:
    lowered.write("catalog.yaml", catalog)
    done = lowered.run("plan", "-f", "catalog.yaml", "-o", "new.plan.json", "--fail-on", gate)
    assert done.code == code
    assert (lowered.folder / "new.plan.json").exists() == (code == 0)
    assert ("license/growth/grant/seats" in done.stderr) == (code == 4)


def test_beyond_the_budget_a_sample_is_asked_and_called_one(lowered: Workplace) -> None:
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    found = lowered.run("impact", PLAN, "--impact-budget", "3", "--format", "json").json
    assert found["sampled"] == {"size": 2, "population": 4, "margin": pytest.approx(56.6, abs=0.1)}
    assert found["requests"] == 3
    text = lowered.run("impact", PLAN, "--impact-budget", "3").stdout
    assert "a sample of 2 of 4 holders" in text
    assert "(2 looked at)" in text
    gated = lowered.run("plan", "-f", "catalog.yaml", "--fail-on", "over", "--impact-budget", "3")
    assert gated.code == 4


def test_a_budget_that_is_just_enough_is_enough(lowered: Workplace) -> None:
    """What is read for a lowered limit is not counted again for a raised one."""
    lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN)
    whole = lowered.run("impact", PLAN, "--format", "json").json
    budget = whole["requests"]
    assert budget == 1 + 2 * len(USED)
    found = lowered.run("impact", PLAN, "--impact-budget", str(budget), "--format", "json").json
    for key in ("requests", "sampled", "changes", "raised"):
        assert found[key] == whole[key]


def test_a_token_that_may_not_read_instances_gets_the_plan_and_a_line(
    lowered: Workplace, api: httpx.Client
) -> None:
    scopes = ["write:entitlements", "write:licenses"]
    made = make(api, "/service-accounts/bootstrap/tokens", name="ci", scopes=scopes)
    poor = {"KAITEN_AUTH_TOKEN": made["token"]}
    done = lowered.run("plan", "-f", "catalog.yaml", "-o", PLAN, **poor)
    assert done.code == 0
    assert "Impact: Holders could not be looked at" in done.stdout
    assert "read:instances" in done.stdout
    gated = lowered.run("plan", "-f", "catalog.yaml", "--fail-on", "over", **poor)
    assert gated.code == 4
    assert "could not be looked at" in gated.stderr


def test_a_budget_of_nothing_asks_nobody(lowered: Workplace) -> None:
    done = lowered.run("plan", "-f", "catalog.yaml", "--impact-budget", "0")
    assert "Holders could not be looked at: the budget of requests is 0" in done.stdout


SOFT = [
    # before, after, and the highest accepted usage before and after; "one" has used 3, "two" 6
    ("{value: 5, overagePercent: 100}", "5", (10, 5), {"two", "three"}),
    ("{value: 5, overagePercent: 100}", "{value: 5, overagePercent: 40}", (10, 7), {"three"}),
    ("{value: 5, overagePercent: 100}", "{value: 4, overagePercent: 100}", (10, 8), {"three"}),
    (
        "{value: 10, overagePercent: 10}",
        "{value: 5, overagePercent: 10}",
        (11, 5.5),
        {"two", "three"},
    ),
]


@pytest.mark.parametrize(("before", "after", "limits", "over"), SOFT)
def test_a_soft_limit_is_judged_by_what_is_accepted(
    place: Workplace,
    api: httpx.Client,
    before: str,
    after: str,
    limits: tuple[float, float],
    over: set[str],
) -> None:
    place.write("catalog.yaml", SOLD.replace("seats: 10", f"seats: {before}"))
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    for slug, seats in USED.items():
        holder(api, slug, seats)
    place.write("catalog.yaml", SOLD.replace("seats: 10", f"seats: {after}"))
    assert place.run("plan", "-f", "catalog.yaml", "-o", PLAN).code == 0
    (change,) = place.run("impact", PLAN, "--format", "json").json["changes"]
    assert (change["before"], change["after"]) == limits
    assert {h["instance"] for h in change["worst"] if h["class"] == "over"} == over
