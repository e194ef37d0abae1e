"""A plan that is applied fails the check, so it is looked at only if a change concerns it."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.forge.github import GitHub
from tests.support.forge.jobs import Job
from tests.support.forge.team import PLAN, PLANNING, Team

from kaiten_sync.jobs.workflows import Forge, workflow_paths

NOTHING = "nothing has changed that the plan of prod is made from"


@pytest.fixture(params=list(Forge))
def team(request: pytest.FixtureRequest, place: Workplace) -> Team:
    return Team(request.param, place)


def looks(team: Team, branch: str) -> list[dict[str, Job]]:
    """The jobs of a pull request, and those of a merge queue if the forge has one."""
    jobs = [team.forge.pull_request(branch)]
    return [*jobs, team.forge.merge_queue(branch)] if isinstance(team.forge, GitHub) else jobs


def test_an_applied_plan_stops_no_change_that_does_not_concern_it(team: Team) -> None:
    team.agree()
    team.branch("words")
    (team.folder / "README.md").write_text("Hello\n", encoding="utf-8")
    team.repository.commit("Words")
    for jobs in looks(team, "words"):
        assert jobs[PLANNING].is_ok, jobs[PLANNING].log
        assert NOTHING in jobs[PLANNING].log
    assert team.forge.workshop.calls == []


@pytest.mark.parametrize("file", ["catalog/more.yaml", "kaiten-sync.yaml", PLAN])
def test_all_that_a_plan_is_made_from_concerns_it(team: Team, file: str) -> None:
    team.agree()
    team.branch("second")
    path = team.folder / file
    if file == PLAN:
        path.unlink()
    else:
        text = path.read_text(encoding="utf-8") if path.exists() else "version: 1\n"
        path.write_text(f"{text}# another line\n", encoding="utf-8")
    team.repository.commit("Another line")
    for jobs in looks(team, "second"):
        assert NOTHING not in jobs[PLANNING].log
        assert not jobs[PLANNING].is_ok  # the plan is applied, so it is another now


def test_overlays_of_one_target_leave_the_plan_of_another_alone(team: Team) -> None:
    with_staging(team)
    team.agree()
    team.branch("second")
    overlay = team.folder / "over lays" / "staging.yaml"
    overlay.write_text("version: 1\nlicenses: {growth: {name: More}}\n", encoding="utf-8")
    team.repository.commit("Only there")
    for jobs in looks(team, "second"):
        assert jobs[PLANNING].is_ok, jobs[PLANNING].log
        assert NOTHING in jobs[PLANNING].log
        assert not jobs["plan eu.staging"].is_ok


def with_staging(team: Team) -> None:
    """Workflows for another target with an overlay, on the same server."""
    url = team.server.url.replace("127.0.0.1", "localhost")
    staging = f"targets:\n  eu.staging: {{url: {url}, overlays: ['over lays/']}}\n"
    team.change("kaiten-sync.yaml", "targets:\n", staging)
    (team.folder / "over lays").mkdir()
    overlay = team.folder / "over lays" / "staging.yaml"
    overlay.write_text("version: 1\n", encoding="utf-8")
    forge = Forge(team.forge.kind)
    for name in workflow_paths(forge):
        (team.folder / name).unlink()
    # None is written for a server on this machine.
    away = {team.server.url: "https://prod.example.com", url: "https://staging.example.com"}
    for there, name in away.items():
        team.change("kaiten-sync.yaml", there, name)
    assert kaiten_sync("init", ".", "--ci", forge.value, cwd=team.folder).code == 0
    for there, name in away.items():
        team.change("kaiten-sync.yaml", name, there)
    team.repository.commit("Another target")
