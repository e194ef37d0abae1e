"""What cannot be looked at is not absent, whatever `Path.exists` says in this version of Python."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kaiten_sync.presence import is_folder, is_regular, is_there


def test_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    found = {
        name: (is_there(tmp_path / name), is_folder(tmp_path / name), is_regular(tmp_path / name))
        for name in (".", "file", "link", "pipe")
    }
    assert found == {
        ".": (True, True, False),
        "file": (True, False, True),
        "link": (True, False, True),
        "pipe": (True, False, False),
    }


@pytest.mark.parametrize("name", ["nothing", "file/inside", "loop", "broken", "nul\0"])
def test_what_is_absent(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("nothing")
    path = tmp_path / name
    assert (is_there(path), is_folder(path), is_regular(path)) == (False, False, False)


@pytest.mark.parametrize("look", [is_there, is_folder, is_regular])
def test_what_cannot_be_looked_at(tmp_path: Path, look: object) -> None:
    assert callable(look)
    with pytest.raises(OSError, match="too long"):
        look(tmp_path / ("x" * 300))
