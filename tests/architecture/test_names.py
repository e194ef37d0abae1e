"""Each name means one idea, and each idea has one name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"

OTHER_WORDS = re.compile(r"(?:^|_)(?:findings?|faults?|remarks?)(?:_|$)|Finding|Fault|Remark")
"""Words for a diagnostic, or for a problem of a request, which has a name already."""

OF_A_DOCUMENT = ("documents/parts.py", "documents/receipt.py", "report/")
"""Here `findings` is a key of documents, which users read."""


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


def names(folder: Path) -> Iterator[tuple[str, str]]:
    """Every name that a module gives or uses, that of the module first, and its module."""
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        yield path.stem, place
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for field in ("name", "id", "attr", "arg"):
                if isinstance(name := getattr(node, field, None), str):
                    yield name, place


def test_what_can_be_wrong_has_one_name() -> None:
    found = {(name, place) for name, place in names(SOURCE) if OTHER_WORDS.search(name)}
    ours = {
        each for each in found if each[0] != "findings" or not each[1].startswith(OF_A_DOCUMENT)
    }
    assert ours == set()


@pytest.mark.parametrize("name", ["findings", "file_finding", "ScalarFault", "_fault", "remarks"])
def test_another_word_for_a_diagnostic_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text(f"def f({name}: int) -> None: ...\n", encoding="utf-8")
    assert any(OTHER_WORDS.search(each) for each, _ in names(tmp_path))


@pytest.mark.parametrize("name", ["default", "defaults", "is_default", "DefaultFactory"])
def test_a_default_is_no_other_word(name: str) -> None:
    assert not OTHER_WORDS.search(name)


def unused(folder: Path) -> Iterator[tuple[str, str]]:
    """Every private name at the top of a module that the module does not use, and the module."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = {
            each.id if isinstance(each, ast.Name) else each.name
            for node in tree.body
            for each in (node, *getattr(node, "targets", ()), getattr(node, "target", None))
            if isinstance(each, ast.Name)
            or (isinstance(each, ast.FunctionDef | ast.ClassDef) and not each.decorator_list)
        }
        used = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for name in sorted(given - used):
            if name.startswith("_") and not name.startswith("__"):
                yield name, path.relative_to(folder).as_posix()


def test_every_private_name_is_used() -> None:
    assert list(unused(SOURCE)) == []


def test_a_private_name_that_nothing_uses_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("_A = 1\n_B: int = _A\n\ndef _c() -> None: ...\n")
    assert list(unused(tmp_path)) == [("_B", "a.py"), ("_c", "a.py")]
