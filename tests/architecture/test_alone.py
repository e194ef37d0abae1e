"""The repository needs nothing beside itself: no file is read from a folder outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "benchmarks", ".ci", "docs", "examples", "schemas")
FILES = ("Makefile", "pyproject.toml", "constraints.txt", "README.md", "CONTRIBUTING.md")
NOT_OURS = {"vendor", "node_modules", "__pycache__"}
RUNS_TESTS = re.compile(
    r"Makefile|\.ci/.*|[A-Z]+\.md|(.*/)?conftest\.py|(tests/support|benchmarks)/.*"
)
"""Files whose paths are relative to the root of the repository."""
UPWARD = re.compile(r"(?<![\w./])\.\./\w[\w./-]*")
OWN_PLACE = re.compile(r"Path\(__file__\)((?:\.resolve\(\)|\.parents\[\d+\]|\.parent)*)")


def texts() -> Iterator[tuple[PurePosixPath, str]]:
    """All files of the repository that people write, by their path in it."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in [*found, *(ROOT / name for name in FILES)]:
        place = path.relative_to(ROOT)
        if NOT_OURS.isdisjoint(place.parts) and path != Path(__file__):
            yield PurePosixPath(place), path.read_text(encoding="utf-8", errors="replace")


def folders_up(steps: str) -> int:
    """How many folders `Path(__file__)` followed by these steps goes up."""
    parents = sum(int(number) + 1 for number in re.findall(r"\.parents\[(\d+)\]", steps))
    return parents + len(re.findall(r"\.parent\b", steps))


def outside(place: PurePosixPath, text: str) -> list[str]:
    """What in this file refers to a place outside the repository."""
    named = UPWARD.findall(text) if RUNS_TESTS.fullmatch(str(place)) else []
    climbed = [
        match.group()
        for match in OWN_PLACE.finditer(text)
        if folders_up(match.group(1)) > len(place.parts)
    ]
    return [*named, *climbed]


def test_no_file_refers_to_a_place_outside_the_repository() -> None:
    read = {place: outside(place, text) for place, text in texts()}
    assert len(read) > 500
    assert {str(place): found for place, found in read.items() if found} == {}


@pytest.mark.parametrize(
    "text",
    [
        "BESIDE = Path(__file__).parents[2].parent",
        "BESIDE = Path(__file__).resolve().parents[3]",
        "BESIDE = Path(__file__).parent.parent.parent.parent",
        'open("../beside/contract.yaml")',
    ],
)
def test_a_way_out_is_found(text: str) -> None:
    assert outside(PurePosixPath("tests/contract/conftest.py"), text)
    assert not outside(PurePosixPath("tests/contract/conftest.py"), "Path(__file__).parents[2]")
