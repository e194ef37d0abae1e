"""A package shows what others use of it, and others use nothing else of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"
TESTS = Path(__file__).parents[1]
FACES = ("apply", "diff", "effects", "git", "impact", "licensing", "live", "plan", "validate")
"""The others say in their docstring why their modules are imported."""

NOT_YET = ("declare", "server/dashboard")
"""Packages that still import modules of these."""


def deep_imports(source: str, package: str) -> Iterator[str]:
    """The modules inside a package that a source imports."""
    inside = f"kaiten_sync.{package}."
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (name for name in (node.module,) if name.startswith(inside))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(inside))


@pytest.mark.parametrize("package", FACES)
def test_other_packages_import_what_a_package_shows(package: str) -> None:
    found = {
        place: modules
        for path in sorted(SOURCE.rglob("*.py"))
        if not (place := path.relative_to(SOURCE).as_posix()).startswith((f"{package}/", *NOT_YET))
        if (modules := list(deep_imports(path.read_text(encoding="utf-8"), package)))
    }
    assert found == {}


@pytest.mark.parametrize("package", FACES)
def test_a_package_shows_its_exported_names_and_nothing_else(package: str) -> None:
    module = import_module(f"kaiten_sync.{package}")
    shown = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert shown == set(module.__all__)


@pytest.mark.parametrize("package", FACES)
def test_a_package_shows_only_what_another_or_a_test_uses(package: str) -> None:
    used = {
        alias.name
        for path in (*SOURCE.rglob("*.py"), *TESTS.rglob("*.py"))
        if not path.is_relative_to(SOURCE / package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and f"{node.module}.".startswith(f"kaiten_sync.{package}.")
        for alias in node.names
    }
    assert set(import_module(f"kaiten_sync.{package}").__all__) - used == set()


@pytest.mark.parametrize(
    "line",
    [
        "from kaiten_sync.plan.build import propose",
        "import kaiten_sync.plan.build",
        "def f():\n    from kaiten_sync.plan.build import propose",
    ],
)
def test_an_import_below_the_face_is_found(line: str) -> None:
    assert list(deep_imports(line, "plan")) == ["kaiten_sync.plan.build"]


def test_an_import_of_the_face_is_no_deep_one() -> None:
    assert list(deep_imports("from kaiten_sync.plan import propose", "plan")) == []
