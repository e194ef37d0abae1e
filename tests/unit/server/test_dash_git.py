"""What the dashboard shows of git: marks at what is declared and has drifted, and the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.command import kaiten_sync
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import add_instance, client, done
from tests.support.metering import path as usage_path
from tests.support.processes import HANG_S
from tests.support.with_git import drift_by_hand, server_with_git

from kaiten_sync.server.dashboard.git_view import (
    AHEAD,
    DRIFTED,
    FAILURE_FRESH_MS,
    FRESH_MS,
    GitPlan,
    GitView,
    plan_maker,
)
from kaiten_sync.server.settings import PlanNotMadeError


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with server_with_git(tmp_path) as running:
        yield running


def test_pages_mark_what_git_says_and_the_plan_shows_what_it_would_change(
    git_server: EmbeddedServer,
) -> None:
    drift_by_hand(git_server)
    with at_dashboard(git_server.url, git_server.token) as dash:
        shown = dash.see("/plan")
        # Each side keeps its place, in whichever direction it is written.
        assert "value: <bdi>9 seats</bdi> → <bdi>5 seats</bdi>" in shown
        plan = Html(shown)
        assert [row[:3] for row in plan.rows()] == [
            ["license/growth/grant/seats", "update drifted", "tightens"]
        ]
        assert plan.rows()[0][4] == "catalog.yaml:7"
        assert plan.link("license/growth/grant/seats") == "/licenses/growth"
        assert "1 object not managed" in plan.text
        marks = {row[1]: row[2] for row in Html(dash.see("/entitlements")).rows()}
        assert marks == {
            "by-hand": "BOOLEAN unmanaged",
            "seats": "NUMBER declared",
            "api-calls": "NUMBER declared",
        }
        assert "PAID drifted" in Html(dash.see("/licenses/growth")).text
        assert "NUMBER drifted" in Html(dash.see("/licenses/growth")).text
        assert "NUMBER declared" in Html(dash.see("/licenses/growth")).text
        sending = [form for form in plan.all("form") if form.get("method") == "post"]
        assert [form.get("action") for form in sending] == ["/sign-out"]


def test_what_only_git_changed_is_ahead_and_not_drifted(
    git_server: EmbeddedServer, tmp_path: Path
) -> None:
    drift_by_hand(git_server)
    (tmp_path / "plans").mkdir()
    planned = kaiten_sync(
        *("plan", "-t", "local", "-o", "plans/local.plan.json"),
        cwd=tmp_path,
        environment={"KAITEN_GIT_TOKEN": git_server.token},
    )
    assert planned.code == 0, planned.stderr
    assert _marks(git_server) == ("git ahead", "git ahead")
    with at_dashboard(git_server.url, git_server.token) as dash:
        assert Html(dash.see("/plan")).rows()[0][1] == "update git ahead"
    headers = {"Authorization": f"Bearer {git_server.token}"}
    body = {"value": {"type": "number", "value": 7}}
    place = f"{git_server.url}/api/licenses/growth/entitlements/seats"
    done(httpx.put(place, json=body, headers=headers))
    maker = plan_maker(("kaiten_sync.cli.serving:project_plan", str(tmp_path / "kaiten-sync.yaml")))
    assert maker is not None
    made = GitView(maker, lambda: 0).latest(wait_s=HANG_S)
    assert made is not None
    assert made.mark("license/growth/grant/seats") == "drifted"
    assert made.mark("license/growth") == "drifted"


def _marks(server: EmbeddedServer) -> tuple[str, str]:
    """What is said of the license and of its grant that differs."""
    with at_dashboard(server.url, server.token) as dash:
        dash.see("/plan")
        license_ = next(row for row in Html(dash.see("/licenses")).rows() if row[0] == "Growth")
        grants = Html(dash.see("/licenses/growth")).rows()
    grant = next(row for row in grants if row[0].startswith("Seats"))
    return license_[4].removeprefix("PAID "), grant[1].removeprefix("NUMBER ")


def test_the_plan_names_what_is_not_managed_and_whom_it_affects(
    git_server: EmbeddedServer,
) -> None:
    drift_by_hand(git_server)
    headers = {"Authorization": f"Bearer {git_server.token}"}
    with httpx.Client(base_url=f"{git_server.url}/api", headers=headers) as api:
        add_instance(api)
        done(api.post("/instances/main/entitlements/seats/usage", json={"value": 8}))
    with at_dashboard(git_server.url, git_server.token) as dash:
        page = Html(dash.see("/plan"))
        assert page.link("entitlement/by-hand") == "/entitlements/by-hand"
        assert "1 instance affected: 1 would be over" in page.text
        assert page.rows()[0][5] == "1 over, 0 near of 1main: 8 seats used"


def test_the_plan_says_who_has_met_a_limit_that_it_raises(
    git_server: EmbeddedServer, tmp_path: Path
) -> None:
    drift_by_hand(git_server)
    file = tmp_path / "catalog.yaml"
    file.write_text(file.read_text().replace("api-calls: 1000", "api-calls: 2000"))
    with client(git_server.url, git_server.token) as api:
        add_instance(api)
        done(api.post(usage_path("api-calls"), json={"value": 1000}))
        assert api.post(usage_path("api-calls"), json={"value": 1}).status_code == 409
    with at_dashboard(git_server.url, git_server.token) as dash:
        raised = Html(dash.see("/plan?effect=loosens")).rows()
    assert [row[5] for row in raised] == ["1 at the old limit, 1 refused in 30 days of 1"]


def test_forms_of_what_git_declares_say_so_and_show_the_yaml_to_change(
    git_server: EmbeddedServer,
) -> None:
    drift_by_hand(git_server)
    with at_dashboard(git_server.url, git_server.token) as dash:
        dash.see("/plan")
        said = "Git declares this."
        license_, entitlement = "/licenses/growth", "/entitlements/seats"
        for path in (
            *(license_, f"{license_}/edit", f"{license_}/archive", f"{license_}/delete"),
            *(f"{license_}/grants/seats/remove", f"{entitlement}/edit", f"{entitlement}/delete"),
        ):
            assert said in Html(dash.see(path)).text, path
        for path in ("/entitlements/by-hand/edit", "/entitlements/by-hand/delete"):
            assert said not in Html(dash.see(path)).text, path
        review = Html(dash.send("/licenses/growth/thresholds", {"value:seats": "77"}).text)
        assert said in review.text
        declared = next(each for each in review.all("pre") if each.get("id") == "declaration")
        assert "seats: 77" in (declared.text or "")


def test_other_organizations_do_not_see_the_plan(git_server: EmbeddedServer) -> None:
    with at_dashboard(git_server.url, git_server.new_organization()) as stranger:
        assert "started without a project" in Html(stranger.see("/plan")).text


def test_a_plan_that_cannot_be_made_says_why(git_server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("version: 1\nentitlement: {}\n", encoding="utf-8")
    with at_dashboard(git_server.url, git_server.token) as dash:
        assert "catalog.yaml:2" in Html(dash.see("/plan")).text
        assert "unmanaged" not in Html(dash.see("/entitlements")).text


def test_without_a_project_the_page_says_how_to_start_with_one(dash: Dash) -> None:
    assert "kaiten-sync serve --project" in Html(dash.see("/plan")).text


def test_an_old_plan_is_made_again_and_a_fresh_one_is_kept() -> None:
    now_ms = [0]
    runs: list[int] = []

    def make() -> str:
        runs.append(now_ms[0])
        return _plan_of() if len(runs) > 1 else "no plan"

    view = GitView(make, lambda: now_ms[0])
    # Why there is no plan is looked at again soon: somebody mends the project.
    later = FAILURE_FRESH_MS + FRESH_MS
    for at_ms, count in (
        (0, 1),
        (FAILURE_FRESH_MS - 1, 1),
        (FAILURE_FRESH_MS, 2),
        (later - 1, 2),
        (later, 3),
    ):
        now_ms[0] = at_ms
        found = view.latest(wait_s=60)
        assert found is not None
        assert (found.problem is None) == (count > 1)
        assert found.mark("license/growth") == ("unmanaged" if count > 1 else None)
        assert len(runs) == count


def _plan_of(*changes: dict[str, str], impact: dict[str, Any] | None = None) -> str:
    """A plan that the reconciler could have made, with these changes."""
    drift = {
        "differences": [{"address": each["address"], "class": "git-ahead"} for each in changes]
    }
    rest = {"target": {"name": "local", "url": "http://localhost"}, "managed": [], "warnings": []}
    return json.dumps({"changes": changes, "drift": drift, "impact": impact, **rest})


def test_the_pages_of_a_huge_plan_follow_each_other(tmp_path: Path) -> None:
    created = [
        {"address": f"entitlement/e-{n}", "action": "create", "effect": "neutral"}
        for n in range(120)
    ]
    lowered = {"address": "license/a/grant/b", "action": "update", "effect": "tightens"}
    file = tmp_path / "plan.json"
    counts = {"holders": 3, "over": 0, "near": 1, "loses": 2, "unknown": 0}
    hit = {"address": lowered["address"], **counts, "worst": []}
    impact = {"changes": [hit], "raised": [], "totals": counts, "gap": None}
    file.write_text(_plan_of(*created, lowered, impact=impact), encoding="utf-8")
    source = ("tests.support.with_git:written_plan", str(file))
    with (
        EmbeddedServer(tmp_path, plan_source=source) as server,
        at_dashboard(server.url, server.token) as dash,
    ):
        pages = [Html(dash.see("/plan"))]
        while pages[-1].has_link("Next page"):
            pages.append(Html(dash.see(pages[-1].link("Next page"))))
        shown = [row[0] for page in pages for row in page.rows()]
        assert shown == [each["address"] for each in (*created, lowered)]
        assert len(pages) == 3
        assert "121 changes" in pages[0].text
        (row,) = Html(dash.see("/plan?effect=tightens")).rows()
        assert row[0] == lowered["address"]
        assert row[5] == "0 over, 1 near, 2 lose it of 3"


@pytest.mark.parametrize(
    ("error", "shown"),
    [(PlanNotMadeError("no such target\n"), "no such target"), (ZeroDivisionError("oh"), "oh")],
)
def test_a_plan_that_ends_in_an_error_is_no_plan(error: Exception, shown: str) -> None:
    def make() -> str:
        raise error

    found = GitView(make, lambda: 0).latest(wait_s=60)
    assert found is not None
    assert shown in (found.problem or "")


def test_the_source_of_plans_is_a_name_with_its_arguments() -> None:
    make = plan_maker(("os.path:join", "a", "b"))
    assert make is not None
    assert make() == "a/b"
    assert plan_maker(()) is None


SOLD = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  space: {name: Space, type: NUMBER, unitSingular: byte, unitPlural: bytes}
bundles:
  basics: {entitlements: {seats: 3}}
families:
  growth:
    name: Growth
    type: PAID
    extends: basics     # what everybody has
    entitlements: {space: 10GB}
"""


def test_a_family_is_shown_as_its_file_has_it(git_server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(SOLD, encoding="utf-8")
    token = {"KAITEN_GIT_TOKEN": git_server.token}
    applied = kaiten_sync("apply", "-t", "local", "--yes", cwd=tmp_path, environment=token)
    assert applied.code == 0, applied.stderr
    with at_dashboard(git_server.url, git_server.token) as dash:
        dash.see("/plan")
        page = Html(dash.see("/licenses/growth"))
        assert "Change the YAML below instead, at catalog.yaml:8." in page.text
        assert "extends: basics # what everybody has" in page.text
        assert page.rows()[0][1] == "NUMBER inherited from basics, catalog.yaml:6 declared"
        assert page.rows()[1][1] == "NUMBER declared"
        assert Html(dash.see("/licenses")).rows()[0][4] == "PAID declared"


def test_older_versions_of_a_declared_family_are_nobody_s_to_declare() -> None:
    plan = GitPlan(
        made_at=0,
        declared=frozenset({"family/growth", "family/growth/grant/seats", "license/free"}),
        differing={"family/growth/grant/seats": DRIFTED, "license/growth-v2": AHEAD},
        served={"growth-v2": "growth"},
    )
    assert plan.mark("license/growth-v2", "growth") == AHEAD
    assert plan.mark("license/growth-v2/grant/seats", "growth") == DRIFTED
    assert plan.mark("license/growth", "growth") is None
    assert plan.mark("license/free", "free") == "declared"
    assert plan.mark("license/other", "other") == "unmanaged"
