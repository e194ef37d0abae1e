"""Files that the command line writes."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from kaiten_sync.cli.output import use_color, write_file
from kaiten_sync.errors import UsageError


def test_what_is_not_a_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_file(pipe, b"plan")
    assert pipe.is_fifo()
    reader.join()
    assert read == [b"plan"]


def test_a_link_still_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("there/plan.json")
    write_file(link, b"plan")
    assert link.is_symlink()
    assert (tmp_path / "there/plan.json").read_bytes() == b"plan"


@pytest.mark.parametrize("name", ["", "file/below"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot write"):
        write_file(tmp_path / name, b"plan")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "has_color"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_that_have_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], has_color: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert use_color(_Terminal()) is has_color
    assert use_color(io.StringIO()) is False
