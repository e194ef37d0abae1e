"""The apply job takes the environment with reviewers only for what needs a review."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.forge.github import GitHub
from tests.support.forge.team import APPLY, Team

from kaiten_sync.jobs.workflows import Forge


@pytest.fixture
def team(place: Workplace) -> Team:
    """A team whose project names what needs no review, with workflows for that."""
    made = Team(Forge.GITHUB, place)
    for workflow in (made.folder / ".github/workflows").iterdir():
        workflow.unlink()
    made.change(
        "kaiten-sync.yaml", "policy:\n", "policy:\n  automatic: [create, loosens, neutral]\n"
    )
    # Workflows are for servers that CI can reach.
    made.change("kaiten-sync.yaml", place.url, "https://kaiten.example.com")
    done = kaiten_sync("init", ".", "--ci", "github", cwd=made.folder)
    assert done.code == 0, done.stderr
    made.change("kaiten-sync.yaml", "https://kaiten.example.com", place.url)
    made.repository.commit("Approve by effect")
    made.forge.secrets["prod-automatic"] = made.forge.secrets["prod"]
    return made


def applied_in(team: Team, threshold: str) -> str:
    """The environment in which a change of a limit is applied once it is merged."""
    team.branch(f"to-{threshold}")
    team.change("catalog/licenses.yaml", "api-calls: ", f"api-calls: {threshold} # was ")
    team.commit_plan()
    team.merge(f"to-{threshold}")
    job = team.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert team.threshold() == int(threshold)
    assert isinstance(team.forge, GitHub)
    return job.environment


def test_what_loosens_is_applied_without_a_review_and_what_tightens_with_one(team: Team) -> None:
    assert applied_in(team, "1000") == "prod-automatic"  # everything is created
    assert applied_in(team, "2000") == "prod-automatic"
    assert isinstance(team.forge, GitHub)
    assert "approval of prod: automatic" in team.forge.summary
    assert applied_in(team, "500") == "prod"
    assert "approval of prod: review" in team.forge.summary


def test_without_a_plan_and_for_one_that_is_refused_the_gate_stays(team: Team) -> None:
    assert team.forge.push("main")[APPLY].environment == "prod"
    team.branch("first")
    team.commit_plan()
    team.merge("first")
    team.change(
        "kaiten-sync.yaml",
        "policy:\n",
        'policy:\n  rules: [{name: none, deny: "plan.changes > 0"}]\n',
    )
    team.repository.commit("Nothing at all")
    job = team.forge.push("main")[APPLY]
    assert (job.environment, job.is_ok) == ("prod", False)
    assert team.threshold() is None


def test_the_job_that_looks_has_no_token(team: Team) -> None:
    team.branch("first")
    team.commit_plan()
    team.merge("first")
    looked = team.forge.push("main")["approval"]
    assert looked.is_ok, looked.log
    assert not any("KAITEN_PROD_TOKEN" in each for each in looked.environments)
