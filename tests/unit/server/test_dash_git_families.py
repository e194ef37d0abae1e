"""What the dashboard shows of git where families, bundles and `extends` declare it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.command import kaiten_sync
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import add_instance, done
from tests.support.processes import HANG_S
from tests.support.with_git import server_with_git

from kaiten_sync.server.dashboard.git_view import GitView, plan_maker

_CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
  sso: {name: SSO, type: BOOLEAN}
bundles:
  basics: {entitlements: {seats: 3, sso: false}}
licenses:
  free: {name: Free, type: COMMUNITY, extends: basics}
families:
  growth:
    name: Growth
    type: PAID
    extends: free
    entitlements: {calls: 1k, sso: true}
"""
_PLAN = "plans/local.plan.json"


class _Project:
    """A project folder, its server, and the plan that was agreed on it."""

    def __init__(self, folder: Path, server: EmbeddedServer, api: httpx.Client) -> None:
        self.folder = folder
        self.server = server
        self.api = api
        (folder / "plans").mkdir()
        self.agree(_CATALOG)

    def run(self, *args: str) -> None:
        ended = kaiten_sync(
            *args, cwd=self.folder, environment={"KAITEN_GIT_TOKEN": self.server.token}
        )
        assert ended.code == 0, ended.stderr

    def declare(self, catalog: str) -> None:
        (self.folder / "catalog.yaml").write_text(catalog, encoding="utf-8")

    def agree(self, catalog: str) -> None:
        """Declare it, apply it, and keep the plan that changes nothing."""
        self.declare(catalog)
        for _ in range(2):
            self.run("plan", "-t", "local", "-o", _PLAN)
            self.run("apply", "-t", "local", _PLAN)

    def by_hand(self, slug: str, value: object, version: str = "growth") -> None:
        kind = "boolean" if isinstance(value, bool) else "number"
        body = {"value": {"type": kind, "value": value}}
        done(self.api.put(f"/licenses/{version}/entitlements/{slug}", json=body))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[_Project]:
    with server_with_git(tmp_path, _CATALOG) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
            yield _Project(tmp_path, server, api)


def _marks(dash: Dash, version: str) -> dict[str, str]:
    """The marks of a version and of its grants, by their names."""
    listed = {row[1]: row[4] for row in Html(dash.see("/licenses")).rows()}
    grants = {
        row[0].split()[0]: row[1]
        for row in Html(dash.see(f"/licenses/{version}")).rows()
        if len(row) == 5
    }
    shown = {"": listed[version], **grants}
    marks = ("declared", "drifted", "git ahead", "unmanaged")
    return {
        name: mark for name, text in shown.items() for mark in marks if text.endswith(f" {mark}")
    }


def test_the_version_that_a_family_serves_is_declared(project: _Project) -> None:
    with at_dashboard(project.server.url, project.server.token) as dash:
        assert "Nothing differs" in Html(dash.see("/plan")).text
        for version in ("growth", "free"):
            assert set(_marks(dash, version).values()) == {"declared"}
        assert "Git declares this." in Html(dash.see("/licenses/growth/edit")).text


def test_an_edit_of_the_served_version_has_drifted(project: _Project) -> None:
    project.by_hand("seats", 9)
    with at_dashboard(project.server.url, project.server.token) as dash:
        page = Html(dash.see("/plan"))
        (line,) = page.rows()
        assert (line[0], line[4]) == (
            "license/growth/grant/seats",
            "inherited from basics through free, catalog.yaml:7",
        )
        assert "family/growth: changed in place: growth: growth has no holders" in page.text
        marks = _marks(dash, "growth")
        assert marks == {
            "": "drifted",
            "Calls": "declared",
            "Seats": "drifted",
            "SSO": "declared",
        }
        assert set(_marks(dash, "free").values()) == {"declared"}
        assert "git: 3" in Html(dash.see("/pricing")).text


def test_the_next_version_is_ahead_on_the_one_that_is_served(project: _Project) -> None:
    add_instance(project.api)
    project.declare(_CATALOG.replace("calls: 1k", "calls: 500"))
    project.run("plan", "-t", "local", "-o", _PLAN)
    with at_dashboard(project.server.url, project.server.token) as dash:
        page = Html(dash.see("/plan"))
        assert "family/growth: new version growth-v2:" in page.text
        # The next version has no page yet.
        for link in page.all("a"):
            assert "growth-v2" not in str(link.get("href"))
        marks = _marks(dash, "growth")
        assert marks == {
            "": "git ahead",
            "Calls": "git ahead",
            "Seats": "declared",
            "SSO": "declared",
        }
    project.run("apply", "-t", "local", _PLAN)
    project.run("plan", "-t", "local", "-o", _PLAN)
    file = str(project.folder / "kaiten-sync.yaml")
    make = plan_maker(("kaiten_sync.cli.serving:project_plan", file))
    assert make is not None
    made = GitView(make, lambda: 0).latest(wait_s=HANG_S)  # the server still shows the last one
    assert made is not None
    assert made.mark("license/growth-v2", "growth") == "declared"
    assert made.mark("license/growth-v2/grant/calls", "growth") == "declared"
    assert made.mark("license/growth", "growth") is None
    assert made.mark("license/growth/grant/calls", "growth") is None
