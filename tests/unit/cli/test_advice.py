"""Commands in texts for people are of this program: with options that they have, and whole."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import kaiten_sync
from kaiten_sync.cli.root import root

NAMES = frozenset(root.list_commands(click.Context(root)))
_COMMAND = re.compile(r"`(kaiten-sync )?([a-z]+) ([^`]+)`")


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts of a module, with a word in place of what is put in; docstrings not."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "VALUE" for p in each.values)
            yield "".join(map(str, parts))
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield re.sub(r"\{\w*\}", "VALUE", each.value)


def _advised() -> Iterator[tuple[str, str, bool]]:
    folder = Path(kaiten_sync.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            for whole, name, words in _COMMAND.findall(text):
                if name in NAMES:
                    yield name, words, bool(whole)


ADVISED = sorted(set(_advised()))


@pytest.mark.parametrize(("name", "words", "is_whole"), ADVISED)
def test_an_advised_command_can_be_given(name: str, words: str, is_whole: bool) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    # A part of a command, such as `apply --catalog`, may end with an option that takes a value.
    args = [*shlex.split(words), *(() if is_whole else ("VALUE",))]
    given, _, _ = command.make_parser(click.Context(command)).parse_args(args)
    needed = (str(each.name) for each in command.params if each.required and is_whole)
    assert [each for each in needed if not isinstance(given.get(each), str | tuple | list)] == []


def test_there_is_advice() -> None:
    assert len(ADVISED) > 10
