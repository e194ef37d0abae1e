"""One file's bytes, read within bounds and checked to be text. Stage 1."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.source import SourceRef

BOM = b"\xef\xbb\xbf"
"""A byte order mark, which stays if a file has one."""

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Ten times a catalog of 20,000 grants in one file. More is not a declaration."""

_LOOKED_AT_BYTES = 64 * 1024
"""How much of a file is read to see whether it looks like a catalog. Sections come early."""

PROSE = frozenset({".md", ".markdown", ".rst", ".adoc", ".html"})
"""Endings of documentation, which may show a catalog as an example."""

_SECTION = re.compile(
    rb"""^[ \t\r{]*(?:["']?version["']?[ \t]*:[^,\n]*,\s*)?"""
    rb"""["']?(?:groups|entitlements|licenses|bundles|families)["']?[ \t]*:""",
    re.M,
)
"""A catalog's section, in YAML or in JSON; in one line the version is before it.

What is before it has no line feed: each of many empty lines would be a place to begin.
"""

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks of YAML 1.1, so that lines are counted as the parser counts them."""

_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What YAML allows in no file. A byte order mark is fine at the start, and only there."""

_PATH = "check the path"

_GIT_CRYPT = b"\0GITCRYPT\0"
"""How a file begins that git-crypt has not decrypted. Source: git-crypt, commands.cpp."""

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Text(Immutable, frozen=True):
    """A file's text and its lines, unmasked."""

    text: str
    lines: tuple[str, ...]


def read_text(shown: str, path: Path) -> Text | Diagnostic:
    """A file as text, or why it is not text. Never blocks, and never reads more than the limit."""
    content = read_content(shown, path)
    return text_of(shown, content) if isinstance(content, bytes) else content


def read_content(shown: str, path: Path) -> bytes | Diagnostic:
    """The bytes of a file, or why there are none. Never blocks, nor reads more than the limit."""
    try:
        content = _read_regular(path, MAX_FILE_BYTES + 1)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return file_diagnostic(shown, "no-such-file", "the file does not exist", _PATH)
        why = f"the file cannot be read: {error.strerror or type(error).__name__}"
        return file_diagnostic(shown, "unreadable-file", why, "check the path and who may read it")
    if content is None:
        return file_diagnostic(shown, "not-a-file", "this is not a regular file", _PATH)
    if len(content) > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES // 1024 // 1024} MiB"
        return file_diagnostic(
            shown, "file-too-large", f"the file is larger than {limit}", "split it into several"
        )
    return content


def bytes_like(before: bytes | None, text: str) -> bytes:
    """The bytes of a text, with a byte order mark if the file had one before."""
    mark = BOM if before is not None and before.startswith(BOM) else b""
    return mark + text.encode()


def looks_like_catalog(path: Path) -> bool:
    """Whether a file that is not read as a catalog has a catalog's sections.

    Never blocks; a file that cannot be read does not look like anything.
    """
    if path.suffix.lower() in PROSE:
        return False
    try:
        content = _read_regular(path, _LOOKED_AT_BYTES)
    except OSError:
        return False
    return content is not None and _SECTION.search(content) is not None


def split_lines(text: str) -> tuple[str, ...]:
    """Lines as YAML counts them."""
    # Almost every file has no other line break than this one, which takes a tenth of the time.
    is_plain = text.isascii() and "\r" not in text
    return tuple(text.split("\n") if is_plain else LINE_BREAK.split(text))


def _read_regular(path: Path, most_bytes: int) -> bytes | None:
    """The beginning of a regular file; None for a pipe or a device, which is never waited for.

    Raises:
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # replaced since it was looked at
            return None
        return file.read(most_bytes)


def text_of(shown: str, content: bytes) -> Text | Diagnostic:
    """A file's content as text, or why it is not text."""
    if content.startswith(_UTF_16_MARKS):
        return file_diagnostic(shown, "not-utf-8", "the file is UTF-16", "save it as UTF-8")
    if content.startswith(_GIT_CRYPT):
        return file_diagnostic(
            shown,
            "not-utf-8",
            "the file is encrypted by git-crypt",
            "run `git-crypt unlock` first",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        diagnostic = file_diagnostic(
            shown, "not-utf-8", "these bytes are not UTF-8", "save the file as UTF-8 text"
        )
        return diagnostic.changed(ref=_place_after(shown, before))
    if match := _NOT_TEXT.search(text):
        code = f"{ord(match[0]):04X}"
        escape = f'write it as an escape in double quotes ("\\u{code}")'
        if match[0] == "\0":  # no server stores it, not even from an escape
            escape = "remove it"
        found = file_diagnostic(
            shown,
            "control-character",
            f"the character U+{code} is not allowed in YAML",
            f"{escape}, or save the file as UTF-8 text",
        )
        return found.changed(ref=_place_after(shown, text[: match.start()]))
    return Text(text, split_lines(text))


def _place_after(shown: str, before: str) -> SourceRef:
    lines = split_lines(before)
    return SourceRef(shown, len(lines), len(lines[-1]) + 1)
