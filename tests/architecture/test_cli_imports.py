"""The command line imports what parsing and rendering need, and no stage."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CLI = Path(__file__).parents[2] / "src/kaiten_sync/cli"
ALLOWED = ("bootstrap", "cli", "errors", "immutable", "jobs", "model", "redaction", "report")
SERVER = "kaiten_sync.server.app"


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "kaiten_sync":
                yield from (f"kaiten_sync.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def forbidden(source: str, module: str) -> list[str]:
    return [
        name
        for name in imported(source)
        if name.startswith("kaiten_sync.")
        and name.split(".")[1] not in (*ALLOWED, "__version__")
        and not (name == SERVER and module == "serving.py")
    ]


@pytest.mark.parametrize("path", sorted(CLI.glob("*.py")), ids=lambda path: path.name)
def test_a_command_imports_no_stage(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    "line",
    [
        "from kaiten_sync.plan.build import Proposal",
        "from kaiten_sync import pipeline",
        "import kaiten_sync.declare",
        "def f():\n    from kaiten_sync.server.app import serve",
    ],
)
def test_a_forbidden_import_is_seen(line: str) -> None:
    assert forbidden(line, "plan_command.py")
