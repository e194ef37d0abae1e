"""A package shows what others use of it, and others use nothing else of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"
TESTS = Path(__file__).parents[1]
FACES = (
    "apply",
    "declare",
    "diff",
    "effects",
    "expressions",
    "families",
    "git",
    "impact",
    "licensing",
    "live",
    "plan",
    "pricing",
    "rules",
    "server.dashboard",
    "validate",
)

BY_MODULE = ("api", "cli", "documents", "jobs", "kinds", "model", "report", "server")
"""These say in their docstring why their modules are imported."""


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Every module that a source imports from, and the name; no name for a whole module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@cache
def imports_below(folder: Path) -> dict[Path, list[tuple[str, str]]]:
    """The imports of each file below a folder: parsing them takes longest, so it is done once."""
    return {
        path: list(imported(path.read_text(encoding="utf-8")))
        for path in sorted(folder.rglob("*.py"))
    }


def folder_of(package: str) -> Path:
    return SOURCE / package.replace(".", "/")


def is_below(module: str, package: str) -> bool:
    """Whether a module is inside a package, and not the package itself."""
    return module.startswith(f"kaiten_sync.{package}.")


def test_every_package_has_a_face_or_is_imported_by_module() -> None:
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages | {"server.dashboard"} == {*FACES, *BY_MODULE}


@pytest.mark.parametrize("package", FACES)
def test_other_packages_import_what_a_package_shows(package: str) -> None:
    found = {
        (path.relative_to(SOURCE).as_posix(), module)
        for path, imports in imports_below(SOURCE).items()
        if not path.is_relative_to(folder_of(package))
        for module, _ in imports
        if is_below(module, package)
    }
    assert found == set()


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
        name
        for folder in (SOURCE, TESTS)
        for path, imports in imports_below(folder).items()
        if not path.is_relative_to(folder_of(package))
        for module, name in imports
        if is_below(f"{module}.", package)
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
    assert [is_below(module, "plan") for module, _ in imported(line)] == [True]


def test_an_import_of_the_face_is_not_below_it() -> None:
    found = list(imported("from kaiten_sync.plan import propose"))
    assert found == [("kaiten_sync.plan", "propose")]
    assert not is_below(found[0][0], "plan")
