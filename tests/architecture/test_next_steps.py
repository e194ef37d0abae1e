"""Whoever made a mistake is told what to do next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"
MISTAKES = {"UsageError", "CredentialError", "ServerStartError"}


def without_hint(folder: Path) -> Iterator[str]:
    """Every place that makes an error of a person without the next step."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in MISTAKES
                and "hint" not in {each.arg for each in node.keywords}
            ):
                yield f"{path.relative_to(folder)}:{node.lineno}"


def test_every_mistake_has_a_next_step() -> None:
    assert [*without_hint(SOURCE)] == []


def test_an_error_without_a_hint_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("raise UsageError('x')\nraise UsageError('x', hint='y')\n")
    assert [*without_hint(tmp_path)] == ["a.py:1"]
