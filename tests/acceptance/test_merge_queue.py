"""GitHub's merge queue: what would be merged is checked once more, and nothing else is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.acceptance.conftest import Workplace
from tests.support.forge.github import GitHub
from tests.support.forge.team import APPLY, PLAN, PLANNING, Team

from kaiten_sync.jobs.workflows import Forge

WORKFLOWS = Path(".github/workflows")
NOTHING = "nothing has changed that the plan of prod is made from"


class Queue:
    """A team whose pull requests are merged by GitHub's queue."""

    def __init__(self, place: Workplace) -> None:
        self.team = Team(Forge.GITHUB, place)
        assert isinstance(self.team.forge, GitHub)
        self.forge = self.team.forge

    def more_calls(self, name: str, calls: int, base: str = "main") -> None:
        self.team.repository.git("switch", "--create", name, base)
        self.team.change("catalog/licenses.yaml", "api-calls: ", f"api-calls: {calls} # was ")


@pytest.fixture
def queue(place: Workplace) -> Queue:
    return Queue(place)


def test_the_queue_checks_the_plan_and_comments_nowhere(queue: Queue) -> None:
    queue.team.agree()
    queue.more_calls("second", 2000)
    queue.team.commit_plan()
    jobs = queue.forge.merge_queue("second")
    assert {name: job.is_ok for name, job in jobs.items()} == {"validate": True, PLANNING: True}
    assert "is up to date" in jobs[PLANNING].log
    assert queue.forge.workshop.calls == []
    assert queue.team.threshold() == 1000


def test_a_plan_that_does_not_fit_leaves_the_queue(queue: Queue) -> None:
    queue.team.agree()
    queue.more_calls("second", 2000)
    queue.team.repository.commit("Without a plan")
    job = queue.forge.merge_queue("second")[PLANNING]
    assert not job.is_ok
    assert "license/growth/grant/api-calls" in job.log
    assert "prod.plan.json" in job.artifacts
    assert queue.forge.workshop.calls == []


def test_a_group_is_compared_with_the_group_before_it(queue: Queue) -> None:
    queue.team.agree()
    queue.more_calls("second", 2000)
    queue.team.commit_plan()
    assert queue.forge.merge_queue("second")[PLANNING].is_ok
    queue.team.repository.git("switch", "--create", "words", "main")
    (queue.team.folder / "README.md").write_text("Hello\n", encoding="utf-8")
    queue.team.repository.commit("Words")
    group = queue.forge.merge_queue("words", base="gh-readonly-queue/main/second")
    assert NOTHING in group[PLANNING].log
    # Its own change is looked at, whatever the group before it has.
    queue.more_calls("third", 3000, "gh-readonly-queue/main/second")
    queue.team.repository.commit("Without a plan")
    last = queue.forge.merge_queue("third", base="gh-readonly-queue/main/second")
    assert not last[PLANNING].is_ok


def test_a_plan_that_is_gone_is_looked_at(queue: Queue) -> None:
    queue.team.agree()
    queue.team.branch("gone")
    (queue.team.folder / PLAN).unlink()
    queue.team.repository.commit("Remove the plan")
    assert not queue.forge.merge_queue("gone")[PLANNING].is_ok


def test_only_the_push_that_merges_a_group_applies_it(queue: Queue) -> None:
    queue.team.agree()
    queue.more_calls("second", 2000)
    queue.team.commit_plan()
    queue.forge.merge_queue("second")
    # GitHub pushes the branch of a group as well.
    assert APPLY not in queue.forge.push("gh-readonly-queue/main/second")
    queue.team.repository.git("switch", "main")
    queue.team.repository.git("merge", "--ff-only", "gh-readonly-queue/main/second")
    job = queue.forge.push("main")[APPLY]
    assert job.is_ok, job.log
    assert queue.team.threshold() == 2000


def test_groups_of_the_queue_do_not_cancel_each_other(queue: Queue) -> None:
    path = queue.team.folder / WORKFLOWS / "kaiten-sync-plan.yml"
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    assert job["concurrency"]["group"].endswith(
        "-${{ github.event.pull_request.number || github.ref }}"
    )
