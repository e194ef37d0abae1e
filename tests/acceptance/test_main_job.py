"""The main job, command by command, against a running server."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync

CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  api-calls: {name: API Calls, type: NUMBER, groups: [quotas]}
  branding: {name: Branding, type: CONFIG}
licenses:
  growth:
    name: Growth
    type: PAID
    isDefault: true
    entitlements:
      api-calls: {value: 1000, overagePercent: 20}
      branding: {value: {theme: dark, colors: [red]}}
"""


@pytest.fixture
def applied(place: Workplace) -> Workplace:
    place.write("catalog.yaml", CATALOG)
    assert place.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    return place


def put(place: Workplace, path: str, body: dict[str, object]) -> None:
    headers = {"Authorization": f"Bearer {place.token}"}
    answer = httpx.put(f"{place.url}/api{path}", json=body, headers=headers)
    assert answer.status_code == 204, answer.text


def test_plan_apply_and_nothing_is_left(place: Workplace) -> None:
    """As processes; that other tests run commands in theirs makes no difference."""
    place.write("catalog.yaml", CATALOG)
    plan = ("plan", "-f", "catalog.yaml", "-o", "the.plan.json", "--detailed-exitcode")
    planned = place.run_process(*plan)
    assert planned.code == 2, planned.stderr
    assert "create" in planned.stdout
    assert "wrote the.plan.json" in planned.stderr
    (place.folder / "the.plan.json").unlink()
    assert planned == place.run(*plan)
    applied = place.run_process("apply", "the.plan.json")
    assert applied.code == 0, applied.stderr
    for again in (place.run_process(*plan), place.run(*plan)):
        assert (again.code, "No changes" in again.stdout) == (0, True)
    refused = ("plan", "-f", "nowhere.yaml")
    assert place.run_process(*refused) == place.run(*refused)


def test_applying_takes_exactly_the_requests_that_the_plan_says(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    planned = json.loads((place.folder / "p.json").read_text())
    result = place.run("apply", "p.json", "--format", "json").json
    assert result["requests"] == planned["requests"]


def test_updating_takes_exactly_the_requests_that_the_plan_says(applied: Workplace) -> None:
    applied.write("catalog.yaml", CATALOG.replace("1000", "900").replace("API Calls", "Calls"))
    applied.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    planned = json.loads((applied.folder / "p.json").read_text())
    result = applied.run("apply", "p.json", "--format", "json").json
    assert result["requests"] == planned["requests"]


def test_applying_the_same_plan_twice_does_nothing_twice(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    assert place.run("apply", "p.json").code == 0
    result = place.run("apply", "p.json", "--format", "json")
    assert result.code == 0
    assert {o["status"] for o in result.json["outcomes"]} == {"already-done"}


def test_a_hand_made_edit_comes_back_as_drift(applied: Workplace) -> None:
    path = "/licenses/growth/entitlements/api-calls"
    put(applied, path, {"value": {"type": "number", "value": 5000}})
    report = applied.run("drift", "-f", "catalog.yaml", "--detailed-exitcode")
    assert report.code == 2
    assert "license/growth/grant/api-calls" in report.stdout
    assert "value: live 5,000, git 1,000" in report.stdout
    assert "overage" in report.stdout  # the careless PUT turned a soft limit into a hard one
    found = applied.run("drift", "-f", "catalog.yaml", "--format", "json").json
    assert [d["class"] for d in found["differences"]] == ["changed"]
    assert applied.run("apply", "-f", "catalog.yaml", "--yes").code == 0
    assert applied.run("drift", "-f", "catalog.yaml", "--detailed-exitcode").code == 0


def test_a_plan_is_refused_when_the_server_has_moved_on(applied: Workplace) -> None:
    applied.write("catalog.yaml", CATALOG.replace("1000", "2000"))
    applied.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    path = "/licenses/growth/entitlements/api-calls"
    body = {"value": {"type": "number", "value": 7}, "limitCapExceededOveragePercent": 20}
    put(applied, path, body)
    refused = applied.run("apply", "p.json")
    assert refused.code == 4
    assert "value was 1,000 when the plan was made, now it is 7" in refused.stderr


def test_exporting_and_planning_gives_no_change(applied: Workplace) -> None:
    assert applied.run("export", "-o", "out").code == 0
    again = applied.run("plan", "-f", "out", "--detailed-exitcode")
    assert (again.code, "No changes" in again.stdout) == (0, True)
    assert applied.run("plan", "-f", "out", "--prune", "all", "--detailed-exitcode").code == 0
    twice = applied.run("export", "-o", "out")
    assert (twice.code, "already" in twice.stderr) == (3, True)


def test_pruning_deletes_what_is_not_declared(applied: Workplace) -> None:
    applied.write("catalog.yaml", "version: 1\ngroups:\n  quotas: {name: Quotas}\n")
    kept = applied.run("plan", "-f", "catalog.yaml", "--detailed-exitcode")
    assert kept.code == 0
    gone = applied.run("apply", "-f", "catalog.yaml", "--prune", "all", "--yes")
    assert gone.code == 0, gone.stderr + gone.stdout
    left = applied.run("export", "-o", "left")
    assert "1 object" in left.stdout


def test_what_cannot_change_is_refused_with_the_way_out(applied: Workplace) -> None:
    applied.write("catalog.yaml", CATALOG.replace("type: NUMBER", "type: NUMBER_AI_CREDIT"))
    refused = applied.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    assert refused.code == 4
    assert "type cannot go from NUMBER to NUMBER_AI_CREDIT" in refused.stderr
    assert "declare a new entitlement under another slug" in refused.stderr
    assert not (applied.folder / "p.json").exists()


def test_a_wrong_declaration_sends_nothing(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG.replace("isDefault", "isDefualt"))
    wrong = place.run("plan", "-f", "catalog.yaml", KAITEN_BASE_URL="http://127.0.0.1:9")
    assert wrong.code == 3
    assert "did you mean 'isDefault'" in wrong.stderr


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"KAITEN_BASE_URL": "http://127.0.0.1:9"}, 6, "no answer from"),
        ({"KAITEN_AUTH_TOKEN": "ksh_wrong-wrong-wrong-wrong"}, 6, "401"),
        ({"KAITEN_AUTH_TOKEN": ""}, 6, "no token was sent: set KAITEN_AUTH_TOKEN"),
        ({"KAITEN_BASE_URL": ""}, 3, "no server is named"),
        ({"KAITEN_BASE_URL": "http://kaiten.example.com"}, 3, "in clear"),
    ],
)
def test_no_way_in(place: Workplace, environment: dict[str, str], code: int, says: str) -> None:
    place.write("catalog.yaml", CATALOG)
    ended = place.run("plan", "-f", "catalog.yaml", **environment)
    assert (ended.code, says in ended.stderr) == (code, True), ended.stderr
    assert "wrong-wrong" not in ended.stderr


def test_a_plan_for_another_server_is_refused(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    refused = place.run("apply", "p.json", KAITEN_BASE_URL="http://127.0.0.1:9")
    assert (refused.code, "not for default" in refused.stderr) == (4, True)


def test_an_edited_plan_is_refused(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    place.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    path = place.folder / "p.json"
    path.write_text(path.read_text().replace("1000", "1"))
    refused = place.run("apply", "p.json")
    assert (refused.code, "changed after it was made" in refused.stderr) == (4, True)


def test_show_renders_a_saved_plan_in_any_format(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    planned = place.run("plan", "-f", "catalog.yaml", "-o", "p.json")
    assert place.run("show", "p.json").stdout == planned.stdout
    assert (
        place.run("show", "p.json", "--format", "json").stdout
        == (place.folder / "p.json").read_text()
    )
    assert (
        "<!-- kaiten-sync plan sha256:"
        in place.run("show", "p.json", "--format", "markdown").stdout
    )
    assert "<!doctype html>" in place.run("show", "p.json", "--format", "html").stdout.lower()


def test_nobody_to_ask_means_no(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    ended = place.run("apply", "-f", "catalog.yaml")
    assert (ended.code, "--yes" in ended.stderr) == (3, True)
    assert "\n0 objects" in place.run("export", "-o", "x").stdout


def test_a_target_can_insist_on_a_reviewed_plan(place: Workplace) -> None:
    place.write("catalog/c.yaml", CATALOG)
    place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog/]\n"
        f"targets:\n  prod: {{url: '{place.url}', requirePlan: true}}\n",
    )
    for token in (place.token, ""):  # nobody needs one to be refused
        refused = place.run("apply", "-t", "prod", "--yes", KAITEN_AUTH_TOKEN=token)
        assert (refused.code, "requirePlan" in refused.stderr) == (4, True)
    assert place.run("plan", "-t", "prod", "-o", "prod.plan.json").code == 0
    assert place.run("apply", "prod.plan.json").code == 0


def test_errors_are_json_too_when_json_is_asked_for(place: Workplace) -> None:
    place.write("catalog.yaml", "version: 1\nlicences: {}\n")
    ended = place.run("plan", "-f", "catalog.yaml", "--format", "json")
    assert ended.code == 3
    assert ended.json["error"]["exitCode"] == 3
    assert ended.json["error"]["diagnostics"][0]["rule"] == "unknown-field"


def test_a_plan_that_cannot_be_written_is_not_printed_either(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    args = ("plan", "-f", "catalog.yaml", "--format", "json", "-o", "catalog.yaml/p.json")
    ended = place.run(*args, "--previous", "none")
    assert (ended.code, ended.json["error"]["kind"]) == (3, "UsageError")


@pytest.mark.parametrize(
    "args",
    [
        ("frobnicate",),
        ("plan", "--frobnicate"),
        ("plan", "--format", "xml"),
        ("show",),
        ("show", "no-such-file"),
        ("plan", "-t", "nowhere"),
        ("plan", "-f", "catalog.yaml", "--max-deletes", "many"),
        ("plan", "--project", "no-such-file"),
    ],
)
def test_a_wrong_command_line_ends_with_3(place: Workplace, args: tuple[str, ...]) -> None:
    place.write("catalog.yaml", CATALOG)
    ended = place.run(*args)
    assert ended.code == 3
    assert ended.stderr.strip()


def test_help_of_every_command_has_an_example() -> None:
    listed = kaiten_sync("--help").stdout
    for name in re.findall(r"^  ([a-z]+) {2,}", listed.partition("Commands:")[2], re.M):
        assert "Examples:" in kaiten_sync(name, "--help").stdout, name


@pytest.mark.parametrize("spelling", ["localhost", "LOCALHOST.", "127.1", "[::ffff:127.0.0.1]"])
def test_a_server_that_takes_plan_files_only_does_so_under_any_name(
    place: Workplace, spelling: str
) -> None:
    place.write("catalog.yaml", CATALOG)
    place.write(
        "kaiten-sync.yaml",
        "version: 1\ncatalog: [catalog.yaml]\n"
        f"targets:\n  prod: {{url: '{place.url}', requirePlan: true}}\n"
        f"  other: {{url: '{place.url}/'}}\n",
    )
    url = place.url.replace("127.0.0.1", spelling) + "/api/"
    for refused in (
        place.run("apply", "--yes", "--allow-http", KAITEN_BASE_URL=url),
        place.run("apply", "--yes", "--base-url", url, "--allow-http"),
        place.run("apply", "-t", "other", "--yes"),
    ):
        assert (refused.code, "requirePlan" in refused.stderr) == (4, True), refused.stderr
