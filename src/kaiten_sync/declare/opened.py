"""The files of a declaration, read again to be edited. Used by adopt, freeze and spelling.

They were read and checked before, perhaps minutes ago. Whoever saved one since may have left
anything in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from kaiten_sync.declare.content import read_content, text_of
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.files import FoundFile, find_files
from kaiten_sync.errors import ChangedFileError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.diagnostic import Diagnostic


class OpenedFile(Immutable, frozen=True):
    """Where a file is, its bytes, and what edits its text."""

    path: Path
    content: bytes
    editor: TextEditor


def open_files(paths: Sequence[str], root: Path) -> Mapping[str, OpenedFile]:
    """The files that these paths mean, by their names.

    Raises:
        ChangedFileError: one cannot be edited as it is by now.
    """
    opened: dict[str, OpenedFile] = {}
    for each in find_files(paths, root=root):
        if isinstance(each, FoundFile) and each.shown not in opened:
            content = read_content(each.shown, each.path)
            if isinstance(content, Diagnostic):
                raise ChangedFileError(each.shown, content.message)
            opened[each.shown] = OpenedFile(each.path, content, editor_of(each.shown, content))
    return opened


def editor_of(shown: str, content: bytes) -> TextEditor:
    """What edits the text of a file, without its byte order mark.

    Raises:
        ChangedFileError: it is not YAML by now.
    """
    text = text_of(shown, content)
    if isinstance(text, Diagnostic):
        raise ChangedFileError(shown, text.message)
    try:
        return TextEditor(shown, text.text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ChangedFileError(shown, "it is not YAML") from error
