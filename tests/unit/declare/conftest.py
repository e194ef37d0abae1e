"""What the tests of stage 1 share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kaiten_sync.declare import read_documents
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document

Write = Callable[[str, str | bytes], Path]
Read = Callable[[str | bytes], tuple[Document, tuple[Diagnostic, ...]]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below tmp_path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def read(write: Write, tmp_path: Path) -> Read:
    """Read one file with this content."""

    def read_content(content: str | bytes) -> tuple[Document, tuple[Diagnostic, ...]]:
        write("catalog.yaml", content)
        (document,), findings = read_documents(["catalog.yaml"], root=tmp_path)
        return document, findings

    return read_content
