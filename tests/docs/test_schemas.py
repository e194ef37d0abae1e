"""The committed schemas are those that follow from the types of documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.schemas import files

DOCUMENTS = Path("src/kaiten_sync/documents")


@pytest.mark.parametrize(("path", "text"), files().items(), ids=lambda each: str(each)[:40])
def test_a_committed_schema_is_the_generated_one(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run `make docs`"


def described(node: Any) -> Iterator[tuple[str, list[str]]]:
    """Every description beside the words that its own values may have."""
    if isinstance(node, dict):
        words = [each for each in node.get("enum", ()) if isinstance(each, str)]
        if words and "description" in node:
            yield node["description"], words
        for each in node.values():
            yield from described(each)


@pytest.mark.parametrize("text", files().values(), ids=map(str, files()))
def test_a_description_spells_a_value_as_the_document_does(text: str) -> None:
    for description, words in described(json.loads(text)):
        spelled = set(re.findall(r"`([^`]+)`", description))
        wrong = {s for s in spelled for word in words if s != word and s.lower() == word.lower()}
        assert not wrong, description


def test_no_type_uses_the_pattern_check_that_crashes() -> None:
    """msgspec miscounts references to `Meta(pattern=...)`: the process can end by SIGSEGV."""
    for path in DOCUMENTS.glob("*.py"):
        code = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"Meta\([^)]*pattern\s*=", code), path
