"""A forge finds a result's lines by the names that files have in the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.reviewed import git
from tests.support.command import Ended

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth: {name: Growth, type: PAID, protect: true, entitlements: {calls: 5}}
"""
WRONG = CATALOG.replace("type: PAID", "type: FREE")


class Nested:
    """A project in a folder of a repository, with a catalog beside it."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.project = place.folder / "repository" / "licensing"
        git(place.folder, "init", str(place.folder / "repository"))
        self.write(CATALOG)

    def write(self, catalog: str) -> None:
        targets = {"prod": {"url": self.place.url, "token": {"env": "KAITEN_AUTH_TOKEN"}}}
        project = {"version": 1, "catalog": ["../common/*.yaml"], "targets": targets}
        self.place.write("repository/licensing/kaiten-sync.yaml", json.dumps(project))
        self.place.write("repository/common/catalog.yaml", catalog)
        (self.project / "deep").mkdir(exist_ok=True)

    def run(self, *args: str, cwd: str = ".", code: int | None = None) -> Ended:
        inner = Workplace(self.project / cwd, self.place.url, self.place.token)
        ended = inner.run(*args)
        assert code is None or ended.code == code, ended.stdout + ended.stderr
        return ended

    def applied(self, then: str) -> None:
        """The catalog is applied, and then another one is declared."""
        self.run("plan", "-t", "prod", "-o", "plans/prod.plan.json", code=0)
        self.run("apply", "plans/prod.plan.json", code=0)
        self.write(then)


@pytest.fixture
def nested(place: Workplace) -> Nested:
    return Nested(place)


def files_of(ended: Ended, output_format: str) -> set[str]:
    if output_format == "github":
        return set(re.findall(r"::error file=([^,]+),", ended.stdout))
    if output_format == "gitlab":
        return {each["location"]["path"] for each in json.loads(ended.stdout)}
    return set(_uris(json.loads(ended.stdout)))


def _uris(log: Any) -> Iterator[str]:
    for result in log["runs"][0]["results"]:
        for location in result["locations"]:
            if "physicalLocation" in location:
                yield location["physicalLocation"]["artifactLocation"]["uri"]


@pytest.mark.parametrize("cwd", [".", "deep"])
@pytest.mark.parametrize(
    ("words", "output_format"),
    [
        (["validate"], "github"),
        (["validate"], "gitlab"),
        (["validate"], "sarif"),
        (["plan", "-t", "prod"], "github"),
        (["plan", "-t", "prod"], "sarif"),
        (["plan", "-t", "prod", "-o", "p.json", "--check"], "github"),
        (["drift", "-t", "prod"], "sarif"),
    ],
)
def test_what_is_wrong_is_named_from_the_root(
    nested: Nested, words: list[str], output_format: str, cwd: str
) -> None:
    nested.write(WRONG)
    ended = nested.run(*words, "--format", output_format, cwd=cwd, code=3)
    assert files_of(ended, output_format) == {"common/catalog.yaml"}


@pytest.mark.parametrize("output_format", ["github", "sarif"])
def test_why_a_plan_is_refused_is_named_from_the_root(nested: Nested, output_format: str) -> None:
    nested.applied(CATALOG.replace("type: NUMBER", "type: BOOLEAN").replace("5}", "true}"))
    ended = nested.run("plan", "-t", "prod", "--format", output_format, cwd="deep", code=4)
    assert files_of(ended, output_format) == {"common/catalog.yaml"}


@pytest.mark.parametrize("path", ["../common/catalog.yaml", "absolute", "--all"])
def test_what_drifted_is_named_from_the_root(nested: Nested, path: str) -> None:
    nested.applied(CATALOG.replace("calls: 5", "calls: 7"))
    named = str(nested.project.parent / "common/catalog.yaml") if path == "absolute" else path
    words = ["--all"] if path == "--all" else ["-t", "prod", "-f", named]
    ended = nested.run("drift", *words, "--format", "sarif", code=0)
    assert files_of(ended, "sarif") == {"common/catalog.yaml"}


@pytest.mark.parametrize("output_format", ["github", "gitlab", "sarif"])
def test_a_wrong_project_file_is_named_from_the_root(nested: Nested, output_format: str) -> None:
    (nested.project / "kaiten-sync.yaml").write_text("version: 1\ntargetz: {}\n")
    ended = nested.run("validate", "--format", output_format, cwd="deep", code=3)
    assert files_of(ended, output_format) == {"licensing/kaiten-sync.yaml"}


def test_a_file_outside_of_the_repository_keeps_its_name(nested: Nested, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(WRONG)
    ended = nested.run("validate", str(outside), "--format", "github", code=3)
    assert files_of(ended, "github") == {str(outside)}


def test_there_is_no_line_if_there_is_nothing_to_say(nested: Nested) -> None:
    assert nested.run("validate", "--format", "github", cwd="deep", code=0).stdout == ""
