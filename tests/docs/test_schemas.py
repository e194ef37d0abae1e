"""The committed schemas are those that follow from the types of documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.schemas import files

DOCUMENTS = Path("src/kaiten_sync/documents")


@pytest.mark.parametrize(("path", "text"), files().items(), ids=lambda each: str(each)[:40])
def test_a_committed_schema_is_the_generated_one(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run `make docs`"


def test_no_type_uses_the_pattern_check_that_crashes() -> None:
    """msgspec miscounts references to `Meta(pattern=...)`: the process can end by SIGSEGV."""
    for path in DOCUMENTS.glob("*.py"):
        code = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"Meta\([^)]*pattern\s*=", code), path
