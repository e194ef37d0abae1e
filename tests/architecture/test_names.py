"""Each name means one idea: no two classes of the program have the same one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"


def classes(folder: Path) -> Iterator[tuple[str, str]]:
    """Every class at the top of a module, private ones without their underscore, and its module."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield node.name.lstrip("_"), path.relative_to(folder).as_posix()


def test_no_two_classes_have_the_same_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in classes(SOURCE):
        places[name].append(place)
    assert len(places) > 200
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_name_that_is_used_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Page:\n    pass\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("class _Page:\n    pass\n", encoding="utf-8")
    assert [name for name, _ in classes(tmp_path)] == ["Page", "Page"]
