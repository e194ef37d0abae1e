"""Texts that others write, so long that only time that grows with their length alone ends.

With each of these, what is tested took hours: a pattern that tries every place as a beginning, or
shares out what it has read in every way.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.api.identity import server_key
from kaiten_sync.declare.content import looks_like_catalog
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.scalars import resolve_plain
from kaiten_sync.declare.secrets import mask_from, unshown_values
from kaiten_sync.declare.submodules import submodules
from kaiten_sync.disk import Disk
from kaiten_sync.jobs.editors import SETTINGS, new_settings
from kaiten_sync.licensing import closest_spelling, is_quantity, quantity_hint
from kaiten_sync.model.document import Node
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.strict_json import read_strict
from kaiten_sync.plan.read_pieces import plan_of_pieces

LONG = 2_000_000
PIECE = 256 * 1024


@pytest.mark.parametrize("text", ["\n", "{\n", "version:,\n", " ", "\t{", "\r\n", "'version':"])
def test_a_file_that_is_left_out_is_looked_at_at_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text * (LONG // len(text)))
    assert not looks_like_catalog(path)


@pytest.mark.parametrize("text", ["/**/", "//\n", " ", "/* */ ", "/*", "/***/", "// /* */\n"])
@pytest.mark.parametrize("before", ["", "{"])
def test_settings_with_comments_are_read_at_once(tmp_path: Path, before: str, text: str) -> None:
    path = tmp_path / SETTINGS
    path.parent.mkdir()
    path.write_text(before + text * 1000 + "x")
    new, notice = new_settings(tmp_path, ["catalog/"], Disk())
    assert (notice is None) == (before == "{")
    assert (SETTINGS in new) == (notice is None)


@pytest.mark.parametrize(
    "text",
    [
        *("5" + " " * LONG + "x", "up to" + " " * LONG + "x", "9" * LONG + "x", "1" + "(" * LONG),
        *("5" + " a" * LONG, "5" + "/" * LONG, "~" * LONG, "5" + "_1" * LONG),
    ],
    ids=lambda text: text[:6],
)
def test_a_long_text_gets_a_hint_at_once(text: str) -> None:
    assert closest_spelling(text) is None
    assert len(quantity_hint(text, ("call", "calls"))) < 200
    assert is_quantity(text) in (True, False)


@pytest.mark.parametrize("end", ["", "?", "#", "#sha256=", "#sha256=://?"])
def test_a_long_url_is_looked_through_at_once(end: str) -> None:
    node = Node(SourceRef("kaiten-sync.yaml", 1, 1), "://" * LONG + end)
    assert bool(unshown_values(node)) == (end not in ("", "#sha256="))


def test_a_long_host_is_a_server_like_others() -> None:
    assert server_key("http://" + "1" * LONG + "z/")[0].endswith("z")


@pytest.mark.parametrize(
    "between", ["\n" * 5000, " #\n" * 5000, "\n\n# a\n" * 5000, " \n" * 5000, "\r\n" * 5000]
)
def test_an_item_may_begin_far_below_its_dash(between: str) -> None:
    text = f"groups:\n  -{between}    a\n  - b\n"
    editor = TextEditor("c.yaml", text)
    editor.change_set(("groups",), ["a"])
    assert editor.text() == f"groups:\n  -{between}    a\n"


@pytest.mark.parametrize(
    "text",
    ["2026-01-01T0:" + "." * LONG, "1" * LONG, "1:1" * LONG, "0x" + "f" * LONG, "1_" * LONG],
    ids=lambda text: text[:6],
)
@pytest.mark.parametrize("end", ["\n", "\nx", "z"])
def test_a_long_scalar_is_resolved_at_once(text: str, end: str) -> None:
    """A line between two empty ones is a line feed, which no pattern for one line matches."""
    assert resolve_plain(text + end) is not None


def test_json_that_would_fill_the_memory_is_refused_by_its_bytes() -> None:
    content = b"[" + b"[]," * 20_000_000 + b"[]]"
    with pytest.raises(ValueError, match="more than 20,000,000 values"):
        read_strict(content)


def test_lines_with_credentials_are_masked_at_once() -> None:
    lines = ("- {token: x}",) * 200_000
    refs = [SourceRef("kaiten-sync.yaml", number, 11) for number in range(1, len(lines) + 1)]
    assert "x" not in "".join(mask_from(lines, refs))


def test_submodules_are_read_at_once_and_inside_the_repository(tmp_path: Path) -> None:
    paths = ["a", '"b c"', "/", "..", "/etc", "a" + " " * LONG + "b"]
    (tmp_path / ".gitmodules").write_text("".join(f"\tpath = {each}\n" for each in paths))
    found = submodules(tmp_path)
    assert found[:2] == ("a", "b c")
    assert not {"/", "/etc"} & {*found}


@pytest.mark.parametrize("part", [b"a", b"\n    }\n ", b"\n    },\n   ", b"\n    },\n    {"])
def test_a_plan_without_an_end_is_read_at_once(part: bytes) -> None:
    content = b'{\n  "changes": [\n    {' + part * (64 * 1024 * 1024 // len(part))
    pieces = (content[at : at + PIECE] for at in range(0, len(content), PIECE))
    with pytest.raises(ValueError, match=r"ends too early|JSON|Object|expected"):
        plan_of_pieces(pieces)
