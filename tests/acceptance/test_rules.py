"""Rules of the project's own: typed with its file, judged on every way to a write."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.forgeries import sealed
from tests.support.tenants import holder, make, use

BEFORE = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {seats: 10, calls: 1000}
"""
LOWERED = BEFORE.replace("seats: 10", "seats: 5")
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  prod: {url: 'URL', token: {env: KAITEN_AUTH_TOKEN}}
policy:
  rules:
    - name: nobody is cut off
      deny: change.effect == "tightens" && impact.over > 0
      message: raise it, or make a new version
"""
PLAN = "prod.plan.json"


@pytest.fixture
def used(place: Workplace, api: httpx.Client) -> Workplace:
    """A project whose license one instance holds; it uses 6 seats of 10."""
    place.write("catalog.yaml", BEFORE)
    with_rules(place, PROJECT)
    assert place.run("plan", "-o", PLAN).code == 0
    assert place.run("apply", PLAN).code == 0
    holder(api, "acme-prod", 6)
    return place


def with_rules(place: Workplace, project: str) -> Path:
    return place.write("kaiten-sync.yaml", project.replace("URL", place.url))


def rule(expression: str, verb: str = "deny") -> str:
    return PROJECT.replace(
        'deny: change.effect == "tightens" && impact.over > 0', f"{verb}: {json.dumps(expression)}"
    )


def test_a_denied_plan_names_the_rule_the_object_and_the_message(used: Workplace) -> None:
    used.write("catalog.yaml", LOWERED)
    before = (used.folder / PLAN).read_bytes()
    done = used.run("plan", "-o", PLAN)
    assert done.code == 4
    assert "license/growth/grant/seats: the rule 'nobody is cut off' denies" in done.stderr
    assert "raise it, or make a new version" in done.stderr
    assert (used.folder / PLAN).read_bytes() == before


def test_a_rule_that_is_not_true_lets_the_plan_pass(used: Workplace) -> None:
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 6"))
    assert used.run("plan", "-o", PLAN).code == 0
    assert used.run("apply", PLAN, "--catalog", "catalog.yaml").code == 0


TRUE = [
    'change.address == "license/growth/grant/seats"',
    'change.address.glob("license/*/grant/seats")',
    'change.kind == "grant" && change.action == "update"',
    "change.fields.value.before == 10 && change.fields.value.after == 5",
    'change.fields["value"].effect == "tightens"',
    "impact.over * 100 > impact.holders * 5",
    "plan.actions.update == 1 && plan.actions.delete == 0",
    "plan.changes > 0 && plan.requests > 0",
    'target == "prod" && target.name == target',
    'declared == "catalog.yaml" && declared.file == declared && declared.line == 9',
]
FALSE = [
    'change.address.within("license/other")',
    "impact.near > 0 || impact.unknown > 0",
    "plan.effects.tightens > 1",
    '"overagePercent" in change.fields && change.fields.overagePercent.after > 3',
]
UNJUDGED = ["change.fields.overagePercent.after > 3", "plan.actions.delte > 0"]


def test_a_rule_sees_the_change_its_impact_and_the_plan(used: Workplace) -> None:
    used.write("catalog.yaml", LOWERED)
    project = PROJECT[: PROJECT.index("    - name")]
    for expression in (*TRUE, *FALSE, *UNJUDGED):
        project += f"    - {json.dumps({'name': expression, 'deny': expression})}\n"
    with_rules(used, project)
    done = used.run("plan", "-t", "prod")
    assert [each for each in TRUE if f"the rule '{each}' denies " not in done.stderr] == []
    assert [each for each in FALSE if f"the rule '{each}'" in done.stderr] == []
    assert [e for e in UNJUDGED if f"the rule '{e}' cannot be judged" not in done.stderr] == []


def test_a_rule_of_the_plan_alone_is_judged_once_and_names_no_object(used: Workplace) -> None:
    used.write("catalog.yaml", LOWERED.replace("calls: 1000", "calls: 500"))
    with_rules(used, rule("plan.effects.tightens > 1"))
    done = used.run("plan")
    assert done.code == 4
    assert done.stderr.count("the rule 'nobody is cut off' denies the plan") == 1


def test_a_rule_that_warns_lets_the_plan_pass_and_says_so(used: Workplace) -> None:
    used.write("catalog.yaml", LOWERED)
    with_rules(used, rule("impact.over > 0", "warn"))
    done = used.run("plan", "-o", PLAN)
    assert done.code == 0
    assert "warning: license/growth/grant/seats: the rule 'nobody is cut off' warns" in done.stderr
    assert "nobody is cut off" in used.run("plan", "--format", "markdown").stdout
    annotated = used.run("plan", "--format", "github").stdout
    assert "::warning file=catalog.yaml,line=9" in annotated
    assert used.run("apply", PLAN).code == 0


@pytest.mark.parametrize("arguments", [("--impact-budget", "0"), ("--impact-budget", "1")])
def test_a_rule_that_needs_holders_who_cannot_be_read_denies(
    used: Workplace, arguments: tuple[str, ...]
) -> None:
    used.write("catalog.yaml", LOWERED)
    done = used.run("plan", *arguments)
    assert done.code == 4
    assert "the rule 'nobody is cut off' cannot be judged: " in done.stderr
    assert "holders" in done.stderr


def test_a_token_that_may_not_read_instances_is_no_way_around_a_rule(
    used: Workplace, api: httpx.Client
) -> None:
    used.write("catalog.yaml", LOWERED)
    scopes = ["write:entitlements", "write:licenses"]
    made = make(api, "/service-accounts/bootstrap/tokens", name="ci", scopes=scopes)
    done = used.run("plan", KAITEN_AUTH_TOKEN=made["token"])
    assert done.code == 4
    assert "cannot be judged: holders could not be looked at" in done.stderr
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 20"))
    assert used.run("plan", KAITEN_AUTH_TOKEN=made["token"]).code == 0  # it takes nothing away


@pytest.mark.parametrize("arguments", [(PLAN,), (PLAN, "--catalog", "catalog.yaml")])
def test_apply_judges_a_plan_again(
    used: Workplace, api: httpx.Client, arguments: tuple[str, ...]
) -> None:
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 7"))
    assert used.run("plan", "-o", PLAN).code == 0
    assert use(api, "acme-prod", 2) == 200  # 8 of 7
    done = used.run("apply", *arguments)
    assert done.code == 4
    assert "license/growth/grant/seats: the rule 'nobody is cut off' denies" in done.stderr
    assert api.get("/licenses/growth/entitlements/seats").json()["value"]["value"] == 10


@pytest.mark.parametrize("arguments", [(PLAN,), (PLAN, "--catalog", "catalog.yaml")])
def test_the_plan_predicts_its_requests_although_rules_look_at_holders(
    used: Workplace, arguments: tuple[str, ...]
) -> None:
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 7"))
    assert used.run("plan", "-o", PLAN).code == 0
    predicted = json.loads((used.folder / PLAN).read_text())["requests"]
    assert used.run("apply", *arguments, "--format", "json").json["requests"] == predicted


def test_apply_without_a_plan_file_is_judged(used: Workplace, api: httpx.Client) -> None:
    used.write("catalog.yaml", LOWERED)
    done = used.run("apply", "-t", "prod", "--yes")
    assert done.code == 4
    assert "the rule 'nobody is cut off' denies" in done.stderr
    assert api.get("/licenses/growth/entitlements/seats").json()["value"]["value"] == 10


def forge_without_rules(place: Workplace) -> None:
    """A plan whose maker took the rules away, and put them back."""
    with_rules(place, PROJECT[: PROJECT.index("policy:")])
    assert place.run("plan", "-o", PLAN).code == 0
    with_rules(place, PROJECT)


def forge_by_hand(place: Workplace) -> None:
    """A plan that claims the rules' digest although they deny it."""
    forge_without_rules(place)
    denied = json.loads((place.folder / PLAN).read_text())
    with_rules(place, PROJECT)
    place.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 9"))
    assert place.run("plan", "-o", PLAN).code == 0
    denied["guards"]["rules"] = json.loads((place.folder / PLAN).read_text())["guards"]["rules"]
    place.write("catalog.yaml", LOWERED)
    place.write(PLAN, sealed(denied).decode())


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (forge_without_rules, "judged by other rules than those of the project file"),
        (forge_by_hand, "the rule 'nobody is cut off' denies"),
    ],
)
def test_a_forged_plan_does_not_get_around_the_rules(
    used: Workplace, api: httpx.Client, forge: Callable[[Workplace], None], reason: str
) -> None:
    used.write("catalog.yaml", LOWERED)
    forge(used)
    for arguments in ((PLAN,), (PLAN, "--catalog", "catalog.yaml")):
        done = used.run("apply", *arguments)
        assert done.code == 4
        assert reason in done.stderr
    assert api.get("/licenses/growth/entitlements/seats").json()["value"]["value"] == 10


def test_a_plan_that_was_judged_by_rules_is_not_applied_without_its_project(
    used: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 9"))
    assert used.run("plan", "-o", PLAN).code == 0
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    moved = Workplace(elsewhere, used.url, used.token)
    document = json.loads((used.folder / PLAN).read_text())
    document["target"]["name"] = "default"
    moved.write(PLAN, sealed(document).decode())
    done = moved.run("apply", PLAN)
    assert done.code == 4
    assert "no project file" in done.stderr


def test_a_revert_is_judged(used: Workplace, api: httpx.Client) -> None:
    raised = {"value": {"type": "number", "value": 20}}
    assert api.put("/licenses/growth/entitlements/seats", json=raised).is_success
    assert use(api, "acme-prod", 9) == 200  # 15 of the 20 that somebody granted by hand
    done = used.run("drift", "--revert", "-o", "revert.plan.json")
    assert done.code == 4
    assert "license/growth/grant/seats: the rule 'nobody is cut off' denies" in done.stderr
    assert not (used.folder / "revert.plan.json").exists()
    assert "acme-prod (acme)" in done.stdout
    unnamed = used.run("drift", "--revert", "--no-names")
    assert "holder 1" in unnamed.stdout
    assert "acme" not in unnamed.stdout + unnamed.stderr


def test_without_rules_a_plan_has_the_bytes_that_it_had(used: Workplace) -> None:
    used.write("catalog.yaml", BEFORE.replace("seats: 10", "seats: 9"))
    assert used.run("plan", "-o", PLAN).code == 0
    judged = json.loads((used.folder / PLAN).read_text())
    assert judged["guards"]["rules"].startswith("sha256:")
    with_rules(used, PROJECT[: PROJECT.index("policy:")])
    checked = used.run("plan", "-o", PLAN, "--check")
    assert checked.code == 2
    assert "the rules of the project file are others" in checked.stderr
    assert used.run("plan", "-o", PLAN).code == 0
    assert "rules" not in json.loads((used.folder / PLAN).read_text())["guards"]


def test_a_wrong_rule_is_found_by_validate_with_its_place(used: Workplace) -> None:
    with_rules(used, rule("change.efect == 'x' && impact.over > 'a'"))
    done = used.run("validate")
    assert done.code == 3
    assert "kaiten-sync.yaml:8:20" in done.stderr + done.stdout
    assert "did you mean 'change.effect'?" in done.stderr + done.stdout
    assert "does not take (int, string)" in done.stderr + done.stdout
    assert used.run("plan").code == 3


def test_rules_without_their_library_are_an_error_with_the_way_out(used: Workplace) -> None:
    used.write("shadow/cel_expr_python.py", "raise ImportError('no CEL here')\n")
    path = os.pathsep.join([str(used.folder / "shadow"), os.environ.get("PYTHONPATH", "")])
    done = used.run_process("plan", PYTHONPATH=path)
    assert done.code == 3
    assert "kaiten-sync.yaml:8" in done.stderr
    assert "with the extra `[rules]`" in done.stderr
