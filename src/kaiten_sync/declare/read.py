"""Reads catalog files: paths to documents with places. Stage 1."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from kaiten_sync.declare.content import read_text, text_of
from kaiten_sync.declare.diagnostics import with_lines
from kaiten_sync.declare.files import FoundFile, find_files
from kaiten_sync.declare.secrets import find_tokens, mask_catalog_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.document import Document, Node
from kaiten_sync.model.source import SourceRef

_NOTHING_UNSAVED: Mapping[Path, bytes] = {}


def read_documents(
    paths: Sequence[str],
    *,
    root: Path,
    unsaved: Mapping[Path, bytes] = _NOTHING_UNSAVED,
    left_out: Collection[Path] = (),
    made_by: str = "",
) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """The documents at files, folders and globs, and all that is wrong with them.

    A file that cannot be read gives an empty document that says so, so that later stages do
    not miss what may be in it. `unsaved` are contents that count instead of what is on disk, by
    the real paths of their files. `left_out` are files that this checkout lacks, which cannot be
    read if a path means one of them. `made_by` is as for `find_files`.
    """
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    for found in find_files(
        paths, root=root, new=unsaved.keys(), left_out=left_out, made_by=made_by
    ):
        if isinstance(found, Diagnostic):
            if found.severity is Severity.ERROR and found.ref:
                documents.append(_unread(found.ref.file))
            diagnostics.append(found)
            continue
        document, its_diagnostics = read_file(found, mask_catalog_lines, unsaved)
        documents.append(document)
        diagnostics.extend(its_diagnostics)
    return tuple(documents), tuple(diagnostics)


def read_beside(path: Path) -> tuple[Document, tuple[Diagnostic, ...]]:
    """A YAML file that is neither a catalog nor a project file, and what is wrong with it."""
    return read_file(FoundFile(path.as_posix(), path), mask_catalog_lines)


def read_file(
    found: FoundFile,
    mask: Callable[[tuple[str, ...]], tuple[str, ...]],
    unsaved: Mapping[Path, bytes] = _NOTHING_UNSAVED,
) -> tuple[Document, tuple[Diagnostic, ...]]:
    """One file's document and diagnostics. `mask` takes credentials out of the lines shown."""
    content = unsaved.get(Path(os.path.realpath(found.path))) if unsaved else None
    shown = found.shown
    text = text_of(shown, content) if content is not None else read_text(shown, found.path)
    if isinstance(text, Diagnostic):
        return _unread(found.shown), (text,)
    lines = mask(text.lines)
    document, diagnostics = parse_yaml(found.shown, text.text, lines)
    diagnostics.extend(find_tokens(found.shown, text.lines))
    return document, with_lines(diagnostics, lines)


def _unread(file: str) -> Document:
    return Document(file, Node(SourceRef(file, 1, 1), None), (), is_complete=False)
