"""Two branches at once: both change the catalog, both commit a plan, and git cannot merge them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import kaiten_sync
from tests.support.forge.jobs import Repository
from tests.support.processes import HANG_S

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    entitlements: {calls: 1000, seats: 5}
    name: Growth
    type: PAID
    description: For teams
  starter:
    name: Starter
    type: TRIAL
    entitlements: {calls: 10}
"""
STARTER = CATALOG[CATALOG.index("  starter:") :]
PLAN = "plans/prod.plan.json"


class Team:
    """A repository whose catalog was applied, and two branches that each delete something."""

    def __init__(self, place: Workplace, attributes: str = "", plan_file: str = PLAN) -> None:
        self.place = place
        self.plan_file = plan_file
        self.repository = Repository(place.folder / "repository")
        self.folder = self.repository.folder
        project = {
            "version": 1,
            "catalog": ["catalog.yaml"],
            "targets": {"prod": {"url": place.url, "token": {"env": "PROD_TOKEN"}}},
        }
        (self.folder / "kaiten-sync.yaml").write_text(json.dumps(project), encoding="utf-8")
        (self.folder / "catalog.yaml").write_text(CATALOG, encoding="utf-8")
        if attributes:
            (self.folder / ".gitattributes").write_text(attributes, encoding="utf-8")
        self.plan()
        self.repository.commit("Start")
        assert self.run("apply", f"./{plan_file}")[0] == 0

    def run(self, *args: str) -> tuple[int, str]:
        environment = {"PROD_TOKEN": self.place.token}
        ended = kaiten_sync(*args, cwd=self.folder, environment=environment)
        return ended.code, ended.stdout + ended.stderr

    def plan(self, *options: str, code: int = 0) -> str:
        ended, said = self.run("plan", "-t", "prod", "-o", self.plan_file, *options)
        assert ended == code, said
        return said

    def change(self, branch: str, before: str, after: str) -> None:
        self.repository.git("switch", "--create", branch, "main")
        path = self.folder / "catalog.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        self.plan()
        self.repository.commit(branch)

    def merge_both(self) -> None:
        """The branches, of which git merges the catalog and not the plan."""
        self.change("no-starter", STARTER, "")
        self.change("no-seats", "seats: 5}", "}")
        status = self.repository.git_code("merge", "--no-edit", "no-starter")
        assert status != 0
        assert "catalog.yaml" not in self.repository.git("diff", "--name-only", "--diff-filter=U")

    def deletes(self) -> list[str]:
        plan = json.loads((self.folder / PLAN).read_text(encoding="utf-8"))
        return sorted(c["id"] for c in plan["changes"] if c["action"] == "delete")


GOING = [
    "delete:license/growth/grant/seats",
    "delete:license/starter",
    "delete:license/starter/grant/calls",
]


@pytest.mark.parametrize("attributes", ["", "plans/*.plan.json -text -merge\n"])
def test_a_plan_that_git_could_not_merge_is_made_again_with_all_deletes(
    place: Workplace, attributes: str
) -> None:
    team = Team(place, attributes)
    team.merge_both()
    has_markers = "<<<<<<<" in (team.folder / PLAN).read_text(encoding="utf-8")
    assert has_markers is not bool(attributes)
    said = team.plan()
    assert f"git could not merge {PLAN}" in said
    assert team.deletes() == GOING
    team.repository.commit("Merge")
    assert team.run("plan", "-t", "prod", "-o", PLAN, "--check")[0] == 0
    assert team.run("apply", PLAN, "--catalog", "catalog.yaml")[0] == 0


@pytest.mark.parametrize("command", [("apply",), ("show",), ("apply", "-t", "prod")])
def test_the_advice_for_a_plan_that_git_could_not_merge_names_its_target(
    place: Workplace, command: tuple[str, ...]
) -> None:
    """With several targets, the command would ask which one is meant."""
    team = Team(place)
    team.merge_both()
    code, said = team.run(*command, PLAN)
    assert code == 4
    assert f"`kaiten-sync plan -t prod -o {PLAN}`" in said


def test_the_plan_that_was_made_again_is_added_as_it_says(place: Workplace) -> None:
    team = Team(place, plan_file="-our plans/$HOME.plan.json")
    team.merge_both()
    _, said = team.run("show", f"./{team.plan_file}")
    for text in (said.split("`")[3], team.plan().partition("made again: ")[2].splitlines()[0]):
        assert text.startswith("git add ")
        subprocess.run(["bash", "-c", text], cwd=team.folder, timeout=HANG_S, check=True)


def test_what_only_their_plan_was_to_delete_is_not_forgotten(place: Workplace) -> None:
    team = Team(place, "plans/*.plan.json -text -merge\n")
    team.change("no-starter", STARTER, "")
    team.repository.git("switch", "main")
    team.repository.git("rm", "--quiet", PLAN)
    (team.folder / "catalog.yaml").write_text(CATALOG.replace(STARTER, ""), encoding="utf-8")
    team.plan("--previous", "none")  # a side that knows of no starter
    team.repository.commit("Start over")
    assert team.repository.git_code("merge", "--no-edit", "no-starter") != 0
    team.plan()
    assert team.deletes() == GOING[1:]


def test_a_plan_that_somebody_removed_still_says_what_is_owned(place: Workplace) -> None:
    """As to get rid of a conflict, or because a sparse checkout leaves it out."""
    team = Team(place)
    (team.folder / "catalog.yaml").write_text(CATALOG.replace(STARTER, ""), encoding="utf-8")
    (team.folder / PLAN).unlink()
    assert f"{PLAN} is not here" in team.run("drift", "-t", "prod")[1]
    assert f"{PLAN} is not here" in team.plan()
    assert team.deletes() == GOING[1:]
    (team.folder / PLAN).unlink()
    team.plan("--previous", "none")
    assert team.deletes() == []
    team.repository.git("reset", "--hard")
    team.merge_both()
    (team.folder / PLAN).unlink()
    team.plan()
    assert team.deletes() == GOING


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "-t", "prod", "-o", PLAN),
        ("plan", "-t", "prod", "-o", PLAN, "--check"),
        ("apply", PLAN),
        ("show", PLAN),
        ("drift", "-t", "prod"),
    ],
)
@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            '<<<<<<< HEAD\n{"a": 1}\n=======\n{"a": 2}\n>>>>>>> b\n',
            "both sides of a merge are in this file",
        ),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "this is a pointer of Git LFS",
        ),
    ],
    ids=["markers", "pointer"],
)
def test_what_git_left_in_the_place_of_a_plan_is_named(
    place: Workplace, command: tuple[str, ...], text: str, named: str
) -> None:
    path = place.folder / PLAN
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    place.write("catalog.yaml", CATALOG)
    target = {"url": place.url, "token": {"env": "KAITEN_AUTH_TOKEN"}}
    project = {"version": 1, "catalog": ["catalog.yaml"], "targets": {"prod": target}}
    place.write("kaiten-sync.yaml", json.dumps(project))
    before = path.read_bytes()
    ended = place.run(*command)
    assert ended.code == 4
    assert f"{PLAN}: {named}" in ended.stderr
    if "LFS" in named:
        assert "run `git lfs pull`" in ended.stderr
    assert path.read_bytes() == before


def test_a_checkout_with_other_line_ends_has_the_committed_plan(
    place: Workplace, tmp_path: Path
) -> None:
    team = Team(place, "plans/*.plan.json -text -merge\n")
    team.plan()
    team.repository.commit("Plan again")
    clone = tmp_path / "clone"
    team.repository.git("clone", "--quiet", "-c", "core.autocrlf=true", ".", str(clone))
    assert b"\r\n" in (clone / "catalog.yaml").read_bytes()
    team.folder = clone
    assert "is up to date" in team.plan("--check")
