"""The workflows that `init --ci` writes, run as they stand against a real server.

Only the forge itself is missing: what it would do (events, conditions, secrets, artifacts) is in
`tests/support/forge`, and `gh` and `curl` keep comments and issues in a file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.forge.github import GitHub
from tests.support.forge.team import APPLY, PLAN, PLANNING, Team
from tests.support.forgeries import change, resealed
from tests.support.published import gitlab_ci_schema, workflow_schema

from kaiten_sync.jobs.workflows import Forge, workflow_paths


@pytest.fixture(params=list(Forge))
def team(request: pytest.FixtureRequest, place: Workplace) -> Team:
    return Team(request.param, place)


def digest_of(plan: Path) -> str:
    return str(json.loads(plan.read_text(encoding="utf-8"))["digest"])


def test_a_pull_request_shows_its_plan_in_one_comment(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    jobs = team.forge.pull_request("first")
    assert {name: job.is_ok for name, job in jobs.items()} == {"validate": True, PLANNING: True}
    (comment,) = team.forge.workshop.comments
    marker, header, *_ = comment.split("\n\n", 1)[0].splitlines() + comment.splitlines()[2:3]
    assert marker == "<!-- kaiten-sync comment prod -->"
    assert header == f"<!-- kaiten-sync plan {digest_of(team.folder / PLAN)} -->"
    assert "license/growth" in comment
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.commit_plan()
    assert team.forge.pull_request("first")[PLANNING].is_ok
    (replaced,) = team.forge.workshop.comments
    assert digest_of(team.folder / PLAN) in replaced
    if isinstance(team.forge, GitHub):
        assert team.forge.summary == replaced


def test_a_plan_that_does_not_fit_fails_and_the_right_one_is_at_hand(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.repository.commit("More calls")
    jobs = team.forge.pull_request("first")
    assert (jobs["validate"].is_ok, jobs[PLANNING].is_ok) == (True, False)
    assert "license/growth/grant/api-calls: declared differently" in jobs[PLANNING].log
    (comment,) = team.forge.workshop.comments
    assert "is not up to date" in comment
    assert f"goes to `{PLAN}`" in comment
    right = jobs[PLANNING].artifacts["prod.plan.json"]
    (team.folder / PLAN).write_text(right, encoding="utf-8")
    team.repository.commit("The right plan")
    assert team.forge.pull_request("first")[PLANNING].is_ok
    (replaced,) = team.forge.workshop.comments
    assert "is not up to date" not in replaced


def test_a_refused_plan_leaves_no_old_plan_in_the_comment(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    assert team.forge.pull_request("first")[PLANNING].is_ok
    (team.folder / PLAN).write_text("{}", encoding="utf-8")
    team.repository.commit("Edited by hand")
    assert not team.forge.pull_request("first")[PLANNING].is_ok
    (comment,) = team.forge.workshop.comments
    assert "There is no plan for `prod`" in comment
    assert "sha256" not in comment


def test_the_merge_applies_exactly_the_committed_plan(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    assert team.forge.push("first").get(APPLY) is None
    assert team.threshold() is None
    team.merge("first")
    job = team.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert team.threshold() == 1000
    receipt = json.loads(job.artifacts["prod.receipt.json"])
    assert receipt["planDigest"] == digest_of(team.folder / PLAN)
    again = team.forge.push("main")[APPLY]
    assert again.is_ok, again.log
    outcomes = json.loads(again.artifacts["prod.receipt.json"])["outcomes"]
    assert {each["status"] for each in outcomes} == {"already-done"}


def test_a_catalog_that_was_merged_without_its_plan_is_not_applied(team: Team) -> None:
    team.agree()
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.repository.commit("Without a plan")
    job = team.forge.push("main")[APPLY]
    assert not job.is_ok
    assert "the plan was not made from this catalog" in job.log
    assert team.threshold() == 1000


def test_the_receipt_is_kept_when_the_server_has_moved_on(team: Team) -> None:
    team.agree()
    team.branch("second")
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.commit_plan()
    team.put_threshold(7)
    team.merge("second")
    job = team.forge.push("main")[APPLY]
    assert not job.is_ok
    assert json.loads(job.artifacts["prod.receipt.json"])["state"] == "refused"
    assert team.threshold() == 7


def test_a_forged_plan_is_not_applied(team: Team) -> None:
    team.agree()
    team.branch("second")
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.commit_plan()
    document = json.loads((team.folder / PLAN).read_text(encoding="utf-8"))

    def give_more(forged: dict[str, Any]) -> None:
        change(forged, "update:license/growth/grant/api-calls")["fields"][0]["after"] = 10**6

    (team.folder / PLAN).write_bytes(resealed(document, give_more))
    team.repository.commit("Nothing to see here")
    assert not team.forge.pull_request("second")[PLANNING].is_ok
    team.merge("second")
    job = team.forge.push("main")[APPLY]
    assert not job.is_ok
    assert "value would become 1,000,000; the catalog says 2,000" in job.log
    assert team.threshold() == 1000


def test_a_revert_without_a_new_plan_fails_the_job_and_says_what_to_do(team: Team) -> None:
    team.agree()
    for name, value in (("second", "2000"), ("third", "3000")):
        team.branch(name)
        team.change("catalog/licenses.yaml", "api-calls: ", f"api-calls: {value} # was ")
        team.commit_plan()
        team.merge(name)
        job = team.forge.push("main")[APPLY]
        assert job.is_ok, job.log
    team.repository.git("revert", "--no-edit", "HEAD~1..HEAD")
    assert not team.forge.push("main")[APPLY].is_ok
    assert team.threshold() == 3000
    team.commit_plan()
    job = team.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert team.threshold() == 2000


def test_before_there_is_a_plan_nothing_is_applied(team: Team) -> None:
    job = team.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert "nothing is applied" in job.log
    assert job.artifacts == {}


@pytest.mark.parametrize("team", [Forge.GITHUB], indirect=True)
def test_drift_opens_one_issue_and_its_end_closes_it(team: Team) -> None:
    team.agree()
    assert team.forge.schedule()["drift prod"].is_ok
    assert team.forge.workshop.issues == []
    for value in (5000, 6000):
        team.put_threshold(value)
        assert team.forge.schedule()["drift prod"].is_ok
        (issue,) = team.forge.workshop.issues
        assert (issue["title"], issue["state"]) == ("Drift of prod", "open")
        assert issue["body"].startswith("<!-- kaiten-sync drift prod -->\n")
        assert f"{value:,}" in issue["body"]
    team.put_threshold(1000)
    assert team.forge.schedule()["drift prod"].is_ok
    (issue,) = team.forge.workshop.issues
    assert issue["state"] == "closed"
    team.put_threshold(7000)
    team.forge.schedule()
    assert [each["state"] for each in team.forge.workshop.issues] == ["closed", "open"]


@pytest.mark.parametrize("team", [Forge.GITLAB], indirect=True)
def test_drift_fails_the_scheduled_job(team: Team) -> None:
    team.agree()
    assert set(team.forge.schedule()) == {"drift prod"}
    assert team.forge.schedule()["drift prod"].is_ok
    team.put_threshold(5000)
    job = team.forge.schedule()["drift prod"]
    assert not job.is_ok
    assert "5,000" in job.artifacts["drift.md"]


def test_a_drift_that_cannot_be_looked_for_is_a_failure(team: Team) -> None:
    team.forge.secrets["prod-read"] = {"KAITEN_PROD_TOKEN": "ksh_wrong"}
    assert not team.forge.schedule()["drift prod"].is_ok
    assert team.forge.workshop.issues == []


def test_a_fork_is_validated_and_sees_no_token(team: Team) -> None:
    team.branch("theirs")
    team.change("catalog/licenses.yaml", "name: Growth", "nane: Growth")
    team.repository.commit("A typo")
    jobs = team.forge.pull_request("theirs", from_fork=True)
    assert {name: job.is_ok for name, job in jobs.items()} == {"validate": False}
    assert team.forge.workshop.calls == []
    for environment in jobs["validate"].environments:
        assert not {name for name in environment if "TOKEN" in name}
        assert team.server.token not in environment.values()
    lines = (team.folder / "catalog/licenses.yaml").read_text(encoding="utf-8").splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if text.strip().startswith("nane:"))
    if isinstance(team.forge, GitHub):
        assert f"::error file=catalog/licenses.yaml,line={line}," in jobs["validate"].log
    else:
        findings = json.loads(jobs["validate"].artifacts["gl-code-quality-report.json"])
        place = {"path": "catalog/licenses.yaml", "lines": {"begin": line}}
        assert place in [finding["location"] for finding in findings]
        assert "<failure" in jobs["validate"].artifacts["validate.xml"]


def test_every_job_sees_only_the_token_of_its_environment(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    events = (
        (team.forge.pull_request("first"), "prod-read"),
        (team.forge.schedule(), "prod-read"),
        (team.forge.push("main"), "prod"),
    )
    for jobs, environment in events:
        seen = {
            each.get("KAITEN_PROD_TOKEN", "") for job in jobs.values() for each in job.environments
        }
        assert seen - {""} == {team.forge.secrets[environment]["KAITEN_PROD_TOKEN"]}


def test_the_token_that_plans_cannot_apply(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    team.merge("first")
    team.forge.secrets["prod"] = team.forge.secrets["prod-read"]
    job = team.forge.push("main")[APPLY]
    assert not job.is_ok
    assert "403" in job.log
    assert team.threshold() is None
    outcomes = json.loads(job.artifacts["prod.receipt.json"])["outcomes"]
    assert "done" not in {each["status"] for each in outcomes}


TARGETS = """\
version: 1
catalog: [catalog/, more/extra.yaml, "."]
targets:
  local: {url: http://127.0.0.1:6060}
  staging: {url: https://staging.example.com, token: {env: STAGING_TOKEN}, overlays: [overlays/]}
  prod: {url: https://prod.example.com, token: {env: PROD_TOKEN}}
  plain: {url: https://plain.example.com}
"""


@pytest.mark.parametrize("forge", list(Forge))
def test_workflows_fit_their_published_schema(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "kaiten-sync.yaml").write_text(TARGETS, encoding="utf-8")
    assert kaiten_sync("init", ".", "--ci", forge.value, cwd=tmp_path).code == 0
    schema = workflow_schema() if forge is Forge.GITHUB else gitlab_ci_schema()
    validator = validator_for(schema)(schema)
    for name in workflow_paths(forge):
        text = (tmp_path / name).read_text(encoding="utf-8").replace("\non:", "\n'on':")
        assert "@@" not in text
        errors = [error.message for error in validator.iter_errors(yaml.safe_load(text))]
        assert errors == [], name


def test_a_project_that_is_there_gets_workflows_for_its_targets(tmp_path: Path) -> None:
    (tmp_path / "kaiten-sync.yaml").write_text(TARGETS, encoding="utf-8")
    done = kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path)
    assert done.code == 0, done.stderr
    text = (tmp_path / ".github/workflows/kaiten-sync-plan.yml").read_text(encoding="utf-8")
    assert 'target: ["plain", "prod", "staging"]' in text
    assert (
        'paths: ["kaiten-sync.yaml", "catalog/**/*", "more/extra.yaml", "**/*", "overlays/**/*",'
        ' "plans/**/*"]' in text
    )
    assert "PROD_TOKEN: ${{ (matrix.target == 'prod') && secrets.PROD_TOKEN || '' }}" in text
    assert "KAITEN_AUTH_TOKEN: ${{ (matrix.target == 'plain')" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".gitattributes",
        ".github",
        "kaiten-sync.yaml",
    ]
    again = kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path)
    assert (again.code, "wrote" in again.stdout) == (0, False)


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ("local: {url: http://127.0.0.1:6060}", "no target that CI could reach"),
        ("prod: {url: https://x.example.com, token: {file: t}}", "takes its token from a file"),
    ],
)
def test_a_project_that_ci_cannot_serve_gets_no_workflows(
    tmp_path: Path, targets: str, says: str
) -> None:
    text = f"version: 1\ncatalog: [catalog/]\ntargets:\n  {targets}\n"
    (tmp_path / "kaiten-sync.yaml").write_text(text, encoding="utf-8")
    done = kaiten_sync("init", ".", "--ci", "gitlab", cwd=tmp_path)
    assert (done.code, says in done.stderr) == (3, True)
    assert not (tmp_path / ".gitlab-ci.yml").exists()


def test_a_workflow_that_was_changed_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kaiten-sync.yaml").write_text(TARGETS, encoding="utf-8")
    (tmp_path / ".gitlab-ci.yml").write_text("stages: [mine]\n", encoding="utf-8")
    done = kaiten_sync("init", ".", "--ci", "gitlab", cwd=tmp_path)
    assert (done.code, "never overwrites" in done.stderr) == (3, True)
    assert "--pipeline kaiten-sync.gitlab-ci.yml" in done.stderr
    assert (tmp_path / ".gitlab-ci.yml").read_text(encoding="utf-8") == "stages: [mine]\n"


@pytest.mark.parametrize("start", ["an existing project", "a new one"])
def test_a_pipeline_can_be_included_in_one_that_is_there(tmp_path: Path, start: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitlab-ci.yml").write_text("stages: [mine]\n", encoding="utf-8")
    folder = tmp_path / "licensing"
    folder.mkdir()
    if start == "an existing project":
        (folder / "kaiten-sync.yaml").write_text(TARGETS, encoding="utf-8")
    words = ("--ci", "gitlab", "--pipeline", "licensing/ours.gitlab-ci.yml")
    done = kaiten_sync("init", "licensing", *words, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert 'include: [{local: "/licensing/ours.gitlab-ci.yml"}]' in done.stderr
    pipeline = yaml.safe_load((folder / "ours.gitlab-ci.yml").read_text(encoding="utf-8"))
    # `workflow`, or a job of the same name, would change the pipeline that is there.
    assert all(name.lstrip(".").startswith("kaiten-sync-") for name in pipeline)
    assert all(job.get("stage", "plan") in done.stderr for job in pipeline.values())
    assert (tmp_path / ".gitlab-ci.yml").read_text(encoding="utf-8") == "stages: [mine]\n"
    assert kaiten_sync("init", ".", *words[:2], "--pipeline", "x", cwd=folder).code == 0
    assert kaiten_sync("init", ".", "--pipeline", "y", cwd=folder).code == 3


@pytest.mark.parametrize("start", ["an existing project", "a new one"])
@pytest.mark.parametrize("file", ["../ours.yml", "ABOVE/ours.yml", "a/../../ours.yml"])
def test_a_pipeline_that_no_repository_could_include_is_refused(
    tmp_path: Path, file: str, start: str
) -> None:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    if start == "an existing project":
        (folder / "kaiten-sync.yaml").write_text(TARGETS, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    words = ("--ci", "gitlab", "--pipeline", file.replace("ABOVE", str(tmp_path)))
    done = kaiten_sync("init", ".", *words, cwd=folder)
    assert done.code == 3
    assert "is outside the repository" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_second_project_keeps_the_checks_of_the_first(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert kaiten_sync("init", "one", cwd=tmp_path).code == 0
    workflow = tmp_path / ".github/workflows/kaiten-sync.yml"
    before = workflow.read_bytes()
    done = kaiten_sync("init", "two", cwd=tmp_path)
    assert (done.code, "validate this project in it, too" in done.stderr) == (0, True)
    assert workflow.read_bytes() == before
    refused = kaiten_sync("init", "three", "--ci", "github", cwd=tmp_path)
    assert (refused.code, "add `--name three`" in refused.stderr) == (3, True)
    again = kaiten_sync("init", "three", "--ci", "github", "--name", "three", cwd=tmp_path)
    assert again.code == 0
    assert "`kaiten-sync init three --ci github --name three --install-from" in again.stderr
    assert kaiten_sync("init", "four", "--name", "4", cwd=tmp_path).code == 3
    assert workflow.read_bytes() == before


def test_a_new_project_without_ci_only_validates(tmp_path: Path) -> None:
    assert kaiten_sync("init", ".", cwd=tmp_path).code == 0
    assert [p.name for p in (tmp_path / ".github/workflows").iterdir()] == ["kaiten-sync.yml"]
    assert "\n  # prod:" in (tmp_path / "kaiten-sync.yaml").read_text(encoding="utf-8")


def test_github_workflows_assume_no_name_of_the_default_branch(tmp_path: Path) -> None:
    assert kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).code == 0
    for name in workflow_paths(Forge.GITHUB):
        workflow = yaml.safe_load((tmp_path / name).read_text("utf-8").replace("\non:", "\n'on':"))
        if "push" in workflow["on"]:
            assert "branches" not in (workflow["on"]["push"] or {})
            for job in workflow["jobs"].values():
                assert "github.event.repository.default_branch" in job["if"]


def test_github_workflows_give_away_as_little_as_they_can(tmp_path: Path) -> None:
    assert kaiten_sync("init", ".", "--ci", "github", cwd=tmp_path).code == 0
    for name in workflow_paths(Forge.GITHUB):
        text = (tmp_path / name).read_text(encoding="utf-8")
        workflow = yaml.safe_load(text.replace("\non:", "\n'on':"))
        assert "pull_request_target" not in workflow["on"]
        assert workflow["permissions"] in ({}, {"contents": "read"})
        for job in workflow["jobs"].values():
            granted = job.get("permissions", workflow["permissions"])
            assert granted.pop("contents") == "read"
            assert granted in ({}, {"pull-requests": "write"}, {"issues": "write"})
            for step in job["steps"]:
                assert re.search(r"@[0-9a-f]{40}$", step.get("uses", f"@{'0' * 40}"))
                assert "${{" not in step.get("run", "")
                if "checkout" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False
