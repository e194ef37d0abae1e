"""Functions and modules that can be read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400


def too_long(folder: Path) -> Iterator[str]:
    """Every function and module below a folder that has more lines than the limits."""
    for path in sorted(folder.rglob("*.py")):
        text, place = path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix()
        if len(text.splitlines()) > LONGEST_MODULE:
            yield place
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    yield f"{place}:{node.lineno} {node.name}"


def test_functions_and_modules_are_short_enough_to_read() -> None:
    assert list(too_long(SOURCE)) == []


def test_a_long_one_is_found(tmp_path: Path) -> None:
    body = "    x = 1\n" * LONGEST_FUNCTION
    (tmp_path / "a.py").write_text(f"def long():\n{body}", encoding="utf-8")
    (tmp_path / "b.py").write_text("x = 1\n" * (LONGEST_MODULE + 1), encoding="utf-8")
    assert list(too_long(tmp_path)) == ["a.py:1 long", "b.py"]
