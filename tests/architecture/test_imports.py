"""The import contracts refuse what nobody named: libraries, packages, ways out of the server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

import pytest
from tests.support.processes import HANG_S

ROOT = Path(__file__).parents[2]
PACKAGE = Path("src/kaiten_sync")
PROBE = "probe_of_a_test"
UNKNOWN = "tomlkit"
"""A library that no package uses."""


def rows(contract: str, option: str) -> list[str]:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    return config[f"importlinter:contract:{contract}"][option].split("\n")[1:]


ALLOWED = {
    library: set(packages.split())
    for library, packages in (row.split(":") for row in rows("libraries", "libraries"))
}
LIBRARIES = [*ALLOWED, UNKNOWN]


def packages() -> list[str]:
    """All packages, and those inside the server, by the names that the contracts use."""
    return sorted(
        ".".join(path.parent.relative_to(ROOT / PACKAGE).parts)
        for pattern in ("*/__init__.py", "server/*/__init__.py")
        for path in (ROOT / PACKAGE).glob(pattern)
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code and its contracts, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored)
    rules = "tests/architecture/allow_lists.py"
    (tmp_path / rules).parent.mkdir(parents=True)
    for name in (".importlinter", rules):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def add(copy: Path, package: str, *imports: str) -> None:
    """Add a module with these imports to a package."""
    folder = copy / PACKAGE / package.replace(".", "/")
    text = "".join(f"import {name}\n" for name in imports)
    (folder / f"{PROBE}.py").write_text(text, encoding="utf-8")


def lint(copy: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=copy,
        env={"PYTHONPATH": str(copy / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def refused(output: str) -> set[tuple[str, str]]:
    found = re.findall(rf"kaiten_sync\.(\S+)\.{PROBE} may not import (\S+)", output)
    return {(package, imported) for package, imported in found}


def test_every_package_is_refused_every_library_that_it_is_not_named_for(copy: Path) -> None:
    for package in packages():
        add(copy, package, *LIBRARIES)
    code, output = lint(copy)
    assert code == 1, output
    expected = {
        (package, library)
        for package in packages()
        for library in LIBRARIES
        if not any(
            package == each or package.startswith(f"{each}.") for each in ALLOWED.get(library, ())
        )
    }
    assert len(expected) > 200
    assert refused(output) == expected


def test_the_server_imports_of_the_rest_only_licensing(copy: Path) -> None:
    others = {name for name in packages() if name.split(".")[0] not in ("server", "licensing")}
    add(copy, "server.domain", "kaiten_sync.licensing", *(f"kaiten_sync.{o}" for o in others))
    code, output = lint(copy)
    assert code == 1, output
    assert refused(output) == {("server.domain", f"kaiten_sync.{other}") for other in others}


def test_no_package_imports_one_above_or_beside_it(copy: Path) -> None:
    layers = [row.replace("|", " ").split() for row in rows("layers", "layers")]
    expected = {
        (package, other)
        for place, layer in enumerate(layers)
        for package in layer
        if (copy / PACKAGE / package).is_dir()
        for other in chain(*layers[:place], layer)
        if other != package
    }
    assert len(expected) > 200
    for package, others in groupby(sorted(expected), key=itemgetter(0)):
        add(copy, package, *(f"kaiten_sync.{other}" for _, other in others))
    code, output = lint(copy)
    assert code == 1, output
    found = re.findall(rf"kaiten_sync\.(\w+)\.{PROBE} -> kaiten_sync\.(\w+)", output)
    assert expected - set(found) == set()


def test_one_command_alone_imports_the_server(copy: Path) -> None:
    others = [name for name in packages() if name.split(".")[0] != "server"]
    for package in others:
        add(copy, package, "kaiten_sync.server.app")
    code, output = lint(copy)
    assert code == 1, output
    found = re.findall(rf"kaiten_sync\.(\w+)\.{PROBE} -> kaiten_sync\.server\.app", output)
    assert set(found) == set(others)


def test_a_new_package_needs_a_layer(copy: Path) -> None:
    (copy / PACKAGE / "novelty").mkdir()
    (copy / PACKAGE / "novelty/__init__.py").write_text("", encoding="utf-8")
    code, output = lint(copy)
    assert code == 1, output
    assert "novelty" in output


def test_every_permission_is_used(copy: Path) -> None:
    code, output = lint(copy)
    assert code == 0, output
    assert "does not import" not in output
