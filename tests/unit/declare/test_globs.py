"""What a glob means: as in Python's `glob`, but in time that a repository cannot multiply."""

from __future__ import annotations

import glob
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.declare.conftest import Write

from kaiten_sync.declare import FoundFile, find_files
from kaiten_sync.declare.globs import matching

NAMES = ("a", "b.yaml", ".h", "c")
STEPS = (*NAMES, "*", "**", "*.yaml", "[ab]*", ".*")


@settings(max_examples=200)
@given(
    paths=st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), max_size=6),
    steps=st.lists(st.sampled_from(STEPS), max_size=4),
)
@example(paths=[["a", "c", "b.yaml"]], steps=["**", "**", "c"])
@example(paths=[["a", "b.yaml"]], steps=["a", "**"])
def test_a_glob_means_what_it_means_to_python(paths: list[list[str]], steps: list[str]) -> None:
    """A folder that is meant has what is in it, so what is below it is not named again."""
    pattern = "/".join([*steps, "*"])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for parts in paths:
            inside = folder.joinpath(*parts)
            if not any(each.is_file() for each in inside.parents):
                inside.mkdir(parents=True, exist_ok=True)
        found = [each.rstrip("/") for each in glob.glob(pattern, root_dir=made, recursive=True)]
        above = {*found}
        wanted = {
            each
            for each in found
            if not any(str(parent) in above for parent in Path(each).parents if str(parent) != ".")
        }
        assert matching(pattern, folder) == sorted(wanted)


FILES = ("a.yaml", "b.YML", ".h.yaml", "c.txt")


@settings(max_examples=200)
@given(
    folders=st.lists(st.lists(st.sampled_from(("a", ".h", "c[d]")), max_size=3), max_size=3),
    new=st.tuples(
        st.lists(st.sampled_from(("a", ".h", "c[d]")), max_size=3), st.sampled_from(FILES)
    ),
    steps=st.lists(st.sampled_from(("a", ".h", "c[d]", "*", "**", ".*", *FILES, "*.yaml", "?.y*"))),
    end=st.sampled_from(("", "/")),
)
@example(folders=[], new=(["a"], "a.yaml"), steps=["*.yaml"], end="")
@example(folders=[], new=([], "a.yaml"), steps=["**", "a.yaml"], end="")
@example(folders=[["c[d]"]], new=(["c[d]"], "a.yaml"), steps=["c[d]"], end="/")
@example(folders=[], new=([], "a.yaml"), steps=["*"], end="/")
@example(folders=[], new=([], "a.yaml"), steps=["a.yaml", "c[d]"], end="")
@example(folders=[], new=([], "a.yaml"), steps=["**"], end="/")
def test_a_file_is_found_before_it_is_written_exactly_if_it_is_found_then(
    folders: list[list[str]], new: tuple[list[str], str], steps: list[str], end: str
) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(os.path.realpath(made))
        file = root.joinpath(*new[0], new[1])
        for parts in (*folders, new[0]):
            root.joinpath(*parts).mkdir(parents=True, exist_ok=True)
        given_path = ("/".join(steps) or ".") + end

        def is_found() -> bool:
            found = find_files([given_path], root=root, new=[file])
            return any(isinstance(each, FoundFile) and each.path == file for each in found)

        before = is_found()
        file.write_text("version: 1\n", encoding="utf-8")
        assert before == is_found()


def test_a_glob_that_ends_with_a_slash_means_folders(write: Write, tmp_path: Path) -> None:
    for name in ("c/x/a.yaml", "c/b.yaml"):
        write(name, "version: 1\n")
    assert matching("c/*/", tmp_path) == ["c/x"]
    assert matching("c/**/", tmp_path) == ["c"]
    assert matching("**/", tmp_path) == ["."]


@pytest.mark.parametrize("pattern", ["**/*.yaml", "c/**/*.yaml", "*/*/*/*/*.yaml", "**/c/**/a.*"])
def test_links_in_circles_lead_to_every_file_once(
    write: Write, tmp_path: Path, pattern: str
) -> None:
    for name in ("c/a.yaml", "c/d/e/f/a.yaml"):
        write(name, "version: 1\n")
    for name in ("one", "two", "three"):
        (tmp_path / "c" / name).symlink_to(".")
    found = [*find_files([pattern], root=tmp_path)]
    assert {os.path.realpath(each.path) for each in found if isinstance(each, FoundFile)} >= {
        str(tmp_path / "c" / "a.yaml")
    }


def test_no_pattern_takes_longer_than_its_folders_allow(write: Write, tmp_path: Path) -> None:
    """Steps for any number of folders could be shared out in more ways than there is time for."""
    write("/".join([*["d"] * 60, "a.yaml"]), "version: 1\n")
    write("/".join([*["d"] * 60, ".hidden.yaml"]), "version: 1\n")
    assert matching("**/d/" * 20 + "nothing", tmp_path) == []
    (found,) = find_files(["**/d/" * 20 + "*.yaml"], root=tmp_path)
    assert isinstance(found, FoundFile)


def test_folders_may_be_deeper_than_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1500):  # `mkdir -p` of Python is not deeper than its stack
        os.mkdir("d")
        os.chdir("d")
    Path("a.yaml").write_text("version: 1\n")
    os.chdir(tmp_path)
    (found,) = find_files(["**/*.yaml"], root=Path())
    assert isinstance(found, FoundFile)
    subprocess.run(["rm", "-r", "d"], check=True)  # nor does Python remove it
