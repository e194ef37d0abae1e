"""The program uses whatever it has: what only tests use belongs to the tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "kaiten_sync"
PLAIN = re.compile(r"[\w.:]+")
BY_OTHERS = {
    "list_commands",  # click
    *("capture_signals", "handle_hup", "data_received"),  # uvicorn
    *("_as_it_is", "_collated", "_without_index", "inherit_cache"),  # sqlalchemy
    "start_tls",  # httpcore
    "delimiter",  # string.Template
    "MORE",  # read by what writes the schemas, tests/docs/schemas.py
    *("register", "unregister"),  # for kinds that are not ours, such as the toy kind of the tests
}
"""What libraries and tools look for by its name, or had registered."""


def defined(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and methods, and what a module or a class assigns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Module | ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.Assign):
                    yield from (
                        target.id for target in each.targets if isinstance(target, ast.Name)
                    )
                elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    yield each.target.id


def used(tree: ast.Module) -> Iterator[str]:
    """Every name that is read, and those in texts, as of commands and of modules to start."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\w+", node.value) if PLAIN.fullmatch(node.value) else ()


def is_list_of_names(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def unused(folder: Path) -> set[str]:
    """What modules below a folder define, and neither they nor their templates use."""
    names: set[str] = set()
    reads: set[str] = set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name == "__init__.py":  # what a face shows is not used yet
            tree.body = [each for each in tree.body if not is_list_of_names(each)]
        reads.update(used(tree))
        if "migrations" not in path.parts:  # Alembic looks for their names
            names.update(defined(tree))
    for path in folder.rglob("*.html"):
        reads.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return {name for name in names - reads if not re.fullmatch("__.*__", name)}


def test_everything_is_used() -> None:
    assert unused(SOURCE) == BY_OTHERS


def test_what_nothing_uses_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "LIMIT = 1\n\n\nclass A:\n    field: int\n\n    def act(self) -> None: ...\n",
        encoding="utf-8",
    )
    (tmp_path / "__init__.py").write_text("from a import A\n", encoding="utf-8")
    assert unused(tmp_path) == {"LIMIT", "A", "field", "act"}
    (tmp_path / "b.py").write_text("A(field=LIMIT).act()\n", encoding="utf-8")
    assert unused(tmp_path) == set()
