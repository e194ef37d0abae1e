"""Workflows of a project that is not at the root of its repository, and those that commit plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.forge.github import GitHub
from tests.support.forge.team import APPLY, PLAN, PLANNING, Team

from kaiten_sync.jobs.workflows import Forge


@pytest.mark.parametrize("forge", list(Forge))
def test_a_project_in_a_folder_is_planned_and_applied(forge: Forge, place: Workplace) -> None:
    team = Team(forge, place, folder="sales/licensing")
    team.branch("first")
    team.commit_plan()
    assert team.forge.pull_request("first")[PLANNING].is_ok
    (comment,) = team.forge.workshop.comments
    assert "license/growth" in comment
    team.merge("first")
    job = team.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert team.threshold() == 1000
    assert json.loads(job.artifacts["prod.receipt.json"])["state"] == "complete"


@pytest.mark.parametrize("forge", list(Forge))
def test_a_mistake_in_a_folder_is_shown_beside_its_line(forge: Forge, place: Workplace) -> None:
    team = Team(forge, place, folder="sales/licensing")
    team.branch("typo")
    team.change("catalog/licenses.yaml", "name: Growth", "nane: Growth")
    team.repository.commit("A typo")
    job = team.forge.pull_request("typo", from_fork=True)["validate"]
    assert not job.is_ok
    file = "sales/licensing/catalog/licenses.yaml"
    if isinstance(team.forge, GitHub):
        assert f"::error file={file},line=" in job.log
    else:
        found = json.loads(job.artifacts["gl-code-quality-report.json"])
        assert {each["location"]["path"] for each in found} == {file}


@pytest.mark.parametrize("forge", list(Forge))
@pytest.mark.parametrize("folder", [".", "licensing"])
def test_the_job_commits_the_plan_that_somebody_could_not_make(
    forge: Forge, folder: str, place: Workplace
) -> None:
    team = Team(forge, place, "--write-plans", folder=folder)
    team.branch("first")
    team.commit_plan()
    assert team.forge.pull_request("first")[PLANNING].is_ok
    assert team.forge.workshop.commits == []
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.repository.commit("More calls, without a plan")
    assert not team.forge.pull_request("first")[PLANNING].is_ok
    (commit,) = team.forge.workshop.commits
    path = PLAN if folder == "." else f"licensing/{PLAN}"
    assert (commit["branch"], commit["path"]) == ("first", path)
    (team.folder / PLAN).write_text(commit["content"], encoding="utf-8")
    team.repository.commit(commit["message"])
    assert team.forge.pull_request("first")[PLANNING].is_ok


@pytest.mark.parametrize("forge", list(Forge))
def test_no_module_of_the_branch_is_imported_by_a_job(
    forge: Forge, place: Workplace, tmp_path: Path
) -> None:
    team = Team(forge, place, "--write-plans")
    team.branch("first")
    team.commit_plan()
    ran = tmp_path / "ran"
    for name in ("json.py", "base64.py"):
        (team.folder / name).write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    team.repository.commit("More calls, and modules named as Python's own")
    assert not team.forge.pull_request("first")[PLANNING].is_ok
    assert len(team.forge.workshop.commits) == 1
    assert not ran.exists()


def test_a_fork_gets_no_commit(place: Workplace) -> None:
    team = Team(Forge.GITHUB, place, "--write-plans")
    team.branch("theirs")
    assert PLANNING not in team.forge.pull_request("theirs", from_fork=True)
    assert team.forge.workshop.commits == []


@pytest.mark.parametrize("forge", list(Forge))
def test_two_projects_of_a_repository_keep_apart(forge: Forge, place: Workplace) -> None:
    team = Team(forge, place, folder="licensing")
    second = Team.beside(team, "billing")
    team.forge.secrets["billing-prod-read"] = team.forge.secrets["prod-read"]
    team.forge.secrets["billing-prod"] = team.forge.secrets["prod"]
    team.branch("both")
    for each in (team, second):
        each.commit_plan()
    jobs = team.forge.pull_request("both")
    assert [jobs[name].is_ok for name in (PLANNING, f"billing-{PLANNING}")] == [True, True]
    marked = sorted(body.splitlines()[0] for body in team.forge.workshop.comments)
    assert marked == [f"<!-- kaiten-sync comment {e} -->" for e in ("billing-prod", "prod")]
    del team.forge.secrets["prod"]
    team.merge("both")
    jobs = team.forge.push("main")
    assert not jobs[APPLY].is_ok
    assert jobs[f"billing-{APPLY}"].is_ok, jobs[f"billing-{APPLY}"].log
    assert team.threshold() == 1000
