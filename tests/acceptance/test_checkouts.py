"""Checkouts that have only a part of the repository: nothing is planned from half a catalog."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.command import Ended, kaiten_sync
from tests.support.forge.jobs import Repository

LICENSE = "version: 1\nlicenses:\n  {0}: {{name: {0}, type: PAID}}\n"
OVERLAY = "version: 1\nlicenses:\n  own: {name: In prod}\n"
FILES = {
    "teams/own/catalog.yaml": LICENSE.format("own"),
    "teams/crm/catalog.yaml": LICENSE.format("crm"),
    "teams/crm/drafts/new.yaml": LICENSE.format("draft"),
    "overlays/prod/names.yaml": OVERLAY,
    "site/index.html": "<p>",
}
COMMANDS = (
    "validate",
    "plan -t prod",
    "plan -t prod --check -o plans/prod.plan.json",
    "apply plans/prod.plan.json -t prod --catalog teams/*/*.yaml",
    "drift -t prod",
    "adopt -t prod",
    "compare prod copy",
)
PLAN = "plans/prod.plan.json"


class Team:
    """A repository of several teams, whose catalog was applied."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.repository = Repository(place.folder / "repository")
        for name, text in FILES.items():
            path = self.repository.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        target = {
            "url": place.url,
            "token": {"env": "PROD_TOKEN"},
            "overlays": ["overlays/prod/"],
        }
        project = {
            "version": 1,
            "catalog": ["teams/*/*.yaml"],
            "targets": {"prod": target, "copy": target},
        }
        text = json.dumps(project)
        (self.repository.folder / "kaiten-sync.yaml").write_text(text, encoding="utf-8")
        assert self.run("plan", "-t", "prod", "-o", PLAN).code == 0
        assert self.run("apply", PLAN).code == 0
        self.repository.commit("Start")

    def run(self, *args: str) -> Ended:
        environment = {"PROD_TOKEN": self.place.token}
        return kaiten_sync(*args, cwd=self.repository.folder, environment=environment)


def lacking(ended: Ended) -> set[str]:
    """The files that a command says it lacks."""
    said = ended.stdout + ended.stderr
    return {name for name in FILES if f"{name}:1:1: error[not-checked-out]" in said}


@pytest.fixture
def team(place: Workplace) -> Team:
    return Team(place)


@pytest.mark.parametrize(
    ("cone", "kept", "missing"),
    [
        ("--cone", ["teams/own", "overlays", "plans"], ["teams/crm/catalog.yaml"]),
        ("--no-cone", ["/*", "!/teams/crm/"], ["teams/crm/catalog.yaml"]),
        ("--cone", ["teams", "plans"], ["overlays/prod/names.yaml"]),
        (
            "--cone",
            ["site", "plans"],
            [
                "overlays/prod/names.yaml",
                "teams/crm/catalog.yaml",
                "teams/own/catalog.yaml",
            ],
        ),
        ("--cone", ["teams", "overlays", "plans"], []),
        ("--no-cone", ["/*", "!/teams/crm/drafts/"], []),
    ],
)
def test_what_a_sparse_checkout_leaves_out_is_not_planned_away(
    team: Team, cone: str, kept: Sequence[str], missing: Sequence[str]
) -> None:
    team.repository.git("sparse-checkout", "set", cone, *kept)
    for command in COMMANDS:
        ended = team.run(*command.split())
        assert (ended.code == 3) is bool(missing), ended.stderr
        assert lacking(ended) == {*missing}, command
    team.repository.git("sparse-checkout", "disable")
    ended = team.run("plan", "-t", "prod", "--detailed-exitcode")
    assert ended.code == 0, ended.stdout


@pytest.mark.parametrize("told", ["--skip-worktree", "--assume-unchanged"])
def test_a_file_that_git_was_told_not_to_miss_is_not_planned_away(team: Team, told: str) -> None:
    missing = team.repository.folder / "teams/crm/catalog.yaml"
    team.repository.git("update-index", told, "teams/crm/catalog.yaml")
    assert team.run("plan", "-t", "prod").code == 0
    missing.unlink()
    for command in ("validate", "plan", "drift"):
        ended = team.run(command, *([] if command == "validate" else ["-t", "prod"]))
        assert (ended.code, lacking(ended)) == (3, {"teams/crm/catalog.yaml"})


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_sparse_checkout_that_git_does_not_read_is_not_planned(
    team: Team, tmp_path: Path, is_linked: bool
) -> None:
    """As in a container of another user, where git finds the ownership of a repository dubious."""
    git, folder = team.repository.git, team.repository.folder
    if is_linked:
        folder = tmp_path / "linked"
        git("worktree", "add", "-q", "--detach", str(folder))
    broken = {"PROD_TOKEN": team.place.token, "PATH": str(tmp_path / "nothing")}
    for command in ("validate", "plan -t prod", "drift -t prod", "export -t prod -o teams --force"):
        git("-C", str(folder), "sparse-checkout", "set", "teams/own", "overlays", "plans")
        ended = kaiten_sync(*command.split(), cwd=folder, environment=broken)
        assert ended.code == 3, ended.stdout
        assert "which files this sparse checkout leaves out: there is no `git`" in ended.stderr
        git("-C", str(folder), "sparse-checkout", "disable")
        if "export" not in command:
            ended = kaiten_sync(*command.split(), cwd=folder, environment=broken)
            assert ended.code == 0, ended.stderr


@pytest.mark.parametrize("is_submodule", [False, True])
@pytest.mark.parametrize("given", ["vendor/", "vendor/catalog/", "vendor/catalog/crm/", "*/*/*/"])
def test_another_repository_below_may_be_sparse_as_well(
    place: Workplace, given: str, is_submodule: bool
) -> None:
    other = Repository(place.folder / "other")
    for name in ("own", "crm"):
        (other.folder / name).mkdir()
        (other.folder / name / "c.yaml").write_text(LICENSE.format(name), encoding="utf-8")
    other.commit("Start")
    main = Repository(place.folder / "main")
    (main.folder / "README").write_text("", encoding="utf-8")
    main.commit("Start")
    verb = ["submodule", "--quiet", "add"] if is_submodule else ["clone", "-q"]
    main.git("-c", "protocol.file.allow=always", *verb, str(other.folder), "vendor/catalog")
    assert kaiten_sync("validate", given, cwd=main.folder).code == 0
    main.git("-C", "vendor/catalog", "sparse-checkout", "set", "own")
    ended = kaiten_sync("validate", given, cwd=main.folder)
    assert (ended.code == 3) is (is_submodule or given.startswith("vendor/catalog/"))


def test_an_export_does_not_write_around_what_is_left_out(team: Team) -> None:
    team.repository.git("sparse-checkout", "set", "teams/own", "overlays")
    for folder in ("teams", "teams/crm"):
        ended = team.run("export", "-t", "prod", "-o", folder, "--force")
        assert (ended.code, lacking(ended)) == (3, {each for each in FILES if "/crm/" in each})
    assert team.run("export", "-t", "prod", "-o", "exported").code == 0


def test_paths_of_the_command_line_are_looked_for_as_well(team: Team) -> None:
    team.repository.git("sparse-checkout", "set", "teams/own", "overlays")
    for command in ("validate teams", "table -f teams/*/catalog.yaml", "plan -t prod -f teams/"):
        ended = team.run(*command.split())
        assert ended.code == 3, ended.stderr
        assert "teams/crm/catalog.yaml" in lacking(ended)
    assert team.run("validate", "teams/own").code == 0


def test_a_file_that_somebody_removed_is_not_left_out(team: Team) -> None:
    shutil.rmtree(team.repository.folder / "teams/crm")
    assert "delete  license/crm" in team.run("plan", "-t", "prod").stdout
