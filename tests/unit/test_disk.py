"""Files on disk: written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kaiten_sync.disk import Disk
from kaiten_sync.errors import UsageError


def test_what_is_not_a_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    Disk().write(pipe, b"plan")
    assert pipe.is_fifo()
    reader.join()
    assert read == [b"plan"]


def test_a_link_still_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("there/plan.json")
    Disk().write(link, b"plan")
    assert link.is_symlink()
    assert (tmp_path / "there/plan.json").read_bytes() == b"plan"


@pytest.mark.parametrize("name", ["", "file/below"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot write"):
        Disk().write(tmp_path / name, b"plan")


def test_a_growing_file_is_whole_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "below" / "receipt"
    file = Disk().grow(path, b"a long head")
    assert path.read_bytes() == b"a long head"
    file.replace_end(2, b"end")
    assert path.read_bytes() == b"a end"
    file.close()
