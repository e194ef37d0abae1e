"""A target whose URL changes: its server is recognized by the ids of its objects."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.reviewed import git
from tests.support.command import Ended
from tests.support.embedded import EmbeddedServer

CATALOG = """\
version: 1
licenses:
  growth: {name: Growth, type: PAID}
  starter: {name: Starter, type: TRIAL}
"""
LESS = CATALOG[: CATALOG.index("  starter")]
PLAN = "plans/prod.plan.json"


class Moving:
    """A project whose target can be at another URL of the same server, or at another server."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.token = place.token
        self.at(place.url)
        place.write("catalog.yaml", CATALOG)

    def at(self, url: str) -> None:
        target = {"url": url, "token": {"env": "PROD_TOKEN"}}
        project = {"version": 1, "catalog": ["catalog.yaml"], "targets": {"prod": target}}
        self.place.write("kaiten-sync.yaml", json.dumps(project))

    def run(self, *args: str, code: int = 0) -> Ended:
        ended = self.place.run(*args, PROD_TOKEN=self.token)
        assert ended.code == code, ended.stdout + ended.stderr
        return ended

    def plan(self, *options: str, code: int = 0) -> str:
        return self.run("plan", "-t", "prod", "-o", PLAN, *options, code=code).stderr

    def commit(self) -> None:
        git(self.place.folder, "add", "--all")
        git(self.place.folder, "commit", "--message", "Plan")

    def changes(self) -> list[str]:
        text = (self.place.folder / PLAN).read_text(encoding="utf-8")
        return [change["id"] for change in json.loads(text)["changes"]]


@pytest.fixture
def moving(place: Workplace) -> Moving:
    """The last plan changed something, and so saw ids."""
    made = Moving(place)
    made.plan()
    made.run("apply", PLAN)
    place.write("catalog.yaml", CATALOG.replace("Growth", "Grown"))
    made.plan()
    made.run("apply", PLAN)
    return made


def elsewhere(moving: Moving) -> str:
    return moving.place.url.replace("127.0.0.1", "localhost")


def test_a_server_that_moved_is_recognized_and_keeps_what_is_owned(moving: Moving) -> None:
    moving.at(elsewhere(moving))
    moving.place.write("catalog.yaml", LESS.replace("Growth", "Grown"))
    assert "has another URL" in moving.plan("--check", code=2)
    assert "prod moved from" in moving.plan()
    assert moving.changes() == ["delete:license/starter"]
    moving.run("apply", PLAN)
    moving.run("drift", "-t", "prod", "--detailed-exitcode")


def test_every_command_recognizes_a_server_that_moved(moving: Moving) -> None:
    moving.place.write("catalog.yaml", LESS.replace("Growth", "Grew"))
    moving.plan()
    moving.at(elsewhere(moving))
    for words in (["drift", "-t", "prod"], ["adopt", "-t", "prod", "--dry-run"], ["impact", PLAN]):
        assert "prod moved from" in moving.run(*words).stderr, words
    applied = moving.run("apply", PLAN, "--receipt", "receipt.json")
    assert "prod moved from" in applied.stderr
    assert f"Applied to prod at {elsewhere(moving)}" in applied.stdout
    receipt = json.loads((moving.place.folder / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["target"]["url"] == elsewhere(moving)


def test_every_command_names_the_way_if_nothing_shows_that_a_server_moved(
    place: Workplace,
) -> None:
    moving = Moving(place)
    moving.plan()  # everything is created: nothing was there to be seen
    moving.at(elsewhere(moving))
    for words in (
        ["plan", "-t", "prod", "-o", PLAN],
        ["plan", "-t", "prod", "-o", PLAN, "--check"],
        ["drift", "-t", "prod"],
        ["drift", "-t", "prod", "--revert"],
        ["adopt", "-t", "prod"],
        ["impact", PLAN],
        ["apply", PLAN],
        ["apply", PLAN, "--catalog", "catalog.yaml", "--previous", "none"],
    ):
        assert f"--previous {PLAN} --moved" in moving.run(*words, code=4).stderr, words
    unwritten = moving.run("drift", "-t", "prod", "--plan", "none", "--detailed-exitcode", code=2)
    assert "2 missing" in unwritten.stdout


def test_a_plan_for_a_server_without_a_name_is_for_its_url_alone(moving: Moving) -> None:
    environment = {"KAITEN_AUTH_TOKEN": moving.token}
    made = moving.place.run("plan", "-f", "catalog.yaml", "-o", "p.json", **environment)
    assert made.code == 0, made.stderr
    environment["KAITEN_BASE_URL"] = elsewhere(moving)
    refused = moving.place.run("apply", "p.json", **environment)
    assert (refused.code, "this plan is for default at" in refused.stderr) == (4, True)


def test_a_plan_that_saw_no_ids_takes_a_word(place: Workplace) -> None:
    moving = Moving(place)
    moving.plan()  # everything is created: nothing was there to be seen
    moving.run("apply", PLAN)
    moving.at(elsewhere(moving))
    place.write("catalog.yaml", LESS)
    assert f"kaiten-sync plan -t prod -o {PLAN} --previous {PLAN} --moved" in moving.plan(code=4)
    moving.plan("--previous", PLAN, "--moved")
    assert moving.changes() == ["delete:license/starter"]
    moving.plan("--moved", code=3)


@pytest.mark.parametrize("last", ["creates only", "changes nothing"])
def test_a_plan_that_saw_no_ids_is_recognized_by_the_plans_before_it(
    moving: Moving, last: str
) -> None:
    git(moving.place.folder, "init", "--initial-branch", "main")
    more = "  team: {name: Team, type: PAID}\n" if last == "creates only" else ""
    moving.commit()  # the plan that saw ids
    moving.place.write("catalog.yaml", CATALOG.replace("Growth", "Grown") + more)
    moving.plan()
    moving.commit()
    moving.run("apply", PLAN)
    moving.at(elsewhere(moving))
    moving.place.write("catalog.yaml", LESS.replace("Growth", "Grown") + more)
    assert "has another URL" in moving.plan("--check", code=2)
    assert "prod moved from" in moving.plan()
    assert "delete:license/starter" in moving.changes()
    moving.commit()
    assert "is up to date" in moving.plan("--check")
    moving.run("apply", PLAN, "--catalog", "catalog.yaml")


def test_a_plan_that_deletes_is_checked_after_a_move_from_the_first_one(place: Workplace) -> None:
    """What the plan before the committed one saw is not asked for again."""
    moving = Moving(place)
    git(place.folder, "init", "--initial-branch", "main")
    moving.plan()  # everything is created
    moving.commit()
    moving.run("apply", PLAN)
    place.write("catalog.yaml", LESS)
    moving.plan()
    moving.commit()
    moving.at(elsewhere(moving))
    assert "has another URL" in moving.plan("--check", code=2)


def test_another_server_is_not_taken_for_the_one_that_moved(
    moving: Moving, server: EmbeddedServer
) -> None:
    moving.at(elsewhere(moving))
    moving.token = server.new_organization()
    moving.run("apply", "-t", "prod", "--yes", "--previous", "none")  # the same slugs, other ids
    before = (moving.place.folder / PLAN).read_bytes()
    assert "--moved" in moving.plan(code=4)
    assert (moving.place.folder / PLAN).read_bytes() == before


def test_the_case_of_a_host_is_no_other_server(moving: Moving) -> None:
    moving.at(elsewhere(moving))
    moving.plan()
    moving.at(elsewhere(moving).replace("localhost", "LocalHost"))
    assert "moved" not in moving.plan()
