"""A file that an option names replaces one of its own kind, and no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.selling import CATALOG, LOWERED, PLAN, Seller

PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets: {{default: {{url: "{url}"}}}}
"""
REVERT = ("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o")
OPTIONS = {
    "plan -o": (("plan", "-f", "catalog.yaml", "-o"), "plan.json"),
    "plan -o --previous": (("plan", "-f", "catalog.yaml", "--previous", "none", "-o"), "plan.json"),
    "--fresh": (("plan", "-f", "catalog.yaml", "-o", PLAN, "--check", "--fresh"), "plan.json"),
    "--impact-out": (("plan", "-f", "catalog.yaml", "--impact-out"), "impact.json"),
    "--revert -o": (REVERT, "plan.json"),
    "migrate -o": (("migrate", "growth", "-o"), "migration.json"),
    "--receipt": (("apply", PLAN, "--receipt"), "receipt.json"),
}
"""Each option that writes a file, and the file of its kind below."""

KINDS = ("plan.json", "impact.json", "migration.json", "receipt.json")


@pytest.fixture
def files(sold: Seller) -> Seller:
    """One file of each kind, a plan that is to be applied, and the project file of a user."""
    sold.place.write("kaiten-sync.yaml", PROJECT.format(url=sold.place.url))
    sold.hold("growth", "one")
    sold.run("apply", PLAN, "--receipt", "receipt.json")
    sold.sell(LOWERED)
    sold.run("migrate", "growth", "-o", "migration.json")
    sold.plan(CATALOG)
    sold.run("plan", "-f", "catalog.yaml", "-o", "plan.json", "--impact-out", "impact.json")
    sold.place.write("notes.txt", "of somebody")
    sold.place.write("result.json", '{"planDigest": "sha256:0", "outcomes": []}')
    return sold


def content(place: Workplace, name: str) -> bytes:
    return (place.folder / name).read_bytes()


def test_a_file_replaces_only_one_of_its_kind(files: Seller) -> None:
    for option, (args, own) in OPTIONS.items():
        others = [kind for kind in KINDS if kind != own]
        for name in ("kaiten-sync.yaml", "catalog.yaml", "notes.txt", "result.json", *others):
            before = content(files.place, name)
            refused = files.run(*args, name, code=3)
            assert f"{name} is there and is no " in refused.stderr, option
            assert "name another file with" in refused.stderr, option
            assert content(files.place, name) == before, (option, name)


def test_its_own_kind_or_an_empty_file_is_replaced(files: Seller) -> None:
    for option, (args, own) in OPTIONS.items():
        is_fresh = option == "--fresh"  # the plan that is checked is of another catalog
        files.place.write("catalog.yaml", LOWERED if is_fresh else CATALOG)
        files.place.write("empty", "")
        for name in (own, "empty"):
            files.run(*args, name, code=2 if is_fresh else 0)
            assert content(files.place, name), (option, name)


def test_two_options_never_write_one_file(files: Seller) -> None:
    plan = ("plan", "-f", "catalog.yaml", "-o", PLAN)
    for more in (
        ("--impact-out", f"./{PLAN}"),
        ("--check", "--fresh", PLAN),
        ("--check", "--fresh", "new.json", "--impact-out", "new.json"),
    ):
        before = content(files.place, PLAN)
        assert "would overwrite" in files.run(*plan, *more, code=3).stderr, more
        assert content(files.place, PLAN) == before
        assert not (files.place.folder / "new.json").exists()


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    files: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a folder without permission to write, which root has everywhere."""
    here, may = files.place.folder, os.access

    def access(path: str, mode: int) -> bool:
        return not Path(path).resolve().is_relative_to(here) and may(path, mode)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", "ksh_refused-if-anything-is-read")
    for option, (args, _own) in OPTIONS.items():
        if option != "--receipt":  # that is opened before anything is written
            refused = files.run(*args, "locked/new.json", code=3)
            assert "cannot write locked/new.json: its folder is not writable" in refused.stderr
    assert not (here / "locked").exists()
