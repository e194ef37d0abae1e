"""What `changed` is given are fields: mypy does not look at them, as it does for dataclasses."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import kaiten_sync
from kaiten_sync.immutable import Immutable

SOURCES = Path(__file__).parents[2] / "src/kaiten_sync"
FILES = [each for each in sorted(SOURCES.rglob("*.py")) if "server" not in each.parts]


def fields_of(kind: type[Immutable]) -> Iterator[str]:
    yield from kind.__struct_fields__
    for each in kind.__subclasses__():
        yield from fields_of(each)


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    for each in pkgutil.walk_packages(kaiten_sync.__path__, "kaiten_sync."):
        if not each.name.startswith(("kaiten_sync.server", "kaiten_sync.__main__")):
            import_module(each.name)
    return frozenset(fields_of(Immutable))


def changed_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "changed"
        ):
            yield from (each.arg for each in node.keywords if each.arg)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_what_is_changed_is_a_field(path: Path, known: frozenset[str]) -> None:
    assert set(changed_in(path.read_text(encoding="utf-8"))) <= known


def test_a_misspelt_field_is_found(known: frozenset[str]) -> None:
    assert {*changed_in("plan.changed(chnages=())")} == {"chnages"}
    assert "chnages" not in known
