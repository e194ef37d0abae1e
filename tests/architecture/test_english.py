"""American spelling, as the API's, and none of the sentences that readers stumbled over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "benchmarks", "docs", "schemas")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "Makefile")
TEXTS = frozenset({".py", ".md", ".html", ".css", ".json", ".yaml", ".yml", ""})
NOT_OURS = {"forge", "vendor", "node_modules", "__pycache__", "migrations", "fixtures"}

BRITISH = re.compile(
    r"colour|behaviour|favour(?!ite)|honour|neighbour|licence(?!s: \{\})|catalogue|judgement"
    r"|(?:organ|recogn|normal|serial|summar|initial|minim|optim|priorit|author|special|general"
    r"|standard|custom|util|final|capital)is(?:e|ed|es|ing|ation)\b|\bcentre|\bgrey\b"
    r"|(?<!labelledby=)\blabelled\b|\bcancelled\b(?!\()",
    re.IGNORECASE,
)
STORED = re.compile(r"organisation(?=_id|\.id|\.|\"|$)|_organisation|FROM organisation")
"""The table and the column of organizations, under the spelling of their first day."""

ODD = re.compile(
    r"(?<![Tt]here )\bis no (?:[a-z]+ )?(?:file|plan|address|token|slug|map)\b"
    r"|(?<!http)\(s\)|\banew\b|\bof now\b|\b(?:tells?|told) of\b|\bonce more\b|\binside of\b"
    r"|\bst(?:ands?|ood) (?:in|twice|at|for|against|beside|here|on|without|bare)\b"
    r"|\b(?:None|[Nn]othing|null),? where\b|\bshall |\b[Ee]nds? with (?:exit )?(?:code )?\d"
    r"|\bmain job\b"
)
"""Patterns that english style refuses in docs, messages and docstrings."""


def ours() -> Iterator[Path]:
    """All texts of the repository that people write."""
    for path in [*(p for f in FOLDERS for p in (ROOT / f).rglob("*")), *(ROOT / f for f in FILES)]:
        is_ours = NOT_OURS.isdisjoint(path.relative_to(ROOT).parts)
        if path.is_file() and is_ours and path.suffix in TEXTS and path != Path(__file__):
            yield path


def british(text: str) -> list[str]:
    """The words of a text that are spelled the British way."""
    return [found.group() for found in BRITISH.finditer(STORED.sub("", text))]


def test_everything_is_spelled_as_in_the_api() -> None:
    found = {
        str(path.relative_to(ROOT)): words
        for path in ours()
        if (words := british(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_docs_have_none_of_the_sentences_that_readers_stumbled_over() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in ours()
        if path.suffix == ".md"
        and (lines := [each.group() for each in ODD.finditer(path.read_text(encoding="utf-8"))])
    }
    assert found == {}


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Every text of a module: messages, help, docstrings; each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, re.sub(r"\s+", " ", node.value)


def test_messages_and_docstrings_have_none_of_them_either() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {each.group()}"
        for path in ours()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "src")
        for line, text in texts_of(path.read_text(encoding="utf-8"))
        for each in ODD.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ['def f():\n    """None where there is none."""', 'raise E(f"{x}: it stands in {y}")'],
)
def test_an_odd_sentence_in_code_is_found(source: str) -> None:
    assert any(ODD.search(text) for _, text in texts_of(source))


@pytest.mark.parametrize("text", ["the colour", "Behaviour", "normalised", "an organisation that"])
def test_british_spelling_is_found(text: str) -> None:
    assert british(text)


@pytest.mark.parametrize("text", ['Column("organisation_id")', "aria-labelledby", "!cancelled()"])
def test_names_that_are_not_ours_to_spell_are_left(text: str) -> None:
    assert not british(text)


@pytest.mark.parametrize("text", ["this is no plan file", "2 change(s)", "begins anew"])
def test_an_odd_sentence_is_found(text: str) -> None:
    assert ODD.search(text)
