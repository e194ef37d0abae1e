"""Comments and summaries have everything that a person needs, as a CommonMark reader shows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.commonmark import Shown
from tests.support.forge.github import GitHub
from tests.support.forge.team import APPLY, PLAN, PLANNING, Team

from kaiten_sync.jobs.workflows import Forge


@pytest.fixture
def on_github(place: Workplace) -> Team:
    return Team(Forge.GITHUB, place)


def _edit_plan_by_hand(team: Team) -> None:
    (team.folder / PLAN).write_text("{}", encoding="utf-8")


def _declare_nonsense(team: Team) -> None:
    team.change("catalog/licenses.yaml", "name: Growth", "nane: Growth")


def _declare_more(team: Team) -> None:
    team.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")


def _allow_no_update(team: Team) -> None:
    _declare_more(team)
    team.change("kaiten-sync.yaml", "maxUpdates: 30%", "maxUpdates: 0")


def _lose_the_token(team: Team) -> None:
    team.forge.secrets["prod-read"] = {}


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        (_edit_plan_by_hand, "plans/prod.plan.json: not a plan file"),
        (_declare_nonsense, "nane"),
        (_declare_more, "license/growth/grant/api-calls: declared differently"),
        (_allow_no_update, "maxUpdates"),
        (_lose_the_token, "KAITEN_PROD_TOKEN"),
    ],
)
def test_the_comment_says_why_there_is_no_plan(
    on_github: Team, slip: Callable[[Team], None], says: str
) -> None:
    on_github.agree()
    on_github.branch("second")
    on_github.change("catalog/licenses.yaml", "To try things out", "For a try")
    slip(on_github)
    on_github.repository.commit("A slip")
    assert not on_github.forge.pull_request("second")[PLANNING].is_ok
    (comment,) = on_github.forge.workshop.comments
    shown = Shown(comment)
    assert says in shown.unfolded
    assert any(says in block for block in shown.blocks) or says in shown.text
    assert "log of the job" not in shown.text


def test_a_refused_apply_says_why_in_the_summary(on_github: Team) -> None:
    on_github.agree()
    on_github.branch("second")
    on_github.change("catalog/licenses.yaml", "api-calls: 1000", "api-calls: 2000")
    on_github.commit_plan()
    on_github.put_threshold(7)
    on_github.merge("second")
    assert not on_github.forge.push("main")[APPLY].is_ok
    assert isinstance(on_github.forge, GitHub)
    shown = Shown(on_github.forge.summary)
    (block,) = shown.blocks
    assert "value was 1,000 when the plan was made, now it is 7" in block
    assert "the plan is stale" in shown.unfolded
    assert "make the plan again" in shown.unfolded


def test_an_apply_that_fails_halfway_says_what_failed_in_the_summary(on_github: Team) -> None:
    on_github.branch("first")
    on_github.commit_plan()
    on_github.merge("first")
    on_github.forge.secrets["prod"] = on_github.forge.secrets["prod-read"]
    assert not on_github.forge.push("main")[APPLY].is_ok
    assert isinstance(on_github.forge, GitHub)
    shown = Shown(on_github.forge.summary)
    assert "403" in shown.unfolded
    assert "Nothing applied to prod" in shown.unfolded


def test_what_was_applied_is_outside_the_plan_that_is_folded_up(on_github: Team) -> None:
    on_github.branch("first")
    on_github.commit_plan()
    on_github.merge("first")
    assert on_github.forge.push("main")[APPLY].is_ok
    assert isinstance(on_github.forge, GitHub)
    shown = Shown(on_github.forge.summary)
    assert shown.top_level.count("h3") == 2
    assert "Applied to prod" in shown.unfolded
    assert "```" not in shown.text
